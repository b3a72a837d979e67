// What tells a mapping from others, and what has to be remembered so that a later run can remove
// it.
#pragma once

#include <chrono>
#include <cstdint>
#include <natcheck/endpoint.hpp>
#include <natcheck/evidence.hpp>
#include <optional>
#include <string>

namespace natcheck {

struct mapping_key {
  mapping_protocol via = mapping_protocol::nat_pmp;
  transport protocol = transport::tcp;
  address gateway;  ///< that was asked; an IPv6 one is link-local and has its zone
  endpoint internal;
  std::uint16_t external_port = 0;  ///< granted, or as asked for while there is no answer

  friend bool operator==(const mapping_key&, const mapping_key&) = default;
};

struct mapping_record : mapping_key {
  std::string interface;                   ///< towards the gateway
  std::chrono::seconds lifetime{0};        ///< 0: the entry has no end
  std::string nonce;                       ///< PCP: its 12 bytes in hexadecimal; else empty
  std::optional<std::string> description;  ///< UPnP: how the gateway keeps ours; empty: not known
  std::optional<std::uint16_t> pinhole;    ///< UniqueID of WANIPv6FirewallControl

  friend bool operator==(const mapping_record&, const mapping_record&) = default;
};

/// Both are about one mapping of the gateway. PCP and NAT-PMP have one for each internal endpoint
/// (RFC 6887 section 11, RFC 6886 section 3.3), UPnP one for each external port.
bool same_mapping(const mapping_key& a, const mapping_key& b);

/// Both lead to the same internal endpoint, whatever the protocol and the external port.
bool same_destination(const mapping_key& a, const mapping_key& b);

/// Both open the same port to the same place, by whichever protocol: most IPv4 gateways have one
/// table for all.
bool same_external_port(const mapping_key& a, const mapping_key& b);

}  // namespace natcheck
