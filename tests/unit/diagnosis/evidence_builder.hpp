// Evidence as tests want it: a home network, to be bent in one respect.
#pragma once

#include <natcheck/diagnosis.hpp>
#include <string>
#include <vector>

#include "core/written_address.hpp"

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

inline route_info egress_route(const char* local, const char* gateway) {
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
  seen.host.ipv4 = egress_route(local, "192.168.1.1");
  seen.gateway.emplace();
  seen.gateway->ip = ip("192.168.1.1");
  seen.gateway->interface = "eth0";
  seen.gateway->neighbor = neighbor_state::reachable;
  silence(seen.gateway->pcp);
  silence(seen.gateway->nat_pmp);
  silence(seen.gateway->upnp);
  return seen;
}

inline mapping_refusal meaning_of_pcp(int result) {
  switch (result) {
    case 0:
      return mapping_refusal::none;
    case 1:
      return mapping_refusal::unsupported_version;
    case 2:
      return mapping_refusal::not_authorized;
    case 7:
      return mapping_refusal::network_failure;
    case 8:
      return mapping_refusal::no_resources;
    case 12:
      return mapping_refusal::address_mismatch;
    default:
      return mapping_refusal::other;
  }
}

inline void pcp_says(discover_evidence& seen, int result) {
  auto& service = seen.gateway->pcp;
  service = {};
  service.state = service_state::answered;
  service.result = result;
  service.refusal = meaning_of_pcp(result);
  service.version = std::uint8_t{2};
  service.epoch_s = 86'400;
  service.rtt = millis(0.4);
  service.attempts = 1;
}

inline void nat_pmp_says(discover_evidence& seen, const char* external) {
  auto& service = seen.gateway->nat_pmp;
  service = {};
  service.state = service_state::answered;
  service.result = 0;
  service.external_address = ip(external);
  service.rtt = millis(0.4);
  service.attempts = 1;
}

/// With result 2 (not authorized) or 3 (network failure).
inline void nat_pmp_fails(discover_evidence& seen, int result) {
  auto& service = seen.gateway->nat_pmp;
  service = {};
  service.state = service_state::refused;
  service.result = result;
  service.refusal =
      result == 3 ? mapping_refusal::network_failure : mapping_refusal::not_authorized;
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
  service.external_address = read_written_address(external);
  service.rtt = millis(12.3);
  service.attempts = 1;
}

inline void add_ipv6(discover_evidence& seen, const char* local = "2a00:1::10") {
  seen.host.ipv6 = egress_route(local, "fe80::1");
  seen.host.ipv6->prefix_length = 64;
}

// --- outside -------------------------------------------------------------------------------

/// A server on the Internet, known by its address, as it is before it was asked.
inline stun_evidence server(const char* address, transport protocol = transport::udp) {
  stun_evidence one;
  one.address = endpoint{ip(address), 3478};
  one.server = to_string(*one.address);
  one.protocol = protocol;
  one.family = one.address->ip.is_v6() ? 6 : 4;
  return one;
}

inline void add_view(discover_evidence& seen, const char* address, const char* seen_as,
                     transport protocol = transport::udp) {
  auto one = server(address, protocol);
  one.state = service_state::answered;
  one.seen_as = endpoint{ip(seen_as), 40000};
  one.rtt = millis(21);
  one.attempts = 1;
  seen.stun.push_back(one);
}

/// Two servers of different operators saw this.
inline void seen_as(discover_evidence& seen, const char* address) {
  add_view(seen, "9.9.0.7", address);
  add_view(seen, "9.9.1.7", address);
}

/// Asked over UDP and TCP to the end.
inline void add_silent(discover_evidence& seen, const char* address) {
  for (const auto protocol : {transport::udp, transport::tcp}) {
    auto one = server(address, protocol);
    silence(one);
    seen.stun.push_back(one);
  }
}

inline void add_unresolved(discover_evidence& seen, const char* name = "stun.example.org:3478") {
  stun_evidence one;
  one.server = name;
  one.detail = "the name does not resolve";
  seen.stun.push_back(one);
}

inline void add_diverted(discover_evidence& seen, const char* to) {
  add_unresolved(seen);
  seen.stun.back().diverted_to = ip(to);
  seen.stun.back().detail = "its name leads elsewhere";
}

/// What the trace brought: `ips` from TTL 1 on, nullptr where nothing came.
inline void hops(discover_evidence& seen, const std::vector<const char*>& ips) {
  seen.path = {};
  seen.path.state = ips.empty() ? service_state::silent : service_state::answered;
  seen.path.target = endpoint{ip("9.9.0.7"), 3478};
  for (unsigned ttl = 1; const char* text : ips) {
    path_hop hop;
    hop.ttl = ttl++;
    if (text != nullptr) hop.ip = ip(text);
    seen.path.hops.push_back(hop);
  }
}

/// The owner test of `target`: who answered, and whether the packet had expired there.
inline void owner_says(discover_evidence& seen, const char* target, const char* answered_by,
                       bool expired) {
  seen.owner = {};
  seen.owner.state = service_state::answered;
  seen.owner.target = ip(target);
  seen.owner.answered_by = ip(answered_by);
  seen.owner.expired = expired;
}

/// The gateway owns `target`: an answer from there.
inline void owned(discover_evidence& seen, const char* target = "5.5.5.5") {
  owner_says(seen, target, target, false);
}

/// It does not: the packet expired at 192.168.1.1.
inline void disowned(discover_evidence& seen, const char* target = "5.5.5.5") {
  owner_says(seen, target, "192.168.1.1", true);
}

inline void web(discover_evidence& seen, web_result result) {
  seen.web = {};
  seen.web.result = result;
  seen.web.resolved = result != web_result::not_tried;
  seen.web.url = "http://check.example/generate_204";
}

inline void redirect(discover_evidence& seen, const char* location) {
  web(seen, web_result::intercepted);
  seen.web.status = 302;
  seen.web.location = location;
}

/// Two servers, the path and the web were asked, and nothing beyond the gateway answered.
inline void nothing_beyond(discover_evidence& seen) {
  add_silent(seen, "9.9.0.7");
  add_silent(seen, "9.9.1.7");
  hops(seen, {"192.168.1.1"});
  web(seen, web_result::failed);
}

}  // namespace natcheck::testing
