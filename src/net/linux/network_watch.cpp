#include "net/network_watch.hpp"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <tuple>
#include <utility>

#include "net/when_all.hpp"

namespace natcheck::net {
namespace {

constexpr std::chrono::milliseconds quiet_time{100};
constexpr std::chrono::milliseconds longest_delay{500};

constexpr unsigned groups =
    RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_ROUTE;

/// -1 where netlink is forbidden.
int open_subscription() {
  const int descriptor =
      ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
  if (descriptor < 0) return -1;
  sockaddr_nl self{};
  self.nl_family = AF_NETLINK;
  self.nl_groups = groups;
  if (::bind(descriptor, reinterpret_cast<sockaddr*>(&self), sizeof(self)) == 0) return descriptor;
  ::close(descriptor);
  return -1;
}

auto parts_of(const host_network& all) {
  return std::tie(all.interfaces, all.ipv4, all.ipv6, all.ipv4_defaults, all.ipv4_forbidden);
}

bool is_same(const result<host_network>& a, const result<host_network>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return parts_of(*a) == parts_of(*b);
}

}  // namespace

class network_watch::subscription {
 public:
  subscription(const asio::any_io_executor& executor, route_choice choice);
  const result<host_network>& latest() const { return latest_; }
  asio::awaitable<void> next();

 private:
  asio::awaitable<void> report();
  asio::awaitable<void> settle();
  void discard_reports();

  route_choice choice_;
  asio::posix::stream_descriptor descriptor_;
  result<host_network> latest_;
  bool reported_ = false;  ///< and not read since
};

network_watch::subscription::subscription(const asio::any_io_executor& executor,
                                          route_choice choice)
    : choice_(std::move(choice)), descriptor_(executor), latest_(host_network{}) {
  const int opened = open_subscription();
  if (opened >= 0) {
    descriptor_.assign(opened);
  } else {
    spdlog::debug("cannot watch for network changes: {}", std::generic_category().message(errno));
  }
  latest_ = read_host_network(choice_);  // what changes from now on is reported
}

/// What they say is not looked at: much of it is no change (lifetimes, counters, routes set again),
/// and reading everything again costs less than a millisecond.
void network_watch::subscription::discard_reports() {
  std::array<std::byte, 64> beginning;
  for (;;) {
    const auto length = ::recv(descriptor_.native_handle(), beginning.data(), beginning.size(), 0);
    // ENOBUFS: there were more than the buffer holds.
    if (length < 0 && errno != EINTR && errno != ENOBUFS) return;
    reported_ = true;
  }
}

asio::awaitable<void> network_watch::subscription::report() {
  discard_reports();
  while (!reported_) {
    co_await descriptor_.async_wait(asio::posix::stream_descriptor::wait_read, as_result);
    co_await unless_cancelled();
    discard_reports();
  }
}

asio::awaitable<void> network_watch::subscription::settle() {
  const auto now = [] { return std::chrono::steady_clock::now(); };
  const auto end = now() + longest_delay;
  while (now() < end) {
    const auto quiet = std::min(now() + quiet_time, end);
    const auto more = co_await with_deadline(
        quiet, descriptor_.async_wait(asio::posix::stream_descriptor::wait_read, as_result));
    if (!more) co_return;
    discard_reports();
  }
}

asio::awaitable<void> network_watch::subscription::next() {
  if (!descriptor_.is_open()) co_await forever();
  for (;;) {
    co_await report();
    co_await settle();
    reported_ = false;
    auto now = read_host_network(choice_);
    if (is_same(latest_, now)) continue;
    latest_ = std::move(now);
    co_return;
  }
}

network_watch::network_watch(asio::any_io_executor executor, route_choice choice)
    : subscription_(std::make_unique<subscription>(executor, std::move(choice))) {}

network_watch::~network_watch() = default;

const result<host_network>& network_watch::latest() const { return subscription_->latest(); }

asio::awaitable<void> network_watch::next() { co_await subscription_->next(); }

}  // namespace natcheck::net
