#include "net/socket_errors.hpp"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <type_traits>

namespace natcheck::net {
namespace {

endpoint endpoint_of(const sockaddr_storage& storage) {
  udp::endpoint value;
  const std::size_t size =
      storage.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  std::memcpy(value.data(), &storage, size);
  value.resize(size);
  return {value.address(), value.port()};
}

template <class T>
std::optional<T> read_as(std::span<const std::byte> from) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (from.size() < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, from.data(), sizeof(T));
  return value;
}

/// The address of whoever sent it stands behind the error (SO_EE_OFFENDER).
std::optional<icmp_notice> read_notice(const sock_extended_err& error,
                                       std::span<const std::byte> offender) {
  if (error.ee_origin == SO_EE_ORIGIN_ICMP) {
    const auto from = read_as<sockaddr_in>(offender);
    if (!from || from->sin_family != AF_INET) return std::nullopt;
    const auto ip = boost::asio::ip::address_v4(ntohl(from->sin_addr.s_addr));
    return icmp_notice{ip, error.ee_type, error.ee_code};
  }
  if (error.ee_origin != SO_EE_ORIGIN_ICMP6) return std::nullopt;
  const auto from = read_as<sockaddr_in6>(offender);
  if (!from || from->sin6_family != AF_INET6) return std::nullopt;
  boost::asio::ip::address_v6::bytes_type bytes;
  std::memcpy(bytes.data(), &from->sin6_addr, bytes.size());
  const boost::asio::ip::address_v6 ip(bytes, from->sin6_scope_id);
  return icmp_notice{ip, error.ee_type, error.ee_code};
}

}  // namespace

void keep_errors(int descriptor, bool keep) {
  const int on = keep ? 1 : 0;
  ::setsockopt(descriptor, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
  ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
}

std::optional<socket_error> read_socket_error(std::span<const std::byte> control) {
  while (control.size() >= CMSG_LEN(0)) {
    cmsghdr header;
    std::memcpy(&header, control.data(), sizeof header);
    if (header.cmsg_len < CMSG_LEN(0) || header.cmsg_len > control.size()) break;
    const bool v4 = header.cmsg_level == IPPROTO_IP && header.cmsg_type == IP_RECVERR;
    const bool v6 = header.cmsg_level == IPPROTO_IPV6 && header.cmsg_type == IPV6_RECVERR;
    const auto payload = control.first(header.cmsg_len).subspan(CMSG_LEN(0));
    if (const auto error = v4 || v6 ? read_as<sock_extended_err>(payload) : std::nullopt) {
      const error_code code{static_cast<int>(error->ee_errno), boost::system::system_category()};
      return socket_error{{}, code, read_notice(*error, payload.subspan(sizeof *error))};
    }
    control = control.subspan(std::min(CMSG_ALIGN(header.cmsg_len), control.size()));
  }
  return std::nullopt;
}

std::optional<socket_error> next_error(int descriptor) {
  sockaddr_storage to{};
  std::array<char, 64> sent{};
  alignas(cmsghdr) std::array<std::byte, 512> control{};
  iovec data{sent.data(), sent.size()};
  msghdr message{};
  message.msg_name = &to;
  message.msg_namelen = sizeof to;
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(descriptor, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return std::nullopt;
  auto told = read_socket_error(std::span(control).first(message.msg_controllen));
  if (!told) return socket_error{};
  if (message.msg_namelen != 0) told->to = endpoint_of(to);
  return told;
}

}  // namespace natcheck::net
