#include "diagnosis/decided.hpp"

#include <algorithm>

#include "core/gateway_services.hpp"
#include "diagnosis/facts.hpp"

namespace natcheck::judging {

// Only a "yes" is: a service that answers late may confirm what others only left open.
bool is_decided(const discover_evidence& so_far) {
  const facts s(so_far);
  const auto ip = s.outside.agreed();
  if (!ip || (!reports_name(s, *ip) && s.local() != ip)) return false;
  return diagnose(so_far).answer == answer::yes;
}

std::optional<address> seen_outside(const discover_evidence& seen) {
  const auto saw = std::ranges::find_if(seen.stun, [](const stun_evidence& server) {
    return server.state == service_state::answered && server.seen_as && server.family == 4 &&
           is_public(server.seen_as->ip);
  });
  return saw == seen.stun.end() ? std::nullopt : std::optional(saw->seen_as->ip);
}

bool is_settled(const discover_evidence& seen) {
  return std::ranges::any_of(seen.stun, [&](const stun_evidence& server) {
    if (server.state != service_state::answered || !server.seen_as) return false;
    const address& ip = server.seen_as->ip;
    if (!is_public(ip)) return false;  // a server that is near
    if (seen.host.ipv4 && ip == seen.host.ipv4->local) return true;
    return seen.gateway && gives_address(*seen.gateway, ip);
  });
}

bool needs_ipv6(const discover_evidence& seen) {
  // If nothing answers by IPv4 the verdict depends on IPv6, and else an advice may.
  const bool by_ipv4 = std::ranges::any_of(seen.stun, [](const stun_evidence& server) {
    return server.family == 4 && server.state == service_state::answered;
  });
  if (!by_ipv4) return true;
  if (is_settled(seen)) return false;
  const auto code = diagnose(seen).main.code;
  return code == verdict_code::cgnat || code == verdict_code::ds_lite ||
         code == verdict_code::public_address_mismatch;
}

}  // namespace natcheck::judging
