#include "portmap/nat_pmp_exchange.hpp"

#include <fmt/format.h>
#include <natpmp.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <sys/time.h>

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

constexpr int max_requests = 3;
// 250 ms, doubling: 250 + 500 + 1000.
constexpr std::chrono::milliseconds whole_schedule{1750};

/// One request on a socket of ours, sent and resent by libnatpmp.
///
/// initnatpmp() is not used: it takes the first default route of /proc/net/route, binds no source
/// and leaks its socket into children. Its struct is public; all it wants is a connected socket.
class exchange {
 public:
  exchange(const gateway_access& access, natpmp::expectation expected,
           natcheck::operation operation)
      : access_(access), expected_(expected), operation_(std::move(operation)) {}

  template <class Send>
  awaitable<nat_pmp_end> run(Send send, net::steady_time deadline);

 private:
  std::optional<failure> open(const net::asio::any_io_executor& executor);
  awaitable<bool> readable_before(net::steady_time wake);
  std::optional<nat_pmp_end> read();
  std::optional<nat_pmp_end> judge(std::span<const std::uint8_t> datagram);
  nat_pmp_end end(outcome kind, cause detail);
  nat_pmp_end give_up(net::steady_time deadline);
  net::steady_time next_wake() const;
  std::string stray_answer();

  const gateway_access& access_;
  natpmp::expectation expected_;
  natcheck::operation operation_;
  std::optional<udp::socket> socket_;
  std::optional<udp::socket> stray_;  ///< same port, unconnected: hears who else answers
  natpmp_t library_{};
  net::steady_time started_;
  net::steady_time sent_;
  cause fault_;  ///< what was wrong with the last datagram that could not be used
};

std::optional<failure> exchange::open(const net::asio::any_io_executor& executor) {
  const endpoint server{access_.gateway, access_.nat_pmp_port};
  auto refused = net::route_refusal(operation_, access_.from, transport::udp, server);
  if (refused) return refused;
  auto opened = net::open_udp(executor, access_.from, operation_);
  if (!opened) return opened.error();
  socket_.emplace(std::move(*opened));
  net::error_code error;
  const auto local = socket_->local_endpoint(error);
  // Only the connected socket gets the gateway's packets; this one gets everyone else's.
  socket_->set_option(net::asio::socket_base::reuse_address(true), error);
  stray_.emplace(executor);
  net::error_code ignored;  // without it nothing is lost but a name in a message
  stray_->open(local.protocol(), ignored);
  stray_->set_option(net::asio::socket_base::reuse_address(true), ignored);
  stray_->bind(local, ignored);
  socket_->connect({server.ip, server.port}, error);
  if (error) return net::failure_from(operation_, error);
  library_.s = socket_->native_handle();
  library_.gateway = htonl(access_.gateway.to_v4().to_uint());
  return std::nullopt;
}

nat_pmp_end exchange::end(outcome kind, cause detail) {
  nat_pmp_end finished;
  finished.why = {kind, operation_, std::move(detail), 0};
  finished.attempts = library_.try_number;
  return finished;
}

std::optional<nat_pmp_end> exchange::judge(std::span<const std::uint8_t> datagram) {
  auto checked = natpmp::check(datagram, expected_);
  if (!checked) {
    fault_ = checked.error().reason;
    const bool other_version = checked.error().kind == natpmp::fault_kind::other_version;
    std::array<std::uint8_t, 1> discarded;
    ::recv(library_.s, discarded.data(), discarded.size(), MSG_DONTWAIT);
    // A gateway of another version will not change its mind; garbage may be followed by sense.
    if (other_version) return end(outcome::refused, fault_);
    return std::nullopt;
  }
  nat_pmp_end finished = end(outcome::refused, std::string(natpmp::describe(checked->result)));
  finished.answer = *checked;
  finished.why.code = static_cast<int>(checked->result);
  finished.why.refusal = natpmp::refusal_of(checked->result);
  finished.rtt = net::since(sent_);
  natpmpresp_t response;
  const int status = readnatpmpresponseorretry(&library_, &response);
  if (checked->result == natpmp::result_code::success && status != 0) {
    return end(outcome::malformed, fmt::format("libnatpmp rejects the answer ({})", status));
  }
  return finished;
}

std::optional<nat_pmp_end> exchange::read() {
  std::array<std::uint8_t, 64> datagram;
  const auto length =
      ::recv(library_.s, datagram.data(), datagram.size(), MSG_PEEK | MSG_DONTWAIT | MSG_TRUNC);
  if (length >= 0) {
    return judge(std::span(datagram).first(
        std::min<std::size_t>(static_cast<std::size_t>(length), datagram.size())));
  }
  if (errno == EAGAIN || errno == EINTR) return std::nullopt;
  const net::error_code error(errno, boost::system::system_category());
  const failure failed = net::failure_from(operation_, error);
  return end(failed.kind, failed.detail);
}

/// libnatpmp keeps wall-clock time and hands out negative waits when it is late; both are bounded.
net::steady_time exchange::next_wake() const {
  timeval wait{};
  natpmp_t copy = library_;
  getnatpmprequesttimeout(&copy, &wait);
  const auto delay = std::chrono::seconds(wait.tv_sec) + std::chrono::microseconds(wait.tv_usec);
  const auto bounded =
      std::clamp<std::chrono::microseconds>(delay, std::chrono::milliseconds(1), whole_schedule);
  return std::min(std::chrono::steady_clock::now() + bounded, started_ + whole_schedule);
}

awaitable<bool> exchange::readable_before(net::steady_time wake) {
  auto woken = co_await net::with_deadline(wake, net::wait_readable(*socket_));
  co_return woken;
}

std::string exchange::stray_answer() {
  std::array<char, 64> datagram;
  udp::endpoint from;
  net::error_code error;
  stray_->non_blocking(true, error);
  stray_->receive_from(net::asio::buffer(datagram), from, 0, error);
  if (error) return {};
  return fmt::format("; an answer from {} was ignored",
                     to_string(endpoint{from.address(), from.port()}));
}

nat_pmp_end exchange::give_up(net::steady_time deadline) {
  if (!fault_.empty()) return end(outcome::malformed, fault_);
  const auto waited = std::chrono::duration_cast<std::chrono::milliseconds>(
      std::chrono::steady_clock::now() - started_);
  if (waited < whole_schedule && std::chrono::steady_clock::now() >= deadline) {
    return end(outcome::cut_short, timed_out::after(waited.count()));
  }
  return end(outcome::timed_out,
             fmt::format("no answer to {} requests in {} ms{}", library_.try_number,
                         whole_schedule.count(), stray_answer()));
}

template <class Send>
awaitable<nat_pmp_end> exchange::run(Send send, net::steady_time deadline) {
  const auto executor = co_await net::asio::this_coro::executor;
  if (const auto failed = open(executor)) {
    co_return end(before_sending(failed->kind), failed->detail);
  }
  started_ = sent_ = std::chrono::steady_clock::now();
  const auto last = std::min(deadline, started_ + whole_schedule);
  if (send(&library_) < 0) {
    const failure failed = net::failure_from(operation_, {errno, boost::system::system_category()});
    co_return end(failed.kind, failed.detail);
  }
  while (std::chrono::steady_clock::now() < last) {
    const bool readable = co_await readable_before(std::min(next_wake(), last));
    // Also when the time was over first: the library would take an answer that came just then, or
    // an ICMP error, unchecked and without a word.
    if (auto finished = read()) co_return std::move(*finished);
    if (!readable && library_.try_number < max_requests) {
      const int before = library_.try_number;
      natpmpresp_t unused;
      readnatpmpresponseorretry(&library_, &unused);
      if (library_.try_number != before) sent_ = std::chrono::steady_clock::now();
    }
  }
  co_return give_up(deadline);
}

nat_pmp_end logged(nat_pmp_end finished) {
  const auto& why = finished.why;
  spdlog::debug("{}: {}", to_string(why.operation),
                finished.rtt ? fmt::format("answered after {:.1f} ms", finished.rtt->count())
                             : to_string(why.detail));
  return finished;
}

constexpr auto send_address_request = [](natpmp_t* library) {
  return sendpublicaddressrequest(library);
};

}  // namespace

bool succeeded(const nat_pmp_end& finished) {
  return finished.answer && finished.answer->result == natpmp::result_code::success;
}

std::string nat_pmp_operation(const gateway_access& access, std::string_view what) {
  return fmt::format("asking {} for {} (NAT-PMP)",
                     to_string(endpoint{access.gateway, access.nat_pmp_port}), what);
}

awaitable<nat_pmp_end> ask_nat_pmp_address(const gateway_access& access,
                                           net::steady_time deadline) {
  exchange asking(access, {natpmp::opcode::external_address, 0},
                  nat_pmp_operation(access, "its external address"));
  auto finished = co_await asking.run(send_address_request, deadline);
  co_return logged(std::move(finished));
}

awaitable<nat_pmp_end> ask_nat_pmp_mapping(const gateway_access& access, nat_pmp_terms terms,
                                           net::steady_time deadline) {
  const bool tcp = terms.protocol == transport::tcp;
  const auto what = terms.lifetime_s == 0 ? "removal of a mapping" : "a mapping";
  exchange asking(access,
                  {tcp ? natpmp::opcode::map_tcp : natpmp::opcode::map_udp, terms.internal_port},
                  nat_pmp_operation(access, what));
  const auto send = [&](natpmp_t* library) {
    return sendnewportmappingrequest(library, tcp ? NATPMP_PROTOCOL_TCP : NATPMP_PROTOCOL_UDP,
                                     terms.internal_port, terms.external_port, terms.lifetime_s);
  };
  auto finished = co_await asking.run(send, deadline);
  co_return logged(std::move(finished));
}

}  // namespace natcheck::portmap
