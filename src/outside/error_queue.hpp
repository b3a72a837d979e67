// Reads the ICMP errors that the kernel keeps for a socket with IP_RECVERR (ip(7)).
#pragma once

#include <optional>

#include "net/sockets.hpp"
#include "outside/icmp_errors.hpp"

namespace natcheck::outside {

/// Lets packets of this socket travel `ttl` hops, and keeps the ICMP errors about them.
net::error_code limit_hops(net::udp::socket& socket, int ttl);

/// Takes one entry of the socket's error queue; `error` is empty where it is no ICMP error of IPv4.
/// False when the queue is empty. Does not block.
bool take_error(net::udp::socket& socket, std::optional<icmp_error>& error);

}  // namespace natcheck::outside
