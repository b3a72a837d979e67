// The addresses of this host.
#pragma once

#include <natcheck/endpoint.hpp>
#include <vector>

namespace natcheck::net {

/// Of all interfaces, IPv6 without a zone, in ascending order. Empty where the kernel does not tell
/// (rtnetlink). Blocks no longer than it takes to answer.
std::vector<address> read_own_addresses();

}  // namespace natcheck::net
