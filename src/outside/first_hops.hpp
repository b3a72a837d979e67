// Who answers at the first hops to a target: whether whoever asks stands behind the target's
// router.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <natcheck/evidence.hpp>
#include <optional>
#include <string>

#include "net/sockets.hpp"

namespace natcheck::outside {

/// Sends empty datagrams with a TTL (IPv6: a hop limit) of 1, 2 and 3 to `target`, all at once, and
/// writes into `hops` who answers: an ICMP error from the target itself comes from a router that
/// has its address, or translates it before it looks at the TTL, or from the server. Ends by being
/// cancelled, or when the target has answered all three; `hops` must outlive that.
boost::asio::awaitable<void> watch_first_hops(endpoint target, std::string interface,
                                              std::array<std::optional<address>, 3>& hops);

/// Sets `proxy` where a connection to `target` with a TTL (IPv6: a hop limit) of 1 is accepted,
/// though it gets no farther than the first router. Ends then, or by being cancelled.
boost::asio::awaitable<void> watch_for_proxy(endpoint target, std::string interface, bool& proxy);

/// As watch_first_hops, until `target` itself answers, or `deadline`.
boost::asio::awaitable<void> locate(endpoint target, std::string interface,
                                    std::array<std::optional<address>, 3>& hops,
                                    net::steady_time deadline);

}  // namespace natcheck::outside
