#include "outside/error_queue.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/ip/unicast.hpp>
#include <span>

namespace natcheck::outside {

net::error_code limit_hops(net::udp::socket& socket, int ttl) {
  const int on = 1;
  ::setsockopt(socket.native_handle(), IPPROTO_IP, IP_RECVERR, &on, sizeof on);
  net::error_code error;
  socket.set_option(net::asio::ip::unicast::hops(ttl), error);
  return error;
}

bool take_error(net::udp::socket& socket, std::optional<icmp_error>& error) {
  alignas(cmsghdr) std::array<std::byte, 512> control;
  std::array<std::byte, 64> quoted;  // what the router quotes of the datagram: not needed
  iovec buffer{quoted.data(), quoted.size()};
  msghdr message{};
  message.msg_iov = &buffer;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  if (::recvmsg(socket.native_handle(), &message, MSG_ERRQUEUE | MSG_DONTWAIT) < 0) return false;
  error = read_icmp_error(std::span(control).first(message.msg_controllen));
  return true;
}

}  // namespace natcheck::outside
