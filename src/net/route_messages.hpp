// rtnetlink(7) messages: requests as bytes, and the kernel's answers as plain structs. Pure.
//
// Numbers are in the byte order of this host, addresses in network order, as the kernel has them.
// A parser takes one whole message, its nlmsghdr included, and gives nullopt for a message of
// another type and for one that is cut short. It never reads past the end: an attribute of an
// impossible length ends the list of attributes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <natcheck/endpoint.hpp>
#include <natcheck/evidence.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace natcheck::net {

using message = std::vector<std::byte>;
using message_view = std::span<const std::byte>;

/// RTM_NEWLINK: an interface.
struct link {
  unsigned index = 0;
  std::string name;
  std::uint16_t hardware = 0;  ///< ARPHRD_*
  std::uint32_t flags = 0;     ///< IFF_*
  std::string kind;            ///< IFLA_INFO_KIND: "bridge", "wireguard"; empty for real hardware

  friend bool operator==(const link&, const link&) = default;
};

/// RTM_NEWADDR: an address of an interface.
struct link_address {
  unsigned index = 0;  ///< of the interface
  address ip;          ///< ours, not the peer's; without a scope id
  unsigned prefix_length = 0;
  std::uint32_t flags = 0;  ///< IFA_F_*

  friend bool operator==(const link_address&, const link_address&) = default;
};

/// Where a route hands its packets over.
struct next_hop {
  unsigned index = 0;              ///< of the interface
  std::optional<address> gateway;  ///< IPv6 on an IPv4 route too (RFC 8950); no scope id

  friend bool operator==(const next_hop&, const next_hop&) = default;
};

/// RTM_NEWROUTE: an entry of a table, or the answer to a lookup.
struct route {
  std::uint8_t family = 0;        ///< AF_INET or AF_INET6
  std::uint8_t type = 0;          ///< RTN_*
  unsigned prefix_length = 0;     ///< of the destination
  std::uint32_t table = 0;        ///< RT_TABLE_*
  std::uint32_t metric = 0;       ///< RTA_PRIORITY; smaller wins
  std::optional<address> source;  ///< RTA_PREFSRC; without a scope id
  std::vector<next_hop> hops;     ///< several when it is a multipath route
  /// RTA_NH_ID; 0: none. Then `hops` may be empty, and the nexthop object has them.
  std::uint32_t nexthop_id = 0;

  friend bool operator==(const route&, const route&) = default;
};

/// RTM_NEWNEXTHOP: a nexthop object ("ip nexthop"), which routes refer to.
struct nexthop_object {
  std::uint32_t id = 0;
  std::optional<next_hop> hop;       ///< empty for a group, and for a blackhole
  std::vector<std::uint32_t> group;  ///< the objects that it spreads packets over

  friend bool operator==(const nexthop_object&, const nexthop_object&) = default;
};

std::optional<link> parse_link(message_view bytes);
std::optional<link_address> parse_address(message_view bytes);
std::optional<route> parse_route(message_view bytes);
std::optional<nexthop_object> parse_nexthop(message_view bytes);

/// RTM_NEWNEIGH: what the entry says of the neighbor.
struct neighbor {
  neighbor_state state = neighbor_state::unknown;
  std::string link_layer;  ///< "02:00:5e:00:53:01"; empty: not known

  friend bool operator==(const neighbor&, const neighbor&) = default;
};

std::optional<neighbor> parse_neighbor(message_view bytes);

/// What kind of interface the message tells of. It cannot tell Wi-Fi from wire, nor a modem that
/// carries bare IP packets from a tunnel.
interface_kind kind_of(const link& value);

// Requests. Sequence number and port id are left 0, for the socket to fill in.

message links_request();
message addresses_request();
message routes_request();
message nexthops_request();

/// What a lookup answers with.
enum class lookup {
  decision,  ///< the way a packet would take: one next hop, and the source address
  entry,     ///< the table's entry that decides (RTM_F_FIB_MATCH); fails when there is none
};

/// What a packet is like whose way is asked for.
struct packet_traits {
  address destination;
  unsigned index = 0;                   ///< of the interface that it is to leave by; 0: any
  std::optional<address> source;        ///< empty: not chosen yet; without a scope id
  std::optional<transport> protocol{};  ///< empty: of no protocol in particular
  std::uint16_t port = 0;               ///< that it goes to; 0: none in particular
};

/// RTM_GETROUTE for one packet.
message lookup_request(const packet_traits& packet, lookup what);

message neighbor_request(const address& ip, unsigned index);

}  // namespace natcheck::net
