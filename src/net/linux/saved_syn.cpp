#include "net/saved_syn.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>

namespace natcheck::net {

void save_requests(int listening) {
  const int on = 1;
  ::setsockopt(listening, IPPROTO_TCP, TCP_SAVE_SYN, &on, sizeof on);
}

std::optional<unsigned> ttl_of_request(int connection) {
  // An IP header with its options, and TCP's (RFC 791, RFC 8200, RFC 9293).
  std::array<unsigned char, 256> header{};
  auto length = static_cast<socklen_t>(header.size());
  if (::getsockopt(connection, IPPROTO_TCP, TCP_SAVED_SYN, header.data(), &length) != 0) {
    return std::nullopt;
  }
  constexpr std::size_t ipv4_ttl = 8;
  constexpr std::size_t ipv6_hop_limit = 7;
  const bool v6 = header.front() >> 4U == 6;
  const auto at = v6 ? ipv6_hop_limit : ipv4_ttl;
  return at < length ? std::optional<unsigned>(header.at(at)) : std::nullopt;
}

}  // namespace natcheck::net
