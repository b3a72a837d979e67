// Does the gateway's epoch (RFC 6886 section 3.6, RFC 6887 section 8.5) advance as time does?
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <natcheck/evidence.hpp>

#include "portmap/port_mapper.hpp"

namespace natcheck::portmap {

/// Asks each service that told its epoch once more, and waits 500 ms at most. True where every one
/// has advanced. Asks none, and is false, within a second after `last_answer`, when the last of the
/// answers in `first` came: an epoch that runs could still be the same. `began`: before the first
/// of them.
boost::asio::awaitable<bool> epoch_advances(const gateway_access& access,
                                            const gateway_evidence& first, net::steady_time began,
                                            net::steady_time last_answer);

}  // namespace natcheck::portmap
