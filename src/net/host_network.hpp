// What this host's kernel knows: its interfaces, its way to the Internet, its neighbors.
#pragma once

#include <natcheck/endpoint.hpp>
#include <natcheck/error.hpp>
#include <natcheck/evidence.hpp>
#include <optional>
#include <string>

#include "net/route_messages.hpp"

namespace natcheck::net {

/// What the user wants instead of the kernel's own egress route. Nothing set: the kernel decides.
struct route_choice {
  std::string interface;           ///< leave by this interface, though another may be preferred
  std::optional<address> gateway;  ///< ask this gateway; it replaces the one of its own family
};

/// Reads interfaces, addresses and the IPv4 and IPv6 ways out over rtnetlink.
///
/// Sends nothing to the network, needs no privileges, and blocks only as long as the kernel takes
/// to answer (microseconds; one that is silent for 2 s is given up on). A family without a egress
/// route, be it that there is no route, that a rule forbids it, or that the family is switched off,
/// is empty and no error.
///
/// `ipv4->gateway` is empty on a point-to-point link, and where the next hop is an IPv6 router
/// (RTA_VIA, RFC 8950): no IPv4 protocol can ask that one. A link-local gateway carries its scope.
/// `ipv6->local` is a stable address of the interface where the kernel would rather use a
/// temporary one (RFC 8981).
///
/// Fails with `unavailable` for an interface that does not exist, and `denied` or `unavailable`
/// where netlink cannot be used.
result<host_network> read_host_network(const route_choice& choice);

/// The index of the interface by which a packet to `peer` would leave. Empty where there is no way,
/// or the kernel does not tell. Sends nothing, and blocks as little as read_host_network.
std::optional<unsigned> interface_towards(const address& peer);

/// What the neighbor table says of `ip` on the interface with that index. `unknown` also when the
/// table cannot be read. Blocks no longer than the kernel takes to answer.
neighbor read_neighbor(const address& ip, unsigned interface_index);

}  // namespace natcheck::net
