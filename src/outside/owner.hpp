// The owner test: is the public address that STUN saw the gateway's own? Without privileges.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <natcheck/evidence.hpp>

#include "net/sockets.hpp"

namespace natcheck::outside {

/// Sends UDP to a port that no one uses and, where the kernel allows it, ICMP echo requests, all
/// with TTL 1, to `target`, a public IPv4 address that is none of this host's. Nothing of it gets
/// past the gateway. Ends with the first answer from `target` or from `gateway`, or with the
/// schedule (1.2 s). Writes into `seen` as the answers come in; `seen` must outlive the awaiting.
boost::asio::awaitable<void> ask_owner(address target, address gateway, net::source from,
                                       owner_evidence& seen, net::steady_time deadline);

}  // namespace natcheck::outside
