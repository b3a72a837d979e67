#include "portmap/announcements.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/ip/multicast.hpp>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/canonical.hpp"
#include "core/gateway_services.hpp"
#include "net/boot_time.hpp"
#include "net/when_all.hpp"
#include "portmap/port_control.hpp"

namespace natcheck::portmap {
namespace {

using net::udp;
using net::asio::awaitable;

/// Between two hints. A gateway says the same ten times, faster than that at first (RFC 6886
/// section 3.2.1).
constexpr std::chrono::seconds quiet_time{1};

/// After the first word of a change, for the other protocols to say theirs.
constexpr std::chrono::milliseconds settling_time{100};

/// Datagrams read, or waits ended, in a second: whoever floods is heard no more than that.
constexpr int budget_per_second = 50;

/// All hosts of the link, as the group is bound and joined; in IPv6 with the zone of the gateway.
endpoint group_of(const gateway_access& access) {
  const std::uint16_t port = access.announcement_port;
  if (access.gateway.is_v4()) return {net::asio::ip::make_address_v4("224.0.0.1"), port};
  auto group = net::asio::ip::make_address_v6("ff02::1");
  group.scope_id(access.gateway.to_v6().scope_id());
  return {group, port};
}

net::error_code join_bound(udp::socket& socket, const endpoint& group,
                           const gateway_access& access) {
  using net::asio::ip::multicast::join_group;
  net::error_code error;
  if (group.ip.is_v4()) {
    socket.set_option(join_group(group.ip.to_v4(), access.from.local.to_v4()), error);
  } else {
    socket.set_option(join_group(group.ip.to_v6(), group.ip.to_v6().scope_id()), error);
  }
  return error;
}

/// With the other programs that listen on the same port. Some set the one option, some the other.
void share(int descriptor) {
  const int yes = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof(yes));
}

/// Bound to the group itself, so that what is sent to this host alone does not come in.
net::error_code join(udp::socket& socket, const endpoint& group, const gateway_access& access) {
  net::error_code error;
  socket.open(group.ip.is_v6() ? udp::v6() : udp::v4(), error);
  if (error) return error;
  socket.non_blocking(true, error);
  ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
  share(socket.native_handle());
  net::keep_on_interface(socket.native_handle(), access.from.interface);
  socket.bind({group.ip, group.port}, error);
  return error ? error : join_bound(socket, group, access);
}

/// Open where the group could be joined.
udp::socket make_member(const net::asio::any_io_executor& executor, const gateway_access& access) {
  const endpoint group = group_of(access);
  udp::socket socket(executor);
  const auto error = join(socket, group, access);
  if (!error) return socket;
  spdlog::debug("cannot listen for announcements to {}: {}", to_string(group), error.message());
  return udp::socket(executor);
}

}  // namespace

class announcement_listener::receiver {
 public:
  using datagram = std::span<const std::uint8_t>;

  receiver(const net::asio::any_io_executor& executor, const gateway_access& access);
  awaitable<std::string> next();

 private:
  awaitable<void> wait();
  void read_all();
  bool spend(net::steady_time now);
  std::optional<datagram> receive();
  bool is_gateway(const address& sender) const;
  std::string news_in(datagram received);

  /// What one protocol announced so far.
  struct announced {
    const lease::codec* by;
    lease::epoch_watch epoch;
    std::optional<lease::answer> last;
  };
  std::string news_in(announced& before, datagram received);

  gateway_access access_;
  udp::socket socket_;                       ///< not open where the group could not be joined
  std::array<std::uint8_t, 2048> buffer_{};  // no message of either protocol is longer than 1100
  std::vector<announced> announced_;
  std::string news_;  ///< to be told: a caller that gave up waiting gets it next time
  net::steady_time quiet_until_{};
  net::steady_time period_{};  ///< begin of the second that `spent_` is for
  int spent_ = 0;
};

announcement_listener::receiver::receiver(const net::asio::any_io_executor& executor,
                                          const gateway_access& access)
    : access_(access), socket_(make_member(executor, access)) {
  for (const lease::codec* by : port_control_codecs) {
    if (access.gateway.is_v4() || row_of(by->via).ipv6)
      announced_.push_back({by, lease::epoch_watch(by->via), std::nullopt});
  }
}

/// A router has several link-local addresses, and may announce from any.
bool announcement_listener::receiver::is_gateway(const address& sender) const {
  if (canonical(sender) == canonical(access_.gateway)) return true;
  return access_.gateway.is_v6() && sender.is_v6() && sender.to_v6().is_link_local();
}

/// Nothing where there is nothing to be read; empty where it is not from the gateway.
auto announcement_listener::receiver::receive() -> std::optional<datagram> {
  udp::endpoint from;
  net::error_code error;
  const auto length = socket_.receive_from(net::asio::buffer(buffer_), from, 0, error);
  if (error) return std::nullopt;
  if (!is_gateway(from.address())) return datagram();
  return datagram(buffer_.data(), length);
}

/// An announcement is news in itself, and the next ones repeat it while the time they tell runs on.
/// A gateway that restarts when it is seconds old is nearly as far as it was: here a clock that
/// merely stands still, or goes back by a second, counts as well.
std::string announcement_listener::receiver::news_in(announced& before, datagram received) {
  const auto said = before.by->check(received, lease::presence{access_.from.local});
  if (!said || said->result != 0 || !said->epoch_s) return {};
  const auto last = std::exchange(before.last, *said);
  const bool runs_on =
      before.epoch.accept(*said->epoch_s, net::since_boot()) == lease::epoch_state::runs_on;
  const bool repeats =
      last && runs_on && *said->epoch_s >= *last->epoch_s && said->external == last->external;
  if (repeats) return {};
  const auto name = row_of(before.by->via).name;
  if (!said->external) return fmt::format("it announced that its mappings may be lost ({})", name);
  return fmt::format("it announced its external address, {} ({})", said->external->ip.to_string(),
                     name);
}

/// Both protocols share the group.
std::string announcement_listener::receiver::news_in(datagram received) {
  std::string news;
  for (announced& before : announced_) {
    if (news.empty()) news = news_in(before, received);
  }
  return news;
}

/// False when this second has had all the work that it gets.
bool announcement_listener::receiver::spend(net::steady_time now) {
  if (now - period_ >= std::chrono::seconds{1}) {
    period_ = now;
    spent_ = 0;
  }
  return spent_++ < budget_per_second;
}

/// Takes in what there is to be read now; of several news the first count.
void announcement_listener::receiver::read_all() {
  while (spend(std::chrono::steady_clock::now())) {
    const auto received = receive();
    if (!received) break;
    std::string more = news_in(*received);
    if (news_.empty()) news_ = std::move(more);
  }
}

awaitable<void> announcement_listener::receiver::wait() {
  if (spend(std::chrono::steady_clock::now())) {
    co_return co_await net::wait_readable(socket_);
  }
  co_await net::wait_until(period_ + std::chrono::seconds{1});
}

awaitable<std::string> announcement_listener::receiver::next() {
  if (!socket_.is_open()) co_await net::forever();
  co_await net::wait_until(quiet_until_);
  read_all();
  while (news_.empty()) {
    co_await wait();
    read_all();
  }
  co_await net::wait_until(std::chrono::steady_clock::now() + settling_time);
  read_all();
  quiet_until_ = std::chrono::steady_clock::now() + quiet_time;
  spdlog::debug("the gateway announced itself: {}", news_);
  co_return std::exchange(news_, {});
}

announcement_listener::announcement_listener(net::asio::any_io_executor executor,
                                             const gateway_access& access)
    : receiver_(std::make_unique<receiver>(executor, access)) {}

announcement_listener::~announcement_listener() = default;

awaitable<std::string> announcement_listener::next() { co_return co_await receiver_->next(); }

}  // namespace natcheck::portmap
