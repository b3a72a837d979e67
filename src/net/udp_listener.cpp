#include "net/udp_listener.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/ip/v6_only.hpp>
#include <cstring>

namespace natcheck::net {
namespace {

/// Room for the two control messages that are asked for.
struct alignas(cmsghdr) control_buffer {
  std::array<char, CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(int))> bytes{};
};

/// sendmsg() and recvmsg() with one piece of data. Points into its arguments.
msghdr message_of(udp::endpoint& name, iovec& data, control_buffer& control) {
  msghdr message{};
  message.msg_name = name.data();
  message.msg_namelen = static_cast<socklen_t>(name.capacity());
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.bytes.data();
  message.msg_controllen = control.bytes.size();
  return message;
}

template <class Info>
Info info_of(const cmsghdr* header) {
  Info info{};
  std::memcpy(&info, CMSG_DATA(header), sizeof info);
  return info;
}

address address_of(const in_addr& value) { return asio::ip::address_v4(ntohl(value.s_addr)); }

address address_of(const in6_addr& value) {
  asio::ip::address_v6::bytes_type bytes;
  std::memcpy(bytes.data(), &value, bytes.size());
  return asio::ip::address_v6(bytes);
}

/// Reads IP_PKTINFO and IP_TTL (ip(7)), or IPV6_PKTINFO and IPV6_HOPLIMIT (RFC 3542 section 6).
void note(const cmsghdr* header, received_datagram& came) {
  if (header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_PKTINFO) {
    const auto info = info_of<in_pktinfo>(header);
    came.local.ip = address_of(info.ipi_spec_dst);
    came.to_this_host = info.ipi_addr.s_addr == info.ipi_spec_dst.s_addr;
  } else if (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_PKTINFO) {
    came.local.ip = address_of(info_of<in6_pktinfo>(header).ipi6_addr);
    came.to_this_host = !came.local.ip.is_multicast();
  } else if ((header->cmsg_level == IPPROTO_IP && header->cmsg_type == IP_TTL) ||
             (header->cmsg_level == IPPROTO_IPV6 && header->cmsg_type == IPV6_HOPLIMIT)) {
    came.ttl = static_cast<unsigned>(info_of<int>(header));
  }
}

template <class Info>
void set_info(msghdr& message, int level, int type, const Info& info) {
  message.msg_controllen = CMSG_SPACE(sizeof info);
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = level;
  header->cmsg_type = type;
  header->cmsg_len = CMSG_LEN(sizeof info);
  std::memcpy(CMSG_DATA(header), &info, sizeof info);
}

/// The route chooses the interface; of a link-local peer its zone does.
void set_source(msghdr& message, const address& from) {
  if (from.is_v4()) {
    in_pktinfo info{};
    info.ipi_spec_dst.s_addr = htonl(from.to_v4().to_uint());
    return set_info(message, IPPROTO_IP, IP_PKTINFO, info);
  }
  in6_pktinfo info{};
  const auto bytes = from.to_v6().to_bytes();
  std::memcpy(&info.ipi6_addr, bytes.data(), bytes.size());
  set_info(message, IPPROTO_IPV6, IPV6_PKTINFO, info);
}

void ask_for_headers(int descriptor, bool v6) {
  const int on = 1;
  if (v6) {
    ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on);
    ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_RECVHOPLIMIT, &on, sizeof on);
  } else {
    ::setsockopt(descriptor, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
    ::setsockopt(descriptor, IPPROTO_IP, IP_RECVTTL, &on, sizeof on);
  }
}

}  // namespace

udp_listener udp_listener::open(const asio::any_io_executor& executor, const endpoint& local,
                                const std::string& device, error_code& error) {
  udp_listener listener{udp::socket(executor)};
  udp::socket& socket = listener.socket_;
  const udp::endpoint raw(local.ip, local.port);
  socket.open(raw.protocol(), error);
  if (!error) socket.non_blocking(true, error);
  if (!error && local.ip.is_v6()) socket.set_option(asio::ip::v6_only(true), error);
  if (!error) {
    ::fcntl(socket.native_handle(), F_SETFD, FD_CLOEXEC);
    ask_for_headers(socket.native_handle(), local.ip.is_v6());
    keep_on_interface(socket.native_handle(), device);
    socket.bind(raw, error);
  }
  if (!error) listener.local_ = {local.ip, socket.local_endpoint(error).port()};
  return listener;
}

asio::awaitable<error_code> udp_listener::readable() {
  const auto [error] = co_await socket_.async_wait(udp::socket::wait_read, as_result);
  co_return error;
}

std::optional<received_datagram> udp_listener::receive(std::span<char> buffer) {
  udp::endpoint peer;
  iovec data{buffer.data(), buffer.size()};
  control_buffer control;
  msghdr message = message_of(peer, data, control);
  const auto length = ::recvmsg(socket_.native_handle(), &message, MSG_DONTWAIT);
  if (length < 0) return std::nullopt;
  peer.resize(message.msg_namelen);
  received_datagram came;
  came.peer = {peer.address(), peer.port()};
  came.local = local_;
  came.bytes = std::string_view(buffer.data(), static_cast<std::size_t>(length));
  came.whole = (message.msg_flags & MSG_TRUNC) == 0;
  for (auto* each = CMSG_FIRSTHDR(&message); each != nullptr; each = CMSG_NXTHDR(&message, each)) {
    note(each, came);
  }
  return came;
}

error_code udp_listener::answer(const received_datagram& to, std::string_view bytes) {
  udp::endpoint peer(to.peer.ip, to.peer.port);
  iovec data{const_cast<char*>(bytes.data()), bytes.size()};  // sendmsg() only reads it
  control_buffer control;
  msghdr message = message_of(peer, data, control);
  message.msg_namelen = static_cast<socklen_t>(peer.size());
  set_source(message, to.local.ip);
  const auto sent = ::sendmsg(socket_.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  return sent < 0 ? error_code(errno, boost::system::system_category()) : error_code();
}

void udp_listener::close() {
  error_code ignored;
  socket_.close(ignored);
}

}  // namespace natcheck::net
