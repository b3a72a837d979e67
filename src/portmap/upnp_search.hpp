// From nothing to the gateway's WAN connection: the SSDP search and the device description.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <natcheck/evidence.hpp>

#include "portmap/port_mapper.hpp"
#include "portmap/upnp_description.hpp"

namespace natcheck::portmap {

/// Searches until the gateway's description is read, the search's schedule (2 s) is over, or
/// `deadline` has passed. What was seen on the way goes into `evidence`: location, round trip,
/// attempts, other responders. Both references must outlive the awaiting.
boost::asio::awaitable<result<igd_description>> find_igd(const gateway_access& access,
                                                         upnp_evidence& evidence,
                                                         net::steady_time deadline);

}  // namespace natcheck::portmap
