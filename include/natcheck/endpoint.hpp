// Addresses and endpoints as values, and what kind of network an address belongs to.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace natcheck {

/// An IPv4 or IPv6 address. Comparable, hashable, printable; owns no resource.
using address = boost::asio::ip::address;

/// An address and a port, for TCP and UDP alike. `port` is in host byte order.
struct endpoint {
  address ip;
  std::uint16_t port = 0;

  friend bool operator==(const endpoint&, const endpoint&) = default;
};

/// "192.0.2.1:80" or "[2001:db8::1]:80".
std::string to_string(const endpoint& value);

/// Reads what `to_string` writes, or a bare address with `default_port`. Returns nullopt for a name
/// (nothing is resolved), for anything malformed, and for a port outside 1..65535.
std::optional<endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port);

/// The part of the address space that an address belongs to (IANA special-purpose registries).
enum class address_scope {
  global,         ///< reachable from the Internet, as far as the address shows
  private_use,    ///< RFC 1918: 10/8, 172.16/12, 192.168/16
  shared,         ///< RFC 6598: 100.64/10, between a carrier's NAT and its customers
  ds_lite,        ///< RFC 7335: 192.0.0.0/29, DS-Lite (RFC 6333) and 464XLAT
  unspecified,    ///< 0.0.0.0/8 and ::
  loopback,       ///< 127/8 and ::1
  link_local,     ///< 169.254/16 and fe80::/10
  unique_local,   ///< RFC 4193: fc00::/7
  documentation,  ///< 192.0.2/24, 198.51.100/24, 203.0.113/24, 2001:db8::/32, 3fff::/20
  multicast,      ///< 224/4 and ff00::/8
  reserved,       ///< all other special-purpose blocks: benchmarking, 6to4, Teredo, NAT64, 240/4
};

address_scope scope_of(const address& value);

/// True for `address_scope::global` only.
bool is_public(const address& value);

/// The scope in plain words with its RFC: "private (RFC 1918)".
std::string_view describe(address_scope value);

/// True when both addresses are of one family and share their first `length` bits.
bool same_prefix(const address& a, const address& b, unsigned length);

}  // namespace natcheck
