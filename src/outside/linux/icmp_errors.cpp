#include "outside/icmp_errors.hpp"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace natcheck::outside {
namespace {

using bytes = std::span<const std::byte>;

template <class T>
std::optional<T> read(bytes from) {
  static_assert(std::is_trivially_copyable_v<T>);
  if (from.size() < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, from.data(), sizeof(T));
  return value;
}

std::optional<icmp_error::reason> reason_of(const sock_extended_err& error) {
  if (error.ee_origin != SO_EE_ORIGIN_ICMP) return std::nullopt;
  if (error.ee_type == ICMP_DEST_UNREACH) return icmp_error::reason::unreachable;
  // The other code tells of fragments, which is nothing a router on the way does.
  if (error.ee_type == ICMP_TIME_EXCEEDED && error.ee_code == ICMP_EXC_TTL) {
    return icmp_error::reason::time_exceeded;
  }
  return std::nullopt;
}

/// The error, and behind it the address of whoever sent it (SO_EE_OFFENDER).
std::optional<icmp_error> read_payload(bytes payload) {
  const auto error = read<sock_extended_err>(payload);
  const auto why = error ? reason_of(*error) : std::nullopt;
  if (!why) return std::nullopt;
  const auto offender = read<sockaddr_in>(payload.subspan(sizeof(*error)));
  if (!offender || offender->sin_family != AF_INET) return std::nullopt;
  return icmp_error{*why, error->ee_code,
                    boost::asio::ip::address_v4(ntohl(offender->sin_addr.s_addr))};
}

}  // namespace

std::optional<icmp_error> read_icmp_error(bytes control) {
  while (control.size() >= CMSG_LEN(0)) {
    cmsghdr header;
    std::memcpy(&header, control.data(), sizeof(header));
    if (header.cmsg_len < CMSG_LEN(0) || header.cmsg_len > control.size()) break;
    if (header.cmsg_level == IPPROTO_IP && header.cmsg_type == IP_RECVERR) {
      return read_payload(control.first(header.cmsg_len).subspan(CMSG_LEN(0)));
    }
    control = control.subspan(std::min(CMSG_ALIGN(header.cmsg_len), control.size()));
  }
  return std::nullopt;
}

}  // namespace natcheck::outside
