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
#include <span>
#include <utility>

#include "net/linux/netlink.hpp"
#include "net/linux/route_news.hpp"
#include "net/sockets.hpp"

namespace natcheck::net {
namespace {

constexpr std::chrono::milliseconds settled_after{200};
constexpr std::chrono::seconds settling_limit{2};

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

/// What is there already is no change when it is told of again.
void learn_present(route_news& news) {
  auto asking = netlink_socket::open();
  if (!asking) return;
  for (auto question : {links_request(), addresses_request(), routes_request()}) {
    const auto answer = asking->request(std::move(question), "reading the network's state");
    if (!answer) continue;
    for (const message& one : *answer) news.take(one);
  }
}

}  // namespace

class network_watch::socket {
 public:
  explicit socket(const asio::any_io_executor& executor);
  asio::awaitable<void> next();

 private:
  void read_all();
  void take(std::span<const std::byte> datagram);
  asio::awaitable<void> settle();

  asio::posix::stream_descriptor descriptor_;
  route_news news_;
  bool changed_ = false;  ///< and not told yet
};

network_watch::socket::socket(const asio::any_io_executor& executor) : descriptor_(executor) {
  const int opened = open_subscription();
  if (opened < 0) {
    spdlog::debug("changes of the network are not heard: {}",
                  std::generic_category().message(errno));
    return;
  }
  descriptor_.assign(opened);
  learn_present(news_);
}

/// Takes in what the kernel has said so far.
void network_watch::socket::read_all() {
  std::array<std::byte, 32'768> buffer;  // no message of the kernel's is longer
  for (;;) {
    sockaddr_nl sender{};
    socklen_t sender_length = sizeof(sender);
    const auto length = ::recvfrom(descriptor_.native_handle(), buffer.data(), buffer.size(), 0,
                                   reinterpret_cast<sockaddr*>(&sender), &sender_length);
    if (length < 0 && errno == ENOBUFS) {
      // It had more to say than the buffer holds.
      news_.forget();
      changed_ = true;
    } else if (length < 0) {
      if (errno != EINTR) return;
    } else if (sender.nl_pid == 0) {  // any process may send to this socket
      changed_ = news_.take(std::span{buffer}.first(static_cast<std::size_t>(length))) || changed_;
    }
  }
}

asio::awaitable<void> network_watch::socket::settle() {
  const auto limit = std::chrono::steady_clock::now() + settling_limit;
  auto quiet = std::min(std::chrono::steady_clock::now() + settled_after, limit);
  for (;;) {
    const auto more = co_await before(
        quiet, descriptor_.async_wait(asio::posix::stream_descriptor::wait_read, as_result));
    if (!more) co_return;
    const bool before_that = std::exchange(changed_, false);
    read_all();
    if (changed_) quiet = std::min(std::chrono::steady_clock::now() + settled_after, limit);
    changed_ = changed_ || before_that;
  }
}

asio::awaitable<void> network_watch::socket::next() {
  if (!descriptor_.is_open()) {
    asio::steady_timer never(descriptor_.get_executor(), steady_time::max());
    co_await expiry(never);
    co_await unless_cancelled();
  }
  read_all();
  while (!changed_) {
    co_await descriptor_.async_wait(asio::posix::stream_descriptor::wait_read, as_result);
    co_await unless_cancelled();
    read_all();
  }
  co_await settle();
  changed_ = false;
}

network_watch::network_watch(asio::any_io_executor executor)
    : socket_(std::make_unique<socket>(executor)) {}

network_watch::~network_watch() = default;

asio::awaitable<void> network_watch::next() { co_await socket_->next(); }

}  // namespace natcheck::net
