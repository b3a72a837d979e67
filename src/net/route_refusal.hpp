// Whether this host's own routes let a packet out, before it is sent.
#pragma once

#include <natcheck/error.hpp>
#include <optional>
#include <string>

#include "net/sockets.hpp"

namespace natcheck::net {

/// Why the kernel would not send a packet of `protocol` from `from` to `to`: a rule or a route
/// prohibits it, calls the target unreachable, or discards it (ip-rule(8), ip-route(8)). The
/// failure is `denied`. Empty where it sends the packet, where it merely has no route by that
/// interface, and where it does not tell.
///
/// A socket that is kept on an interface does not notice: without a route Linux takes every IPv4
/// target for a neighbor, sending succeeds, and no one answers ARP. Sends nothing, and blocks no
/// longer than the kernel takes to answer (microseconds).
std::optional<failure> route_refusal(natcheck::operation operation, const source& from,
                                     transport protocol, const endpoint& to);

/// For an errno of the kernel's lookup: route_prohibits, route_unreachable or route_discards. Pure.
cause cause_of_refusal(int code);

}  // namespace natcheck::net
