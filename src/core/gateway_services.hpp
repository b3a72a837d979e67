// The services of a gateway that open ports, a row each.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstdint>
#include <natcheck/evidence.hpp>
#include <string_view>
#include <type_traits>
#include <vector>

namespace natcheck {

struct gateway_service {
  mapping_protocol id;
  std::string_view key;        ///< of values in JSON, and of --via
  std::string_view json_key;   ///< of its object in JSON
  std::string_view name;       ///< for people
  std::uint16_t port;          ///< UDP, of the gateway: 5351 (RFC 6887 section 19.1), 1900 (SSDP)
  bool ipv6;                   ///< it also opens ports of an IPv6 router's firewall
  bool lists_mappings;         ///< it has a table to be read
  bool has_nonce;              ///< that a mapping can be changed and removed by
  bool has_epoch;              ///< its answers say for how long the gateway has had its mappings
  bool tells_address;          ///< without making a mapping
  bool one_per_internal_port;  ///< a request for another external port is about the same mapping
};

/// In the order of mapping_protocol, which is the order of preference.
inline constexpr std::array gateway_services{
    gateway_service{mapping_protocol::pcp, "pcp", "pcp", "PCP", 5351, true, false, true, true,
                    false, true},
    gateway_service{mapping_protocol::nat_pmp, "nat-pmp", "nat_pmp", "NAT-PMP", 5351, false, false,
                    false, true, true, true},
    gateway_service{mapping_protocol::upnp, "upnp", "upnp", "UPnP", 1900, true, true, false, false,
                    true, false},
};

constexpr const gateway_service& row_of(mapping_protocol id) {
  return gateway_services.at(static_cast<std::size_t>(id));
}

/// By its key; null for any other text.
inline const gateway_service* service_called(std::string_view key) {
  const auto* const found = std::ranges::find(gateway_services, key, &gateway_service::key);
  return found == gateway_services.end() ? nullptr : found;
}

/// What it answered.
template <class Gateway>
requires std::same_as<std::remove_const_t<Gateway>, gateway_evidence>
auto& service_of(Gateway& gateway, mapping_protocol id) {
  using service = std::conditional_t<std::is_const_v<Gateway>, const gateway_service_evidence,
                                     gateway_service_evidence>;
  const std::array<service*, 3> services{&gateway.pcp, &gateway.nat_pmp, &gateway.upnp};
  return *services.at(static_cast<std::size_t>(id));
}

template <class Predicate>
bool any_service(const gateway_evidence& gateway, Predicate holds) {
  return std::ranges::any_of(gateway_services, [&](const gateway_service& row) {
    return holds(service_of(gateway, row.id));
  });
}

template <class Predicate>
bool all_services(const gateway_evidence& gateway, Predicate holds) {
  return !any_service(gateway, [&](const auto& service) { return !holds(service); });
}

/// Some service gives this as its external address.
inline bool gives_address(const gateway_evidence& gateway, const address& ip) {
  return any_service(gateway, [&](const auto& service) { return service.external_address == ip; });
}

/// The names of those for which `holds` is true.
template <class Predicate>
std::vector<std::string_view> service_names(Predicate holds) {
  std::vector<std::string_view> names;
  for (const gateway_service& row : gateway_services) {
    if (holds(row)) names.push_back(row.name);
  }
  return names;
}

}  // namespace natcheck
