#include <array>

#include "diagnosis/evidence_lines.hpp"
#include "diagnosis/rules.hpp"

namespace natcheck {
namespace {

using judging::situation;

// The first that applies decides: the earliest break on the way from here to the Internet, then
// what the gateway said, then what it did not say.
constexpr std::array<judging::rule*, 16> rules{
    judging::no_ipv4_route,    judging::dead_gateway,
    judging::address_on_host,  judging::contradicting_claims,
    judging::public_claim,     judging::shared_claim,
    judging::ds_lite_claim,    judging::private_claim,
    judging::strange_claim,    judging::hidden_address,
    judging::wan_down,         judging::natpmp_network_failure,
    judging::leaves_by_tunnel, judging::carrier_address_on_host,
    judging::unfinished_tests, judging::no_service,
};

verdict judge(const situation& s) {
  for (const auto& rule : rules) {
    if (auto found = rule(s)) return *std::move(found);
  }
  return *judging::nothing_learnt(s);
}

}  // namespace

diagnosis diagnose(const discover_evidence& evidence) {
  const situation s(evidence);
  diagnosis judged{judge(s), judging::findings_of(s)};
  for (auto& line : judging::gateway_lines(s)) judged.main.evidence.push_back(std::move(line));
  return judged;
}

std::optional<public_address> public_address_of(const discover_evidence& evidence) {
  const situation s(evidence);
  const auto local = s.local();
  const bool on_host = local && is_public(*local);
  if (!on_host && s.claims.empty()) return std::nullopt;
  public_address found{on_host ? *local : s.claims.front().ip, {}};
  if (!is_public(found.ip)) return std::nullopt;
  if (on_host) found.sources.emplace_back("interface");
  for (const auto& claim : s.claims) {
    if (claim.ip != found.ip) return std::nullopt;
    found.sources.emplace_back(claim.source);
  }
  return found;
}

answer answer_of(const discover_evidence&, const verdict& judged) {
  switch (judged.code) {
    case verdict_code::direct:
    case verdict_code::single_nat:
    case verdict_code::ipv6_only:
      return answer::yes;
    case verdict_code::double_nat:
    case verdict_code::cgnat:
    case verdict_code::ds_lite:
    case verdict_code::gateway_wan_down:
    case verdict_code::offline:
      return answer::no;
    default:
      return answer::unknown;
  }
}

}  // namespace natcheck
