// Does the gateway's epoch (RFC 6886 section 3.6, RFC 6887 section 8.5) advance as time does?
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <natcheck/evidence.hpp>

#include "portmap/port_mapper.hpp"

namespace natcheck::portmap {

/// It went from `first` to `second` while at most `most` passed: more than none, and no more than
/// that, with 2 s of tolerance. Pure.
bool advances(std::uint32_t first, std::uint32_t second, std::chrono::seconds most);

/// Asks each service that named an epoch once more, and waits 500 ms at most. True where every one
/// has advanced. Asks no one, and is false, within a second after `heard`, when the last of the
/// answers in `first` came: an epoch that runs could still be the same. `began`: before the first
/// of them.
boost::asio::awaitable<bool> epoch_advances(const gateway_access& access,
                                            const gateway_evidence& first, net::steady_time began,
                                            net::steady_time heard);

}  // namespace natcheck::portmap
