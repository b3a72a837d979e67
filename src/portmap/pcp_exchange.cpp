#include "portmap/pcp_exchange.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <span>

#include "core/timed_out.hpp"
#include "net/route_refusal.hpp"
#include "portmap/grants.hpp"

namespace natcheck::portmap {
namespace {

using net::udp;
using net::asio::awaitable;
using namespace std::chrono_literals;

// RFC 6887 section 8.1.1 begins at 3 s and has no end; on one's own network 250 ms, doubling, says
// as much: 250 + 500 + 1000.
constexpr std::array<std::chrono::milliseconds, 3> send_until{pcp_first_wait, 750ms, 1750ms};
constexpr std::chrono::milliseconds whole_schedule = send_until.back();

/// One request, sent and resent from a socket of its own. The socket is connected, so the kernel
/// drops what does not come from the gateway and its port, and tells of a closed port.
class exchange {
 public:
  exchange(const gateway_access& access, const pcp::request& asked, natcheck::operation operation)
      : access_(access), asked_(asked), operation_(std::move(operation)) {}

  awaitable<pcp_end> run(net::steady_time deadline);

 private:
  std::optional<pcp_end> open(const net::asio::any_io_executor& executor);
  std::optional<pcp_end> send();
  awaitable<std::optional<pcp_end>> listen(net::steady_time until);
  std::optional<pcp_end> read();
  std::optional<pcp_end> judge(std::span<const std::uint8_t> datagram);
  pcp_end give_up(net::steady_time deadline) const;
  pcp_end end(outcome kind, cause detail) const;
  pcp_end end(const net::error_code& error) const;

  const gateway_access& access_;
  const pcp::request& asked_;
  natcheck::operation operation_;
  std::optional<udp::socket> socket_;
  net::steady_time started_;
  net::steady_time sent_;
  int attempts_ = 0;
  cause fault_;  ///< what was wrong with the last datagram that could not be used
};

pcp_end exchange::end(outcome kind, cause detail) const {
  pcp_end finished;
  finished.why = {kind, operation_, std::move(detail), 0};
  finished.attempts = attempts_;
  return finished;
}

pcp_end exchange::end(const net::error_code& error) const {
  failure failed = net::failure_from(operation_, error);
  return end(failed.kind, std::move(failed.detail));
}

std::optional<pcp_end> exchange::open(const net::asio::any_io_executor& executor) {
  const endpoint server{access_.gateway, access_.nat_pmp_port};
  auto refused = net::route_refusal(operation_, access_.from, transport::udp, server);
  if (refused) return end(refused->kind, std::move(refused->detail));
  auto opened = net::open_udp(executor, access_.from, operation_);
  if (!opened) return end(opened.error().kind, opened.error().detail);
  socket_.emplace(std::move(*opened));
  net::error_code error;
  socket_->connect({server.ip, server.port}, error);
  if (error) return end(error);
  return std::nullopt;
}

std::optional<pcp_end> exchange::send() {
  const auto request = pcp::encode(asked_);
  net::error_code error;
  sent_ = std::chrono::steady_clock::now();
  socket_->send(net::asio::buffer(request), 0, error);
  if (error) return end(error);
  ++attempts_;
  return std::nullopt;
}

std::optional<pcp_end> exchange::judge(std::span<const std::uint8_t> datagram) {
  const auto checked = pcp::check(datagram, asked_);
  if (!checked) {
    fault_ = checked.error().reason;
    // A server of another version will not change its mind; garbage may be followed by sense.
    if (checked.error().kind != pcp::fault_kind::other_version) return std::nullopt;
    pcp_end other = end(outcome::refused, fault_);
    other.version = checked.error().version;
    // Version 0 is no PCP of another version, but another protocol.
    if (other.version != 0) {
      other.why.code = static_cast<int>(pcp::result_code::unsupported_version);
      other.why.refusal = mapping_refusal::unsupported_version;
    }
    return other;
  }
  pcp_end finished = end(outcome::refused, std::string(pcp::describe(checked->result)));
  finished.answer = *checked;
  finished.version = 2;
  finished.why.code = static_cast<int>(checked->result);
  finished.why.refusal = pcp::refusal_of(checked->result);
  finished.rtt = net::since(sent_);
  return finished;
}

std::optional<pcp_end> exchange::read() {
  std::array<std::uint8_t, 1101> datagram;  // one more than the most that PCP allows
  net::error_code error;
  const auto length = socket_->receive(net::asio::buffer(datagram), 0, error);
  if (!error) return judge(std::span(datagram).first(length));
  if (error == net::asio::error::would_block || error == net::asio::error::interrupted) {
    return std::nullopt;
  }
  return end(error);
}

awaitable<std::optional<pcp_end>> exchange::listen(net::steady_time until) {
  while (std::chrono::steady_clock::now() < until) {
    co_await net::with_deadline(until, net::wait_readable(*socket_));
    // Also when the time was over first: an answer may have come just then.
    if (auto finished = read()) co_return finished;
  }
  co_return std::nullopt;
}

pcp_end exchange::give_up(net::steady_time deadline) const {
  if (!fault_.empty()) return end(outcome::malformed, fault_);
  const auto now = std::chrono::steady_clock::now();
  const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(now - started_);
  if (waited < whole_schedule && now >= deadline) {
    return end(outcome::cut_short, timed_out::after(waited.count()));
  }
  return end(outcome::timed_out,
             fmt::format("no answer to {} requests in {} ms", attempts_, whole_schedule.count()));
}

awaitable<pcp_end> exchange::run(net::steady_time deadline) {
  const auto executor = co_await net::asio::this_coro::executor;
  if (auto failed = open(executor)) {
    failed->why.kind = before_sending(failed->why.kind);
    co_return std::move(*failed);
  }
  started_ = std::chrono::steady_clock::now();
  for (const auto until : send_until) {
    if (auto failed = send()) co_return std::move(*failed);
    auto finished = co_await listen(std::min(deadline, started_ + until));
    if (finished) co_return std::move(*finished);
    if (std::chrono::steady_clock::now() >= deadline) break;
  }
  co_return give_up(deadline);
}

}  // namespace

bool succeeded(const pcp_end& finished) {
  return finished.answer && finished.answer->result == pcp::result_code::success;
}

std::string pcp_operation(const gateway_access& access, std::string_view what) {
  return fmt::format("asking {} for {} (PCP)",
                     to_string(endpoint{access.gateway, access.nat_pmp_port}), what);
}

awaitable<pcp_end> exchange_pcp(const gateway_access& access, const pcp::request& request,
                                std::string_view what, net::steady_time deadline) {
  exchange asking(access, request, pcp_operation(access, what));
  auto finished = co_await asking.run(deadline);
  spdlog::debug(
      "{}: {}{}", to_string(finished.why.operation),
      finished.rtt ? fmt::format("answered after {:.1f} ms: ", finished.rtt->count()) : "",
      to_string(finished.why.detail));
  co_return finished;
}

}  // namespace natcheck::portmap
