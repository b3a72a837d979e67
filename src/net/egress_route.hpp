// Chooses among what the kernel listed: which default route, which source address. Pure.
#pragma once

#include <cstdint>
#include <natcheck/evidence.hpp>
#include <optional>
#include <vector>

#include "net/route_messages.hpp"

namespace natcheck::net {

/// One reading of the kernel's tables, in the kernel's order.
struct kernel_tables {
  std::vector<link> links;
  std::vector<link_address> addresses;
  std::vector<route> routes;  ///< of every table and both families
  std::vector<nexthop_object> nexthops;
};

/// Gives a route that only refers to a nexthop object the hops of that object, or of its group.
void resolve_nexthops(route& value, const std::vector<nexthop_object>& objects);

/// The interfaces with their addresses. Addresses that cannot be used, because duplicate address
/// detection is under way or has failed (RFC 4862 section 5.4), are left out; those of IPv6 carry
/// no scope id. `metric` is that of the best IPv4 default route, else of the best IPv6 one.
std::vector<interface_info> interfaces_of(const kernel_tables& tables);

/// True for a route that carries packets to one destination: not unreachable, blackhole,
/// prohibit, throw, broadcast or multicast.
bool carries_packets(const route& value);

/// True when one of the route's next hops leaves by this interface.
bool leaves_by(const route& value, unsigned index);

/// The default route with the smallest metric that leaves by this interface, whatever its table,
/// cut down to the one next hop there.
std::optional<route> best_default(const std::vector<route>& routes, std::uint8_t family,
                                  unsigned index);

/// The addresses that a packet may be sent from, the best for a server first: those of the
/// interface with that index, or of all (0), that are up. Neither loopback nor link-local ones.
std::vector<address> usable_sources(const std::vector<interface_info>& interfaces,
                                    std::uint8_t family, unsigned index);

/// Interfaces, by name, that an IPv4 default route of any table leaves by.
std::vector<std::string> ipv4_defaults(const kernel_tables& tables);

/// "unreachable", "prohibit" or "blackhole" where an IPv4 default route of that type is in some
/// table, else empty.
std::string ipv4_forbidden(const std::vector<route>& routes);

/// Which of an interface's addresses stands for this host.
enum class source_choice {
  kernels,  ///< the one the kernel names
  lasting,  ///< a stable global one where the kernel names a temporary or deprecated one
};

/// The egress route along `decided`, whose first next hop counts. Empty when the interface is not
/// among `interfaces` or has no address of that family to send from. Where the kernel names no
/// source (a table's entry rather than a decision), it is the interface's address nearest to the
/// gateway.
std::optional<route_info> egress_route(const route& decided,
                                       const std::vector<interface_info>& interfaces,
                                       source_choice source = source_choice::lasting);

/// The gateways of `entry`, the table's entry that led to `way`, besides the one that was taken.
std::vector<address> other_gateways(const route& entry, const route_info& way);

}  // namespace natcheck::net
