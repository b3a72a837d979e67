// Whether the first router has the target's address: then whoever asks stands behind it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <natcheck/evidence.hpp>
#include <string>

#include "net/sockets.hpp"

namespace natcheck::outside {

/// Sends one empty datagram with a TTL (IPv6: a hop limit) of 1 to `target`, and writes into `seen`
/// who answers: an ICMP error from the target itself comes from a router that has its address, or
/// translates it before it looks at the TTL. Ends only by being cancelled; `seen` must outlive
/// that.
boost::asio::awaitable<void> watch_first_hop(endpoint target, std::string interface,
                                             first_hop& seen);

}  // namespace natcheck::outside
