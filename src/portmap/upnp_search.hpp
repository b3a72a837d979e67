// From nothing to the gateway's services: the SSDP search and the device description.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <natcheck/evidence.hpp>
#include <optional>

#include "portmap/port_mapper.hpp"
#include "portmap/upnp_description.hpp"

namespace natcheck::portmap {

/// Searches until the gateway's description is read, the search's schedule (1.6 s) is over, or
/// `deadline` has passed. What was seen on the way goes into `evidence`: location, round trip,
/// attempts, other responders. Both references must outlive the awaiting.
boost::asio::awaitable<result<igd_description>> find_igd(const gateway_access& access,
                                                         upnp_evidence& evidence,
                                                         net::steady_time deadline);

/// The service that opens an IPv6 firewall.
struct ipv6_firewall {
  wan_service control;
  std::optional<std::uint32_t> boot_id;  ///< BOOTID.UPNP.ORG: another one after each restart
};

/// Searches an IPv6 router (`access.gateway`, link-local with its zone) for its
/// WANIPv6FirewallControl: the router itself, and if that is silent everyone on the link, 1.6 s
/// each. `access.from.local` is an address of ours that the router gave out; the search is sent
/// from the link-local one.
boost::asio::awaitable<result<ipv6_firewall>> find_ipv6_firewall(gateway_access access);

}  // namespace natcheck::portmap
