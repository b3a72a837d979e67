#include <array>

#include "diagnosis/address_sources.hpp"
#include "diagnosis/evidence_lines.hpp"
#include "diagnosis/rules.hpp"
#include "diagnosis/stations.hpp"

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

}  // namespace

verdict judging::inconclusive(std::string summary, std::vector<std::string> evidence,
                              std::vector<std::string> advice) {
  return {verdict_code::inconclusive, confidence::unconfirmed, std::move(summary),
          std::move(evidence), std::move(advice)};
}

answer judging::answer_of(const facts& s, const verdict& judged) {
  switch (judged.code) {
    case verdict_code::direct:
    case verdict_code::single_nat:
    case verdict_code::ipv6_only:
      return answer::yes;
    case verdict_code::nat_no_mapping_service:
      return s.seen_as() ? answer::yes : answer::unknown;
    case verdict_code::double_nat:
    case verdict_code::cgnat:
    case verdict_code::ds_lite:
    case verdict_code::gateway_wan_down:
    case verdict_code::no_internet:
    case verdict_code::captive_portal:
    case verdict_code::offline:
      return judged.certainty == confidence::confirmed ? answer::no : answer::unknown;
    default:
      return answer::unknown;
  }
}

discover_diagnosis diagnose(const discover_evidence& evidence) {
  const facts s(evidence);
  discover_diagnosis judged;
  judged.main = judge(s);
  judged.findings = judging::findings_of(s);
  judged.answer = judging::answer_of(s, judged.main);
  judged.external = judging::public_address_of(s);
  judged.external_source = judging::external_source(s, judged.external);
  judged.ipv6_source = judging::ipv6_source(s);
  judged.reflexive_ipv4 = s.outside.reflexive;
  judged.reflexive_ipv6 = s.outside.ipv6_reflexive;
  judged.gateway_owns_address = judging::gateway_owns_seen_address(evidence);
  judged.path = judging::stations(s, judged.main.code);
  auto& lines = judged.main.evidence;
  for (auto& line : judging::gateway_lines(s)) lines.push_back(std::move(line));
  for (auto& line : judging::outside_lines(s)) lines.push_back(std::move(line));
  return judged;
}

}  // namespace natcheck
