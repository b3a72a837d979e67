// What has to be remembered of a mapping so that a later run can remove it.
#pragma once

#include <chrono>
#include <cstdint>
#include <natcheck/endpoint.hpp>
#include <natcheck/evidence.hpp>
#include <optional>
#include <string>

namespace natcheck {

struct mapping_record {
  mapping_protocol via = mapping_protocol::nat_pmp;
  transport protocol = transport::tcp;
  address gateway;        ///< that was asked; an IPv6 one is link-local and has its zone
  std::string interface;  ///< towards it
  endpoint internal;
  std::uint16_t external_port = 0;         ///< granted, or as asked for while there is no answer
  std::chrono::seconds lifetime{0};        ///< 0: the entry has no end
  std::string nonce;                       ///< PCP: its 12 bytes in hexadecimal; else empty
  std::optional<std::string> description;  ///< UPnP: how the gateway keeps ours; empty: not known
  std::optional<std::uint16_t> pinhole;    ///< UniqueID of WANIPv6FirewallControl

  friend bool operator==(const mapping_record&, const mapping_record&) = default;
};

}  // namespace natcheck
