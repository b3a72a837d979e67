// What it takes to prove a verdict, told anew and without the rules.
#pragma once

#include <algorithm>
#include <natcheck/diagnosis.hpp>

namespace natcheck::testing {

inline std::vector<address> seen_outside(const discover_evidence& e, unsigned family = 4) {
  std::vector<address> all;
  for (const auto& server : e.stun) {
    if (server.family == family && server.seen_as) all.push_back(server.seen_as->ip);
  }
  return all;
}

inline bool contains(const std::vector<address>& all, const address& ip) {
  return std::find(all.begin(), all.end(), ip) != all.end();
}

/// What the gateway's services named.
inline std::vector<address> reports_of(const discover_evidence& e) {
  std::vector<address> all;
  for (const auto& ip : {e.gateway->nat_pmp.external_address, e.gateway->upnp.external_address}) {
    if (ip) all.push_back(*ip);
  }
  return all;
}

inline bool reports_scope(const discover_evidence& e, address_scope scope) {
  const auto reported = reports_of(e);
  return std::any_of(reported.begin(), reported.end(),
                     [&](const address& ip) { return scope_of(ip) == scope; });
}

inline bool is_closed(const service_evidence& service) {
  return service.state == service_state::silent || service.state == service_state::refused ||
         service.state == service_state::answered;
}

inline bool silent_over(const discover_evidence& e, transport protocol) {
  return std::any_of(e.stun.begin(), e.stun.end(), [&](const auto& server) {
    return server.protocol == protocol && server.family == 4 &&
           (server.state == service_state::silent || server.state == service_state::refused);
  });
}

inline bool path_ends_at_gateway(const discover_evidence& e) {
  return e.path.state != service_state::not_tried &&
         std::none_of(e.path.hops.begin(), e.path.hops.end(),
                      [](const path_hop& hop) { return hop.ttl > 1 && hop.ip; });
}

/// UDP, TCP, the path and the web: everything was asked, and nothing answered.
inline bool nothing_is_beyond(const discover_evidence& e) {
  return seen_outside(e).empty() && silent_over(e, transport::udp) &&
         silent_over(e, transport::tcp) && path_ends_at_gateway(e) &&
         e.web.result == web_result::failed;
}

inline bool is_dead(const discover_evidence& e) {
  const auto& [pcp, nat_pmp, upnp] = std::tie(e.gateway->pcp, e.gateway->nat_pmp, e.gateway->upnp);
  const auto silent = [](const service_evidence& s) { return s.state == service_state::silent; };
  return e.gateway->neighbor == neighbor_state::unanswered &&
         (silent(pcp) || silent(nat_pmp) || silent(upnp)) && seen_outside(e).empty();
}

/// Somebody at the address that was seen outside answers a packet that gets as far as the gateway.
inline bool owned_by_gateway(const discover_evidence& e) {
  return e.owner.state == service_state::answered && e.owner.target &&
         e.owner.answered_by == e.owner.target && contains(seen_outside(e), *e.owner.target);
}

/// The same packet expires at the gateway.
inline bool disowned_by_gateway(const discover_evidence& e) {
  return e.owner.expired && e.owner.answered_by == e.gateway->ip &&
         e.owner.answered_by != e.owner.target;
}

inline bool translates_beyond(const discover_evidence& e, address_scope scope) {
  return !seen_outside(e).empty() &&
         (reports_scope(e, scope) || scope_of(e.host.ipv4->local) == scope);
}

/// The evidence, which has an IPv4 way out and a gateway, suffices for a confirmed verdict.
inline bool is_proven(const discover_evidence& e, verdict_code code) {
  const address local = e.host.ipv4->local;
  const auto seen = seen_outside(e);
  switch (code) {
    case verdict_code::offline:
      return is_dead(e);
    case verdict_code::direct:
      return contains(seen, local);
    case verdict_code::single_nat:
      return std::any_of(seen.begin(), seen.end(), [&](const address& ip) {
        const bool denied = disowned_by_gateway(e) && e.owner.target == ip;
        return !denied && contains(reports_of(e), ip);
      });
    case verdict_code::double_nat:
      return translates_beyond(e, address_scope::private_use) &&
             reports_scope(e, address_scope::private_use);
    case verdict_code::cgnat:
      return translates_beyond(e, address_scope::shared);
    case verdict_code::ds_lite:
      return translates_beyond(e, address_scope::ds_lite);
    case verdict_code::public_address_mismatch:
      return (seen.size() > 1 || owned_by_gateway(e)) && !contains(seen, local) &&
             std::none_of(seen.begin(), seen.end(),
                          [&](const address& ip) { return contains(reports_of(e), ip); });
    case verdict_code::nat_no_mapping_service:
      return !seen.empty() && owned_by_gateway(e) && is_closed(e.gateway->pcp) &&
             is_closed(e.gateway->nat_pmp) && is_closed(e.gateway->upnp);
    case verdict_code::vpn_egress:
      return !seen.empty() && e.host.ipv4->kind == interface_kind::tunnel;
    case verdict_code::captive_portal:
      return seen.empty() && e.web.result == web_result::intercepted;
    case verdict_code::no_internet:
      return nothing_is_beyond(e);
    case verdict_code::gateway_wan_down:
      return nothing_is_beyond(e) && (reports_scope(e, address_scope::unspecified) ||
                                      e.gateway->upnp.connection_status == "Disconnected");
    case verdict_code::ipv6_only:
      return e.host.ipv6 && contains(seen_outside(e, 6), e.host.ipv6->local);
    default:
      return false;
  }
}

}  // namespace natcheck::testing
