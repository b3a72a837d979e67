// Packets to and from one port, as they are on an interface: who asks, and what is answered. Pure.
#pragma once

#include <cstdint>
#include <natcheck/endpoint.hpp>
#include <natcheck/evidence.hpp>
#include <optional>
#include <span>

namespace natcheck::arrivals {

/// What a server listens on.
struct watched_port {
  std::uint16_t number = 0;  ///< host byte order
  bool tcp = true;
  bool udp = false;
};

enum class direction { incoming, outgoing };

enum class packet_kind {
  request,    ///< came in: SYN without ACK, or a datagram that begins with a greeting
  abandoned,  ///< came in: RST; the client had an answer and does not want it
  answer,     ///< left: SYN and ACK, or a datagram
  refusal,    ///< left: RST, or an ICMP destination unreachable about a packet of the client's
};

/// One packet between a client and the watched port. Addresses as on the wire: IPv6 has no zone.
struct seen_packet {
  packet_kind kind = packet_kind::request;
  transport protocol = transport::tcp;
  endpoint peer;   ///< the client
  endpoint local;  ///< the address that it asked, which need not be this host's: hosts forward too

  friend bool operator==(const seen_packet&, const seen_packet&) = default;
};

/// Reads a packet that begins with its IP header and may be cut off behind `captured_bytes`. Empty
/// for everything that is none of the kinds above, and for what is cut short before it is known.
/// IPv6 extension headers and all but the first fragment are not understood.
std::optional<seen_packet> parse_packet(std::span<const std::uint8_t> packet, direction way,
                                        const watched_port& port);

/// What is needed of a packet at most: an ICMP error that quotes one, with options in both IPv4
/// headers.
inline constexpr std::size_t captured_bytes = 160;

}  // namespace natcheck::arrivals
