// Evidence as tests want it: a home network, to be bent in one respect.
#pragma once

#include <natcheck/diagnosis.hpp>
#include <string>

namespace natcheck::testing {

inline address ip(const char* text) { return boost::asio::ip::make_address(text); }

inline interface_info nic(const char* name, const char* own, bool default_route = true) {
  interface_info info;
  info.name = name;
  info.kind = interface_kind::ethernet;
  info.up = true;
  if (own != nullptr) info.addresses = {{ip(own), 24}};
  info.default_route = default_route;
  return info;
}

inline route_info way_out(const char* local, const char* gateway) {
  route_info route;
  route.local = ip(local);
  route.prefix_length = 24;
  route.interface = "eth0";
  route.kind = interface_kind::ethernet;
  if (gateway != nullptr) route.gateway = ip(gateway);
  return route;
}

inline void silence(service_evidence& service) {
  service.state = service_state::silent;
  service.detail = "no answer to 3 requests in 1750 ms";
  service.attempts = 3;
}

/// 192.168.1.10 behind 192.168.1.1, which answers ARP and nothing else.
inline discover_evidence home(const char* local = "192.168.1.10") {
  discover_evidence seen;
  seen.host.interfaces = {nic("eth0", local)};
  seen.host.ipv4 = way_out(local, "192.168.1.1");
  seen.gateway.emplace();
  seen.gateway->ip = ip("192.168.1.1");
  seen.gateway->interface = "eth0";
  seen.gateway->neighbor = neighbor_state::reachable;
  silence(seen.gateway->nat_pmp);
  silence(seen.gateway->upnp);
  return seen;
}

inline void nat_pmp_says(discover_evidence& seen, const char* external) {
  auto& service = seen.gateway->nat_pmp;
  service = {};
  service.state = service_state::answered;
  service.result = std::uint16_t{0};
  service.external_address = ip(external);
  service.rtt = millis(0.4);
  service.attempts = 1;
}

inline void nat_pmp_fails(discover_evidence& seen, std::uint16_t result) {
  auto& service = seen.gateway->nat_pmp;
  service = {};
  service.state = service_state::refused;
  service.result = result;
  service.attempts = 1;
}

/// An empty `external` is what the router gives, not the absence of an answer.
inline void upnp_says(discover_evidence& seen, const std::string& external,
                      const char* status = "Connected") {
  auto& service = seen.gateway->upnp;
  service = {};
  service.state = service_state::answered;
  service.connection_status = status;
  service.external_address_text = external;
  if (!external.empty()) service.external_address = ip(external.c_str());
  service.rtt = millis(12.3);
  service.attempts = 1;
}

inline void add_ipv6(discover_evidence& seen, const char* local = "2a00:1::10") {
  seen.host.ipv6 = way_out(local, "fe80::1");
  seen.host.ipv6->prefix_length = 64;
}

}  // namespace natcheck::testing
