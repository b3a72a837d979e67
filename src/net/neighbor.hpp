// Whether a neighbor of this link has an address.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <natcheck/evidence.hpp>

#include "net/sockets.hpp"

namespace natcheck::net {

/// Makes the kernel ask for the link-layer address of `ip` (ARP), by a datagram to it that goes no
/// further, and waits 300 ms at most for a neighbor to tell it.
asio::awaitable<neighbor_state> resolve_neighbor(address ip, source from, unsigned interface_index);

}  // namespace natcheck::net
