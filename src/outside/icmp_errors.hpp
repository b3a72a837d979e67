// ICMP errors about a UDP socket's own datagrams, as the kernel keeps them for it (IP_RECVERR,
// ip(7)). Pure.
#pragma once

#include <cstddef>
#include <natcheck/endpoint.hpp>
#include <optional>
#include <span>

namespace natcheck::outside {

/// Who stopped a datagram, and why.
struct icmp_error {
  enum class reason {
    time_exceeded,  ///< a router on the way: the TTL came to its end there
    unreachable,    ///< the destination's closed port, or a router that does not pass it on
  };

  reason why = reason::time_exceeded;
  unsigned code = 0;  ///< of the ICMP message (RFC 792)
  address from;       ///< IPv4; may be this host's own, when the next hop does not answer ARP

  friend bool operator==(const icmp_error&, const icmp_error&) = default;
};

/// Reads the control messages that recvmsg(MSG_ERRQUEUE) gives, in the kernel's layout (cmsg(3)).
/// Empty where none of them is such an ICMP error of IPv4, or where it is cut short.
std::optional<icmp_error> read_icmp_error(std::span<const std::byte> control);

}  // namespace natcheck::outside
