// UPnP Internet Gateway Device: what the gateway says of its WAN connection.
// Only the gateway itself is ever asked; other devices that answer the search are named.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <natcheck/evidence.hpp>
#include <optional>

#include "portmap/port_mapper.hpp"
#include "portmap/upnp_description.hpp"
#include "portmap/upnp_soap.hpp"

namespace natcheck::portmap {

/// Asks for status and external address, which changes nothing.
boost::asio::awaitable<upnp_evidence> ask_upnp(gateway_access access, net::steady_time deadline);

/// A WAN connection and what it says of itself.
struct wan_connection {
  wan_service service;
  result<soap_values> status;   ///< GetStatusInfo
  result<soap_values> address;  ///< GetExternalIPAddress
};

/// The WAN connection that speaks for the gateway. Asks one after the other where there are several
/// (seen: an unused WANPPPConnection beside the WANIPConnection, and a MikroTik with two
/// lines of which one was dead): the first that is connected with a public address, else connected,
/// else with any address, else one that answers at all.
boost::asio::awaitable<wan_connection> choose_connection(const gateway_access& access,
                                                         const igd_description& description);

/// Writes the device's names, and why there is none where none was found, into `evidence`.
void take_description(const result<igd_description>& description, upnp_evidence& evidence);

/// Writes what the connection said into `evidence`.
void take_connection(const wan_connection& connection, upnp_evidence& evidence);

}  // namespace natcheck::portmap
