// The gateway's table of port mappings, read by UPnP.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <natcheck/evidence.hpp>
#include <natcheck/mappings.hpp>
#include <string>
#include <vector>

#include "portmap/port_mapper.hpp"
#include "portmap/upnp_description.hpp"

namespace natcheck::portmap {

inline constexpr std::size_t max_rows = 1000;  ///< read of one table

struct upnp_table {
  upnp_evidence gateway;  ///< whether there is a table, and the WAN connection whose table it is
  std::vector<table_entry> rows;
  /// Why there may be more than `rows`; empty when the end of the table was reached.
  cause incomplete_because;
  std::vector<cause> notes;  ///< what was odd, a sentence each
};

/// Finds the gateway's WAN connection and reads its table row by row, until `deadline` at most.
/// Changes nothing on the gateway.
boost::asio::awaitable<upnp_table> read_upnp_table(gateway_access access,
                                                   net::steady_time deadline);

/// Reads the table of one WAN connection into `table`, whose `gateway` it leaves alone. Gives why
/// it was not read to its end; empty when it was. The references must outlive the awaiting.
boost::asio::awaitable<cause> read_rows(const gateway_access& access, const wan_service& service,
                                        upnp_table& table);

}  // namespace natcheck::portmap
