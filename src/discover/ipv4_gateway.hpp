// The IPv4 address of a router that the IPv4 route names by its IPv6 address (RFC 8950).
#pragma once

#include <natcheck/evidence.hpp>
#include <optional>

#include "net/when_all.hpp"

namespace natcheck::discovering {

/// Fills in `way->gateway` where the route has an IPv6 router alone. Of those who reject a packet
/// that may go no further than the router (ICMP, 300 ms), and who answer a search for gateways
/// (UPnP, 1.6 s), it is the one with that router's link-layer address. Still empty when there is
/// none before `deadline`. Ends at once, and sends nothing, for any other egress route. `way` must
/// outlive the awaiting.
net::asio::awaitable<void> find_ipv4_gateway(std::optional<route_info>& way,
                                             net::steady_time deadline);

}  // namespace natcheck::discovering
