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
};

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

/// The way out along `decided`, whose first next hop counts. Empty when the interface is not among
/// `interfaces` or has no address of that family to send from.
///
/// The source is the one the kernel names. Where it names none (a table's entry rather than a
/// decision), it is the interface's address nearest to the gateway. Where it names a temporary or
/// deprecated IPv6 address, a stable global one of the same interface takes its place.
std::optional<route_info> way_out(const route& decided,
                                  const std::vector<interface_info>& interfaces);

}  // namespace natcheck::net
