// The services of a gateway that open ports, a row each.
#pragma once

#include <array>
#include <cstdint>
#include <natcheck/evidence.hpp>
#include <string_view>

namespace natcheck {

struct gateway_service {
  mapping_protocol id;
  std::string_view key;        ///< of values in JSON, and of --via
  std::string_view json_key;   ///< of its object in JSON
  std::string_view name;       ///< for people
  bool ipv6;                   ///< it also opens ports of an IPv6 router's firewall
  bool lists_mappings;         ///< it has a table to be read
  bool has_nonce;              ///< that a mapping can be changed and removed by
  bool has_epoch;              ///< its answers say for how long the gateway has had its mappings
  bool one_per_internal_port;  ///< a second request moves the mapping
};

/// In the order of mapping_protocol, which is the order of preference.
inline constexpr std::array gateway_services{
    gateway_service{mapping_protocol::pcp, "pcp", "pcp", "PCP", true, false, true, true, true},
    gateway_service{mapping_protocol::nat_pmp, "nat-pmp", "nat_pmp", "NAT-PMP", false, false, false,
                    true, true},
    gateway_service{mapping_protocol::upnp, "upnp", "upnp", "UPnP", true, true, false, false,
                    false},
};

constexpr const gateway_service& row_of(mapping_protocol id) {
  return gateway_services.at(static_cast<std::size_t>(id));
}

/// What it answered.
inline const gateway_service_evidence& service_of(const gateway_evidence& gateway,
                                                  mapping_protocol id) {
  if (id == mapping_protocol::pcp) return gateway.pcp;
  if (id == mapping_protocol::nat_pmp) return gateway.nat_pmp;
  return gateway.upnp;
}

}  // namespace natcheck
