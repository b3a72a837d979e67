// NAT64 as the resolver shows it (RFC 7050).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <natcheck/evidence.hpp>
#include <optional>
#include <vector>

#include "net/sockets.hpp"

namespace natcheck::outside {

/// The prefix in an IPv6 address of ipv4only.arpa: that around 192.0.0.170 or .171 at one of the
/// six lengths of RFC 6052 section 2.2. Empty when it is in none, or in more than one. Pure.
std::optional<nat64_prefix> prefix_of(const address& synthesized);

/// Asks the resolver for ipv4only.arpa, which has IPv6 addresses only behind a DNS64.
boost::asio::awaitable<std::optional<nat64_prefix>> find_nat64(net::steady_time deadline);

}  // namespace natcheck::outside
