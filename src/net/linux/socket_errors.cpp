#include "net/socket_errors.hpp"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

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

/// Behind the error stands the address of who sent it (SO_EE_OFFENDER).
std::optional<icmp_notice> read_notice(const sock_extended_err& error, const cmsghdr& control) {
  const bool icmp = error.ee_origin == SO_EE_ORIGIN_ICMP || error.ee_origin == SO_EE_ORIGIN_ICMP6;
  const std::size_t room = control.cmsg_len - CMSG_LEN(sizeof error);
  if (!icmp || control.cmsg_len < CMSG_LEN(sizeof error + sizeof(sockaddr_in))) return std::nullopt;
  sockaddr_storage offender{};
  std::memcpy(&offender, CMSG_DATA(&control) + sizeof error, std::min(room, sizeof offender));
  if (offender.ss_family != AF_INET && offender.ss_family != AF_INET6) return std::nullopt;
  return icmp_notice{endpoint_of(offender).ip, error.ee_type, error.ee_code};
}

std::optional<socket_error> read_error(msghdr& message) {
  for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr;
       each = CMSG_NXTHDR(&message, each)) {
    const bool v4 = each->cmsg_level == IPPROTO_IP && each->cmsg_type == IP_RECVERR;
    const bool v6 = each->cmsg_level == IPPROTO_IPV6 && each->cmsg_type == IPV6_RECVERR;
    sock_extended_err error{};
    if ((!v4 && !v6) || each->cmsg_len < CMSG_LEN(sizeof error)) continue;
    std::memcpy(&error, CMSG_DATA(each), sizeof error);
    const error_code code{static_cast<int>(error.ee_errno), boost::system::system_category()};
    return socket_error{{}, code, read_notice(error, *each)};
  }
  return std::nullopt;
}

}  // namespace

void keep_errors(int descriptor, bool keep) {
  const int on = keep ? 1 : 0;
  ::setsockopt(descriptor, IPPROTO_IP, IP_RECVERR, &on, sizeof on);
  ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
}

std::optional<socket_error> next_error(int descriptor) {
  sockaddr_storage to{};
  std::array<char, 64> sent{};
  alignas(cmsghdr) std::array<char, 512> control{};
  iovec data{sent.data(), sent.size()};
  msghdr message{};
  message.msg_name = &to;
  message.msg_namelen = sizeof to;
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(descriptor, &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return std::nullopt;
  auto read = read_error(message);
  if (!read) return socket_error{};
  if (message.msg_namelen != 0) read->to = endpoint_of(to);
  return read;
}

}  // namespace natcheck::net
