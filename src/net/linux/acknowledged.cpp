#include "net/acknowledged.hpp"

#include <linux/tcp.h>  // that of the C library has no tcpi_bytes_acked
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstddef>

namespace natcheck::net {

std::optional<std::uint64_t> acknowledged_bytes(int descriptor) {
  tcp_info info{};
  socklen_t length = sizeof info;
  constexpr std::size_t needed =
      offsetof(tcp_info, tcpi_bytes_acked) + sizeof info.tcpi_bytes_acked;
  if (::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return std::nullopt;
  return length >= needed ? std::optional<std::uint64_t>(info.tcpi_bytes_acked) : std::nullopt;
}

}  // namespace natcheck::net
