// The description of a UPnP device as text: pure, no I/O.
#pragma once

#include <cstddef>
#include <natcheck/error.hpp>
#include <optional>
#include <string>
#include <vector>

#include "protocols/ssdp/url.hpp"

namespace natcheck::portmap {

/// A service of a device, and where to call it.
struct wan_service {
  std::string type;  ///< serviceType
  ssdp::http_url control;
};

struct igd_description {
  std::string device;  ///< friendlyName of the gateway device
  std::string manufacturer;
  std::string model;                         ///< modelName
  std::vector<wan_service> services;         ///< WAN(IP|PPP)Connection
  std::optional<wan_service> ipv6_firewall;  ///< WANIPv6FirewallControl
};

/// What a description is read for: the one thing that must be in it.
enum class sought { wan_connection, ipv6_firewall };

/// Services looked at in one description; what a device describes beyond that is ignored.
inline constexpr std::size_t max_services = 16;

/// True for a name from before UPnP's (DSL Forum TR-064). Huawei's HG531 has no other; a FRITZ!Box
/// has such a description too, beside the one that can be used without a password.
bool is_dsl_forum(const wan_service& service);

/// Reads a device description that came from `location`. A control URL on another host than the
/// one that was asked is never given out; without what is sought the description is `malformed`.
/// The XML may be faulty or cut (read_xml).
result<igd_description> read_description(const ssdp::http_url& location, const std::string& xml,
                                         sought what = sought::wan_connection);

}  // namespace natcheck::portmap
