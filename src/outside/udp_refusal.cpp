#include "outside/udp_refusal.hpp"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace natcheck::outside {
namespace {

endpoint endpoint_of(const sockaddr_storage& storage) {
  net::udp::endpoint value;
  const std::size_t size =
      storage.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  std::memcpy(value.data(), &storage, size);
  value.resize(size);
  return {value.address(), value.port()};
}

std::optional<int> error_number(msghdr& message) {
  for (cmsghdr* each = CMSG_FIRSTHDR(&message); each != nullptr;
       each = CMSG_NXTHDR(&message, each)) {
    const bool v4 = each->cmsg_level == IPPROTO_IP && each->cmsg_type == IP_RECVERR;
    const bool v6 = each->cmsg_level == IPPROTO_IPV6 && each->cmsg_type == IPV6_RECVERR;
    if (!v4 && !v6) continue;
    sock_extended_err error{};
    std::memcpy(&error, CMSG_DATA(each), sizeof error);
    return static_cast<int>(error.ee_errno);
  }
  return std::nullopt;
}

}  // namespace

void keep_refusals(net::udp::socket& socket) {
  const int on = 1;
  ::setsockopt(socket.native_handle(), IPPROTO_IP, IP_RECVERR, &on, sizeof on);
  ::setsockopt(socket.native_handle(), IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof on);
}

std::optional<udp_refusal> next_refusal(net::udp::socket& socket) {
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
  if (::recvmsg(socket.native_handle(), &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) {
    return std::nullopt;
  }
  const auto number = error_number(message);
  if (!number || message.msg_namelen == 0) return udp_refusal{};
  return udp_refusal{endpoint_of(to), {*number, boost::system::system_category()}};
}

}  // namespace natcheck::outside
