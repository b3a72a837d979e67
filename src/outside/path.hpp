// The first routers on the egress route, without privileges: UDP with a small TTL, and the ICMP
// errors that the kernel keeps for the socket (IP_RECVERR, ip(7)).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <natcheck/evidence.hpp>
#include <optional>
#include <vector>

#include "net/sockets.hpp"
#include "outside/servers.hpp"

namespace natcheck::outside {

/// Where to aim when no STUN server's name resolves: a.root-servers.net, whose address has been
/// the same since 1993. It is sent a DNS query, which it is there to answer.
endpoint fallback_target();

/// Where the path is to be traced to: a server outside that is asked anyway. Empty where only
/// servers that are near were named. Pure.
std::optional<endpoint> path_target(const std::vector<stun_server>& servers);

/// Asks for all TTLs at once and again for those that stay silent. Ends when a public router or the
/// end of the path (the target, or a router that sends packets back as unreachable) is reached and
/// every hop before it is known, or with its schedule (1.2 s, and longer on a slow line).
/// Writes into `seen` as the answers come in, so that a caller who stops it keeps what came;
/// `seen` must outlive the awaiting. IPv4 only.
boost::asio::awaitable<void> trace(endpoint target, net::source from, path_evidence& seen,
                                   net::steady_time deadline);

}  // namespace natcheck::outside
