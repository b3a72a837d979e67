#include "portmap/pcp.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "net/random.hpp"

namespace natcheck::portmap {
namespace {

using net::udp;
using net::asio::awaitable;
using namespace std::chrono_literals;

// RFC 6887 section 8.1.1 begins at 3 s and has no end; on one's own network 250 ms, doubling, says
// as much: 250 + 500 + 1000.
constexpr std::array<std::chrono::milliseconds, 3> send_until{250ms, 750ms, 1750ms};
constexpr std::chrono::milliseconds whole_schedule = send_until.back();
constexpr std::chrono::milliseconds first_wait = send_until.front();
// Section 15: the most that a client should believe, whatever it is granted.
constexpr std::chrono::seconds longest_lifetime = 24h;

/// What came of one request.
struct exchange_end {
  std::optional<pcp::answer> answer;
  std::optional<std::uint8_t> version;  ///< of the server, where it said so
  failure why;                          ///< unless the answer is a success
  std::optional<millis> rtt;
  int attempts = 0;
};

bool succeeded(const exchange_end& finished) {
  return finished.answer && finished.answer->result == pcp::result_code::success;
}

/// One request, sent and resent from a socket of its own. The socket is connected, so the kernel
/// drops what does not come from the gateway and its port, and tells of a closed port.
class exchange {
 public:
  exchange(const gateway_access& access, const pcp::request& asked, std::string operation)
      : access_(access), asked_(asked), operation_(std::move(operation)) {}

  awaitable<exchange_end> run(net::steady_time deadline);

 private:
  std::optional<exchange_end> open(const net::asio::any_io_executor& executor);
  std::optional<exchange_end> send();
  awaitable<std::optional<exchange_end>> listen(net::steady_time until);
  std::optional<exchange_end> read();
  std::optional<exchange_end> judge(std::span<const std::uint8_t> datagram);
  exchange_end give_up(net::steady_time deadline) const;
  exchange_end end(outcome kind, std::string detail) const;
  exchange_end end(const net::error_code& error) const;

  const gateway_access& access_;
  const pcp::request& asked_;
  std::string operation_;
  std::optional<udp::socket> socket_;
  net::steady_time started_;
  net::steady_time sent_;
  int attempts_ = 0;
  std::string fault_;  ///< what was wrong with the last datagram that could not be used
};

exchange_end exchange::end(outcome kind, std::string detail) const {
  exchange_end finished;
  finished.why = {kind, operation_, std::move(detail), 0};
  finished.attempts = attempts_;
  return finished;
}

exchange_end exchange::end(const net::error_code& error) const {
  failure failed = net::failure_from(operation_, error);
  return end(failed.kind, std::move(failed.detail));
}

std::optional<exchange_end> exchange::open(const net::asio::any_io_executor& executor) {
  auto opened = net::open_udp(executor, access_.from, operation_);
  if (!opened) return end(opened.error().kind, opened.error().detail);
  socket_.emplace(std::move(*opened));
  net::error_code error;
  socket_->connect({access_.gateway, access_.nat_pmp_port}, error);
  if (error) return end(error);
  return std::nullopt;
}

std::optional<exchange_end> exchange::send() {
  const auto request = pcp::encode(asked_);
  net::error_code error;
  sent_ = std::chrono::steady_clock::now();
  socket_->send(net::asio::buffer(request), 0, error);
  if (error) return end(error);
  ++attempts_;
  return std::nullopt;
}

std::optional<exchange_end> exchange::judge(std::span<const std::uint8_t> datagram) {
  const auto checked = pcp::check(datagram, asked_);
  if (!checked) {
    fault_ = checked.error().reason;
    // A server of another version will not change its mind; garbage may be followed by sense.
    if (checked.error().kind != pcp::fault_kind::other_version) return std::nullopt;
    exchange_end other = end(outcome::refused, fault_);
    other.version = checked.error().version;
    other.why.code = static_cast<int>(pcp::result_code::unsupported_version);
    return other;
  }
  exchange_end finished = end(outcome::refused, std::string(pcp::describe(checked->result)));
  finished.answer = *checked;
  finished.version = 2;
  finished.why.code = static_cast<int>(checked->result);
  finished.rtt = net::since(sent_);
  return finished;
}

std::optional<exchange_end> exchange::read() {
  std::array<std::uint8_t, 1101> datagram;  // one more than the most that PCP allows
  net::error_code error;
  const auto length = socket_->receive(net::asio::buffer(datagram), 0, error);
  if (!error) return judge(std::span(datagram).first(length));
  if (error == net::asio::error::would_block || error == net::asio::error::interrupted) {
    return std::nullopt;
  }
  return end(error);
}

awaitable<std::optional<exchange_end>> exchange::listen(net::steady_time until) {
  while (std::chrono::steady_clock::now() < until) {
    co_await net::before(until, socket_->async_wait(udp::socket::wait_read, net::as_result));
    // Also when the time was over first: an answer may have come just then.
    if (auto finished = read()) co_return finished;
  }
  co_return std::nullopt;
}

exchange_end exchange::give_up(net::steady_time deadline) const {
  if (!fault_.empty()) return end(outcome::malformed, "what it answered is no answer: " + fault_);
  const auto now = std::chrono::steady_clock::now();
  const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(now - started_);
  if (waited < whole_schedule && now >= deadline) {
    return end(outcome::cut_short, fmt::format("no answer yet after {} ms, when the time limit "
                                               "ended the wait",
                                               waited.count()));
  }
  return end(outcome::timed_out,
             fmt::format("no answer to {} requests in {} ms", attempts_, whole_schedule.count()));
}

awaitable<exchange_end> exchange::run(net::steady_time deadline) {
  const auto executor = co_await net::asio::this_coro::executor;
  if (auto failed = open(executor)) co_return std::move(*failed);
  started_ = std::chrono::steady_clock::now();
  for (const auto until : send_until) {
    if (auto failed = send()) co_return std::move(*failed);
    auto finished = co_await listen(std::min(deadline, started_ + until));
    if (finished) co_return std::move(*finished);
    if (std::chrono::steady_clock::now() >= deadline) break;
  }
  co_return give_up(deadline);
}

awaitable<exchange_end> ask(const gateway_access& access, const pcp::request& request,
                            std::string_view what, net::steady_time deadline) {
  exchange asking(access, request,
                  fmt::format("asking {} for {} (PCP)",
                              to_string(endpoint{access.gateway, access.nat_pmp_port}), what));
  auto finished = co_await asking.run(deadline);
  spdlog::debug(
      "{}: {}{}", finished.why.operation,
      finished.rtt ? fmt::format("answered after {:.1f} ms: ", finished.rtt->count()) : "",
      finished.why.detail);
  co_return finished;
}

pcp::nonce new_nonce() {
  pcp::nonce made;
  const std::string random = random_bytes(made.size());
  std::copy(random.begin(), random.end(), made.begin());
  return made;
}

mapping granted(const pcp::map& asked, const pcp::answer& grant) {
  mapping entry;
  entry.protocol = asked.protocol;
  entry.via = mapping_protocol::pcp;
  entry.internal = {asked.client, asked.internal_port};
  entry.external_port = grant.external->port;
  entry.external_address = grant.external->ip;
  entry.lifetime =
      std::min<std::chrono::seconds>(std::chrono::seconds(grant.lifetime_s), longest_lifetime);
  return entry;
}

}  // namespace

awaitable<pcp_evidence> ask_pcp(gateway_access access, net::steady_time deadline) {
  const pcp::request announce = pcp::announce{access.from.local};
  exchange_end finished = co_await ask(access, announce, "its presence", deadline);
  pcp_evidence evidence;
  evidence.attempts = finished.attempts;
  evidence.rtt = finished.rtt;
  evidence.version = finished.version;
  evidence.state = state_of(finished.why.kind);
  if (finished.answer) {
    evidence.result = static_cast<std::uint16_t>(finished.answer->result);
    evidence.epoch_s = finished.answer->epoch_s;
    const bool speaks = finished.answer->result != pcp::result_code::unsupported_version;
    if (speaks) evidence.state = service_state::answered;
  }
  if (!succeeded(finished)) evidence.detail = std::move(finished.why.detail);
  co_return evidence;
}

pcp_mapper::pcp_mapper(gateway_access access) : access_(std::move(access)) {
  asked_.client = access_.from.local;
  asked_.owner = new_nonce();
}

awaitable<result<mapping>> pcp_mapper::map(mapping_request request) {
  asked_.protocol = request.protocol;
  asked_.internal_port = request.internal_port;
  asked_.lifetime_s = static_cast<std::uint32_t>(request.lifetime.count());
  // RFC 6887 section 11.2.1: a renewal suggests the port and the address that were granted.
  if (standing_ != standing::granted) {
    asked_.suggested = {{}, request.external_port};
    standing_ = standing::pending;
  }
  const pcp::request wanted = asked_;
  exchange_end finished = co_await ask(access_, wanted, "a mapping", net::steady_time::max());
  refused_for_.reset();
  if (!succeeded(finished)) {
    if (finished.answer) refused_for_ = pcp::refused_for(*finished.answer);
    const bool refused = finished.why.kind == outcome::refused;
    if (standing_ == standing::pending) standing_ = refused ? standing::none : standing::silent;
    co_return finished.why;
  }
  if (finished.answer->lifetime_s == 0) {
    co_return failure{outcome::malformed, finished.why.operation,
                      "it granted a mapping for 0 s, which is none"};
  }
  standing_ = standing::granted;
  asked_.suggested = *finished.answer->external;
  co_return granted(asked_, *finished.answer);
}

awaitable<result<void>> pcp_mapper::unmap() {
  if (standing_ == standing::none) co_return result<void>{};
  // A gateway that never answered is told, but not waited for.
  const auto deadline = standing_ == standing::silent
                            ? std::chrono::steady_clock::now() + first_wait
                            : net::steady_time::max();
  // Section 15.1: a deletion has lifetime 0, and no external port and address.
  pcp::map none = asked_;
  none.lifetime_s = 0;
  none.suggested = {};
  const pcp::request removal = none;
  const exchange_end finished = co_await ask(access_, removal, "the end of a mapping", deadline);
  if (!succeeded(finished)) co_return finished.why;
  standing_ = standing::none;
  co_return result<void>{};
}

}  // namespace natcheck::portmap
