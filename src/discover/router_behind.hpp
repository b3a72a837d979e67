// The router behind a default gateway that only forwards, found without asking anyone outside.
#pragma once

#include <natcheck/evidence.hpp>
#include <optional>
#include <vector>

#include "net/when_all.hpp"

namespace natcheck::discovering {

/// The device of this link that is the router, by the same rule as for `discover`
/// (diagnosis/which_router): of `responders`, which answered a search for gateways, and of those
/// that forward packets within the first two hops (ICMP, 300 ms), one that opens ports. Empty where
/// it is the gateway of the IPv4 route, which `host` has, and at `deadline`. Nothing that is sent
/// goes further than three hops.
net::asio::awaitable<std::optional<address>> router_behind(host_network host,
                                                           std::vector<address> responders,
                                                           net::steady_time deadline);

}  // namespace natcheck::discovering
