#include <algorithm>
#include <natcheck/diagnosis.hpp>

namespace natcheck {
namespace {

/// A gateway that raises the TTL of what it forwards (routers for mobile lines do) lets nothing
/// expire: somebody behind it is hop 1, and an answer may come from anywhere.
bool passes_expired_packets(const discover_evidence& evidence) {
  return std::any_of(evidence.path.hops.begin(), evidence.path.hops.end(), [&](const auto& hop) {
    return hop.ttl == 1 && hop.ip && is_public(*hop.ip) && *hop.ip != evidence.gateway->ip &&
           hop.ip != evidence.owner.target;
  });
}

}  // namespace

tested gateway_owns_seen_address(const discover_evidence& evidence) {
  const auto& owner = evidence.owner;
  if (owner.state != service_state::answered || !owner.target || !evidence.gateway) {
    return tested::not_tested;
  }
  if (owner.answered_by == owner.target) {
    return passes_expired_packets(evidence) ? tested::not_tested : tested::yes;
  }
  const bool expired_there = owner.expired && owner.answered_by == evidence.gateway->ip;
  return expired_there ? tested::no : tested::not_tested;
}

}  // namespace natcheck
