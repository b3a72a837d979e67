#include <algorithm>
#include <array>

#include "diagnosis/evidence_lines.hpp"
#include "diagnosis/rules.hpp"

namespace natcheck {
namespace {

using judging::facts;

// The first that applies decides: the earliest break on the way from here to the Internet. What
// external servers saw stands before what the gateway said, that before what other routers tell,
// and that before what nobody said.
constexpr std::array rules{
    judging::egress_route_not_read,
    judging::no_ipv4_route,
    judging::dead_gateway,
    judging::own_address_seen,
    judging::absent_gateway,
    judging::report_disowned,
    judging::report_seen,
    judging::report_outdated,
    judging::tunnel_address_on_host,
    judging::leaves_by_tunnel,
    judging::captive_portal,
    judging::nothing_beyond,
    judging::public_address_on_host,
    judging::contradicting_reports,
    judging::public_report,
    judging::shared_report,
    judging::ds_lite_report,
    judging::private_report,
    judging::carrier_address_on_host,
    judging::carrier_on_path,
    judging::second_router_on_path,
    judging::nat_behind_gateway,
    judging::strange_report,
    judging::hidden_address,
    judging::wan_down,
    judging::another_line_down,
    judging::network_failure,
    judging::leaves_without_router,
    judging::names_do_not_resolve,
    judging::service_without_address,
    judging::unfinished_tests,
    judging::no_udp_heard,
    judging::no_service,
};

verdict judge(const facts& s) {
  for (const auto& rule : rules) {
    if (auto found = rule(s)) return *std::move(found);
  }
  return *judging::nothing_learnt(s);
}

/// Who, of this host and its gateway, names this address too.
std::vector<std::string> sources_of(const facts& s, const address& ip) {
  std::vector<std::string> sources;
  if (s.local() == ip) sources.emplace_back("interface");
  for (const auto& reported_address : s.reported) {
    if (reported_address.ip == ip) sources.emplace_back(reported_address.source);
  }
  return sources;
}

/// No external server answered: what this host or its gateway reports, where they agree.
std::optional<public_address> named_from_inside(const facts& s) {
  const auto local = s.local();
  const bool on_host = local && is_public(*local);
  if (!on_host && s.reported.empty()) return std::nullopt;
  const address ip = on_host ? *local : s.reported.front().ip;
  if (!is_public(ip)) return std::nullopt;
  const bool all_agree =
      std::all_of(s.reported.begin(), s.reported.end(),
                  [&](const auto& reported_address) { return reported_address.ip == ip; });
  if (!all_agree) return std::nullopt;
  return public_address{ip, sources_of(s, ip)};
}

}  // namespace

diagnosis diagnose(const discover_evidence& evidence) {
  const facts s(evidence);
  diagnosis judged{judge(s), judging::findings_of(s)};
  auto& lines = judged.main.evidence;
  for (auto& line : judging::gateway_lines(s)) lines.push_back(std::move(line));
  for (auto& line : judging::outside_lines(s)) lines.push_back(std::move(line));
  return judged;
}

std::optional<public_address> public_address_of(const discover_evidence& evidence) {
  const facts s(evidence);
  if (!s.outside.sees_us()) return named_from_inside(s);
  const auto ip = s.seen_as();
  if (!ip) return std::nullopt;
  public_address found{*ip, sources_of(s, *ip)};
  found.sources.emplace_back("stun");
  return found;
}

answer answer_of(const discover_evidence& evidence, const verdict& judged) {
  switch (judged.code) {
    case verdict_code::direct:
    case verdict_code::single_nat:
    case verdict_code::ipv6_only:
      return answer::yes;
    case verdict_code::nat_no_mapping_service:
      return facts(evidence).seen_as() ? answer::yes : answer::unknown;
    case verdict_code::double_nat:
    case verdict_code::cgnat:
    case verdict_code::ds_lite:
    case verdict_code::gateway_wan_down:
    case verdict_code::no_internet:
    case verdict_code::captive_portal:
    case verdict_code::offline:
      // "No" is for what is proven.
      return judged.certainty == confidence::confirmed ? answer::no : answer::unknown;
    default:
      return answer::unknown;
  }
}

}  // namespace natcheck
