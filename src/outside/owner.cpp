#include "outside/owner.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "core/timed_out.hpp"
#include "core/units.hpp"
#include "net/random.hpp"
#include "outside/error_queue.hpp"

namespace natcheck::outside {
namespace {

using namespace std::chrono_literals;
using net::steady_time;
using net::asio::awaitable;

/// As the path's: two packets may be dropped by a limit for ICMP errors, or lost.
constexpr std::array<millis, 4> sending_times{0ms, 150ms, 400ms, 1000ms};
constexpr millis last_wait = 200ms;

constexpr std::uint16_t unused_port = 33434;  // traceroute's
constexpr std::size_t icmp_header = 8;
constexpr char echo_reply = 0;
constexpr char echo_request = 8;

/// One kind of packet, and the socket that it leaves by.
struct asker {
  net::udp::socket socket;
  std::string request;
  bool is_echo = false;
};

class owner_test {
 public:
  owner_test(address target, address gateway, address local, owner_evidence& seen)
      : target_(std::move(target)),
        gateway_(std::move(gateway)),
        local_(std::move(local)),
        seen_(seen) {}

  void open(const net::asio::any_io_executor& executor, const net::source& from);
  awaitable<void> run();
  /// What to say of a run that came to its end.
  void conclude();

 private:
  void add(result<net::udp::socket> socket, std::string request, bool is_echo);
  awaitable<void> ask();
  awaitable<void> listen(asker& asked);
  void send();
  void read_errors(asker& asked);
  void read_answers(asker& asked);
  void note(const address& from, bool expired);
  bool is_decided() const {
    return seen_.answered_by == target_ || (seen_.answered_by == gateway_ && seen_.expired);
  }

  address target_;
  address gateway_;
  address local_;
  owner_evidence& seen_;
  std::vector<asker> askers_;
  steady_time start_ = std::chrono::steady_clock::now();
  std::string failure_;
};

void owner_test::add(result<net::udp::socket> socket, std::string request, bool is_echo) {
  if (!socket) {
    failure_ = socket.error().detail;
    return;
  }
  net::error_code error = limit_hops(*socket, 1);
  if (!error) socket->connect({target_, is_echo ? std::uint16_t{0} : unused_port}, error);
  if (error) {
    failure_ = net::failure_from({}, error).detail;
    return;
  }
  askers_.push_back({std::move(*socket), std::move(request), is_echo});
}

void owner_test::open(const net::asio::any_io_executor& executor, const net::source& from) {
  const auto operation = "testing who owns " + target_.to_string();
  add(net::open_udp(executor, from, operation), std::string(icmp_header, '\0'), false);
  std::string echo(icmp_header, '\0');
  echo.front() = echo_request;
  add(net::open_ping(executor, from, operation), echo + random_bytes(icmp_header), true);
}

awaitable<void> owner_test::run() {
  if (askers_.empty()) co_return;
  net::coroutines works;
  works.push_back(ask());
  for (asker& each : askers_) works.push_back(listen(each));
  co_await net::when_any(std::move(works));
}

awaitable<void> owner_test::ask() {
  net::asio::steady_timer timer(co_await net::asio::this_coro::executor);
  const auto wait_until = [&](millis offset) {
    timer.expires_at(start_ + std::chrono::duration_cast<steady_time::duration>(offset));
  };
  for (const millis offset : sending_times) {
    wait_until(offset);
    co_await net::wait(timer);
    co_await net::unless_cancelled();
    send();
    if (seen_.attempts == 0) co_return;
  }
  wait_until(sending_times.back() + last_wait);
  co_await net::wait(timer);
}

void owner_test::send() {
  for (asker& each : askers_) {
    net::error_code error;
    each.socket.send(net::asio::buffer(each.request), 0, error);
    if (error) {
      failure_ = net::failure_from({}, error).detail;
    } else {
      ++seen_.attempts;
    }
  }
}

/// Listens to one of the sockets until someone's answer decides.
awaitable<void> owner_test::listen(asker& asked) {
  while (!is_decided()) {
    co_await net::wait_readable(asked.socket);
    co_await net::unless_cancelled();
    read_errors(asked);
    read_answers(asked);
  }
}

void owner_test::read_errors(asker& asked) {
  std::optional<icmp_error> error;
  while (take_error(asked.socket, error)) {
    // Our own kernel speaks for a gateway that is not there.
    if (error && error->from != local_) {
      note(error->from, error->why == icmp_error::reason::time_exceeded);
    }
  }
}

void owner_test::read_answers(asker& asked) {
  std::array<char, 512> buffer;
  net::udp::endpoint from;
  net::error_code error;
  do {
    const auto length = asked.socket.receive_from(net::asio::buffer(buffer), from, 0, error);
    if (error || from.address() != target_) continue;
    const std::string_view answer(buffer.data(), length);
    const bool ours = !asked.is_echo || (length > icmp_header && answer.front() == echo_reply &&
                                         answer.substr(icmp_header) ==
                                             std::string_view(asked.request).substr(icmp_header));
    if (ours) note(target_, false);
  } while (!error);
}

void owner_test::note(const address& from, bool expired) {
  if (is_decided()) return;
  seen_.state = service_state::answered;
  seen_.detail.clear();
  seen_.answered_by = from;
  seen_.expired = expired;
  // After a repetition no one knows which of the two was answered (RFC 6298 section 3).
  if (seen_.attempts <= static_cast<int>(askers_.size())) seen_.rtt = net::since(start_);
  spdlog::debug("owner test of {}: {} from {}", target_.to_string(),
                expired ? "time exceeded" : "an answer", from.to_string());
}

void owner_test::conclude() {
  if (seen_.state == service_state::answered) return;
  if (seen_.attempts == 0) {
    seen_.detail = failure_;
    return;
  }
  seen_.state = service_state::silent;
  seen_.detail = fmt::format("no answer to {} in {:.0f} ms",
                             counted(static_cast<std::size_t>(seen_.attempts), "packet"),
                             millis(sending_times.back() + last_wait).count());
}

}  // namespace

awaitable<void> ask_owner(address target, address gateway, net::source from, owner_evidence& seen,
                          net::steady_time deadline) {
  seen = {};
  seen.target = target;
  seen.detail = timed_out::before_schedule;
  owner_test test(target, gateway, from.local, seen);
  test.open(co_await net::asio::this_coro::executor, from);
  const auto ended = co_await net::with_deadline(deadline, test.run());
  if (ended) test.conclude();
}

}  // namespace natcheck::outside
