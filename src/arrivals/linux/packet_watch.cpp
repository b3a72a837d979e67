#include "arrivals/packet_watch.hpp"

#include <arpa/inet.h>
#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>

#include "arrivals/linux/packet_filter.hpp"

namespace natcheck::arrivals {
namespace {

/// Read at once, before others have their turn.
constexpr std::size_t batch = 64;

bool attach(int descriptor, const watched_port& port) {
  auto code = filter_for(port);
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  return ::setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
}

/// Only what is bound to a protocol receives; the outgoing packets come with ETH_P_ALL alone.
bool bind_to_all(int descriptor) {
  sockaddr_ll all{};
  all.sll_family = AF_PACKET;
  all.sll_protocol = htons(ETH_P_ALL);
  return ::bind(descriptor, reinterpret_cast<const sockaddr*>(&all), sizeof all) == 0;
}

failure cannot_open() {
  auto failed = net::failure_from(operation_code::opening_packet_socket,
                                  net::error_code(errno, boost::system::system_category()));
  // The words that sockets have for EPERM are about sending.
  if (failed.kind == outcome::denied) failed.detail = cause_code::needs_net_raw;
  return failed;
}

/// Room for one batch, and what the kernel is told about it.
struct batch_buffer {
  batch_buffer() {
    for (std::size_t i = 0; i < batch; ++i) {
      parts[i] = {packets[i].data(), packets[i].size()};
      headers[i].msg_hdr.msg_name = &senders[i];
      headers[i].msg_hdr.msg_namelen = sizeof senders[i];
      headers[i].msg_hdr.msg_iov = &parts[i];
      headers[i].msg_hdr.msg_iovlen = 1;
    }
  }

  std::array<std::array<std::uint8_t, captured_bytes>, batch> packets;
  std::array<sockaddr_ll, batch> senders{};
  std::array<iovec, batch> parts{};
  std::array<mmsghdr, batch> headers{};
};

std::optional<direction> direction_of(const sockaddr_ll& from) {
  if (from.sll_hatype == ARPHRD_LOOPBACK) return std::nullopt;
  if (from.sll_pkttype == PACKET_HOST) return direction::incoming;
  if (from.sll_pkttype == PACKET_OUTGOING) return direction::outgoing;
  return std::nullopt;
}

}  // namespace

std::string interface_name(unsigned index) {
  std::array<char, IF_NAMESIZE> name{};
  return ::if_indextoname(index, name.data()) != nullptr ? name.data() : "";
}

result<packet_watch> packet_watch::open(const net::asio::any_io_executor& executor,
                                        const watched_port& port) {
  // With protocol 0 nothing comes before the filter is there.
  const int descriptor = ::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return cannot_open();
  net::asio::posix::stream_descriptor socket(executor, descriptor);
  if (!attach(descriptor, port) || !bind_to_all(descriptor)) return cannot_open();
  return packet_watch(std::move(socket), port);
}

net::asio::awaitable<std::vector<watched_packet>> packet_watch::next() {
  co_await socket_.async_wait(net::asio::posix::stream_descriptor::wait_read, net::as_result);
  co_await net::unless_cancelled();
  co_return take();
}

std::vector<watched_packet> packet_watch::take() {
  batch_buffer buffer;
  std::vector<watched_packet> seen;
  const int count =
      ::recvmmsg(socket_.native_handle(), buffer.headers.data(), batch, MSG_DONTWAIT, nullptr);
  for (std::size_t i = 0; static_cast<int>(i) < count; ++i) {
    const auto way = direction_of(buffer.senders[i]);
    if (!way) continue;
    const std::span packet(buffer.packets[i].data(), buffer.headers[i].msg_len);
    const auto parsed = parse_packet(packet, *way, port_);
    if (parsed) seen.push_back({*parsed, static_cast<unsigned>(buffer.senders[i].sll_ifindex)});
  }
  return seen;
}

bool packet_watch::has_lost() {
  tpacket_stats counts{};
  socklen_t length = sizeof counts;
  const int failed =
      ::getsockopt(socket_.native_handle(), SOL_PACKET, PACKET_STATISTICS, &counts, &length);
  return failed != 0 || counts.tp_drops > 0;
}

}  // namespace natcheck::arrivals
