// UPnP Internet Gateway Device: what the gateway says of its WAN connection.
// Only the gateway itself is ever asked; other devices that answer the search are named.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <natcheck/evidence.hpp>
#include <optional>

#include "portmap/port_mapper.hpp"
#include "portmap/upnp_soap.hpp"

namespace natcheck::portmap {

/// Asks for status and external address, which changes nothing.
boost::asio::awaitable<upnp_evidence> ask_upnp(gateway_access access, net::steady_time deadline);

/// One SOAP call on a service of the gateway.
boost::asio::awaitable<result<soap_values>> call_service(const gateway_access& access,
                                                         const wan_service& service,
                                                         std::string_view action,
                                                         const soap_arguments& arguments = {});

/// "Connected", or "Up" as some devices say.
bool is_connected(const std::optional<std::string>& connection_status);

}  // namespace natcheck::portmap
