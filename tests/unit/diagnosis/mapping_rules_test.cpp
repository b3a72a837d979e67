#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <natcheck/diagnosis.hpp>

#include "failed_mapping.hpp"
#include "print.hpp"

namespace natcheck {
namespace mapping_rules_test {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using enum service_state;
using enum confidence;

struct row {
  const char* name;
  std::vector<mapping_attempt> attempts;
  verdict_code code;
  confidence certainty;
  const char* in_advice;
};

const row rows[] = {
    {"silent",
     {{pmp, silent, {}}, {upnp, silent, {}}},
     verdict_code::no_mapping_service,
     likely,
     "turn on UPnP or NAT-PMP"},
    {"refused by ICMP",
     {{pmp, refused, {}}, {upnp, silent, {}}},
     verdict_code::no_mapping_service,
     likely,
     "turn on"},
    {"one not asked",
     {{pmp, silent, {}}, {upnp, not_tried, {}}},
     verdict_code::inconclusive,
     unconfirmed,
     "at least ten seconds"},
    {"timed out",
     {{pmp, not_tried, "timed out"}, {upnp, not_tried, {}}},
     verdict_code::inconclusive,
     unconfirmed,
     "natcheck discover"},
    {"one answered in no usable way",
     {{pmp, silent, {}}, {upnp, malformed, {}}},
     verdict_code::inconclusive,
     unconfirmed,
     "firmware"},
    {"NAT-PMP not authorised",
     {{pmp, refused, {}, mapping_refusal::not_authorized, 2}, {upnp, silent, {}}},
     verdict_code::mapping_refused,
     confirmed,
     "FRITZ!Box"},
    {"UPnP not authorised",
     {{upnp, refused, {}, mapping_refusal::not_authorized, 606}},
     verdict_code::mapping_refused,
     confirmed,
     "Permit Access"},
    {"policy, though UPnP calls it a conflict",
     {{upnp, refused, {}, mapping_refusal::port_conflict, 718},
      {pmp, refused, {}, mapping_refusal::not_authorized, 2}},
     verdict_code::mapping_refused,
     confirmed,
     "allow it"},
    {"conflict",
     {{pmp, silent, {}}, {upnp, refused, {}, mapping_refusal::port_conflict, 718}},
     verdict_code::port_conflict,
     confirmed,
     "natcheck serve --map 1235:8080"},
    {"another mechanism",
     {{upnp, refused, {}, mapping_refusal::port_conflict, 729}},
     verdict_code::port_conflict,
     confirmed,
     "1235"},
    {"UPnP table full",
     {{upnp, refused, {}, mapping_refusal::table_full, 728}},
     verdict_code::mapping_table_full,
     confirmed,
     "delete mappings"},
    {"NAT-PMP table full",
     {{pmp, refused, {}, mapping_refusal::table_full, 4}},
     verdict_code::mapping_table_full,
     confirmed,
     "delete mappings"},
    {"728 means nothing in NAT-PMP",
     {{pmp, refused, {}, mapping_refusal::other, 728}},
     verdict_code::mapping_refused,
     confirmed,
     "log"},
    {"not kept",
     {{upnp, answered, {}, mapping_refusal::not_kept}, {pmp, silent, {}}},
     verdict_code::mapping_not_kept,
     confirmed,
     "firmware"},
    {"permanent only",
     {{upnp, refused, {}, mapping_refusal::lifetime_rejected, 725}},
     verdict_code::mapping_refused,
     confirmed,
     "--via nat-pmp"},
    {"lifetime refused",
     {{upnp, refused, {}, mapping_refusal::lifetime_rejected, 402}},
     verdict_code::mapping_refused,
     confirmed,
     "--lifetime"},
    {"action failed",
     {{upnp, refused, {}, mapping_refusal::no_reason, 501}},
     verdict_code::mapping_refused,
     confirmed,
     "natcheck discover"},
    {"network failure",
     {{pmp, refused, {}, mapping_refusal::network_failure, 3}},
     verdict_code::mapping_refused,
     confirmed,
     "natcheck discover"},
    {"garbage",
     {{pmp, malformed, {}}},
     verdict_code::inconclusive,
     unconfirmed,
     "restart the router"},
    {"PCP not authorised",
     {{pcp, refused, {}, mapping_refusal::not_authorized, 2}, {pmp, silent, {}}},
     verdict_code::mapping_refused,
     confirmed,
     "allow it"},
    {"PCP of another version is no PCP",
     {{pcp, refused, {}, mapping_refusal::unsupported_version, 1},
      {pmp, silent, {}},
      {upnp, silent, {}}},
     verdict_code::no_mapping_service,
     likely,
     "turn on"},
    {"NAT-PMP of another version is no NAT-PMP",
     {{pmp, refused, {}, mapping_refusal::unsupported_version, 1}},
     verdict_code::no_mapping_service,
     likely,
     "turn on"},
    {"PCP network failure",
     {{pcp, refused, {}, mapping_refusal::network_failure, 7}},
     verdict_code::mapping_refused,
     confirmed,
     "natcheck discover"},
    {"PCP without resources",
     {{pcp, refused, {}, mapping_refusal::no_resources, 8}},
     verdict_code::mapping_refused,
     confirmed,
     "natcheck discover"},
    {"a private external address, as miniupnpd tells it",
     {{pcp, refused, {}, mapping_refusal::no_resources, 8},
      {pmp, refused, {}, mapping_refusal::network_failure, 3},
      {upnp, refused, {}, mapping_refusal::no_reason, 501}},
     verdict_code::mapping_refused,
     confirmed,
     "natcheck discover shows which"},
    {"PCP without resources, and UPnP says which",
     {{pcp, refused, {}, mapping_refusal::no_resources, 8},
      {upnp, refused, {}, mapping_refusal::table_full, 728}},
     verdict_code::mapping_table_full,
     confirmed,
     "mappings list"},
    {"PCP quota",
     {{pcp, refused, {}, mapping_refusal::over_quota, 10}, {upnp, silent, {}}},
     verdict_code::mapping_table_full,
     confirmed,
     "close ports"},
    {"PCP cannot give this port",
     {{pcp, refused, {}, mapping_refusal::port_conflict, 11}},
     verdict_code::port_conflict,
     confirmed,
     "--any-port"},
    {"another NAT in between",
     {{pcp, refused, {}, mapping_refusal::address_mismatch, 12},
      {pmp, refused, {}, mapping_refusal::not_authorized, 2},
      {upnp, refused, {}, mapping_refusal::not_authorized, 606}},
     verdict_code::double_nat,
     confirmed,
     "nearer router"},
    {"PCP wants to know who asks",
     {{pcp, refused, {}, mapping_refusal::not_authorized, 15}},
     verdict_code::mapping_refused,
     confirmed,
     "allow it"},
    {"an unknown result of PCP",
     {{pcp, refused, {}, mapping_refusal::other, 99}},
     verdict_code::mapping_refused,
     confirmed,
     "log"},
    {"another port was granted by NAT-PMP",
     {{pmp, refused, "it granted external port 1235 instead of 1234",
       mapping_refusal::granted_otherwise}},
     verdict_code::port_granted_otherwise,
     confirmed,
     "natcheck serve --map 1234:8080 --any-port"},
    {"another port was granted by PCP",
     {{pcp, refused, "it granted external port 1235 instead of 1234",
       mapping_refusal::granted_otherwise}},
     verdict_code::port_granted_otherwise,
     confirmed,
     "natcheck serve --map 1234:8080 --any-port"},
    {"another port by PCP, and UPnP knows who has the one that was wanted",
     {{pcp, refused, "it granted external port 1235 instead of 1234",
       mapping_refusal::granted_otherwise},
      {upnp, refused, "port 1234 is already forwarded to 192.168.1.20:80",
       mapping_refusal::port_conflict, 718}},
     verdict_code::port_conflict,
     confirmed,
     "natcheck serve --map 1235:8080"},
    {"this port alone is refused",
     {{upnp, refused, {}, mapping_refusal::port_not_allowed, 716}},
     verdict_code::mapping_refused,
     confirmed,
     "natcheck serve --map 1235:8080"},
    {"the same port on both sides",
     {{upnp, refused, {}, mapping_refusal::same_port_required, 724}, {pmp, silent, {}}},
     verdict_code::mapping_refused,
     confirmed,
     "natcheck serve --map 8080:8080"},
    {"nothing tried", {}, verdict_code::inconclusive, unconfirmed, "natcheck discover"},
};

TEST(MappingRules, APortThatIsOpenUnderAnotherNumberIsAConflict) {
  const auto seen =
      trying({{pmp, refused, "port 8080 of this machine is already open as external port 80",
               mapping_refusal::already_mapped}});
  const auto v = diagnose(seen).main;
  EXPECT_EQ(v.code, verdict_code::port_conflict);
  EXPECT_THAT(v.summary, HasSubstr("on a different external port"));
  EXPECT_THAT(v.evidence, ::testing::ElementsAre("NAT-PMP: refused: port 8080 of this machine is "
                                                 "already open as external port 80"));
}

// Who answered offers the service, whatever the answer was.
TEST(MappingRules, OnlyThreeWhoAreSilentOrClosedOfferNothing) {
  constexpr bool present = true;
  const auto summary = [](std::vector<mapping_attempt> attempts) {
    return diagnose(trying(std::move(attempts))).main.summary;
  };
  const mapping_attempt none{pcp, silent, {}};
  const mapping_attempt closed{pmp, refused, "nothing listens on that port"};
  EXPECT_THAT(summary({none, closed, {upnp, silent, {}}}),
              HasSubstr("neither PCP nor NAT-PMP nor UPnP"));
  EXPECT_EQ(
      summary({none, {pmp, malformed, {}, mapping_refusal::none, 0, present}, {upnp, silent, {}}}),
      "NAT-PMP is available, but its answer is unusable.");
  EXPECT_EQ(
      summary({none, {pmp, silent, {}, mapping_refusal::none, 0, present}, {upnp, silent, {}}}),
      "NAT-PMP is available, but does not answer the mapping request.");
  EXPECT_EQ(summary({none, closed, {upnp, refused, "reset", mapping_refusal::none, 0, present}}),
            "UPnP is available, but aborts the mapping request.");
  EXPECT_EQ(summary({none, closed, {upnp, silent, "timed out", mapping_refusal::none, 0, present}}),
            "UPnP is available, but does not answer the mapping request.");
  EXPECT_EQ(summary({{pcp, refused, "it speaks only a draft of PCP",
                      mapping_refusal::unsupported_version, 1, present},
                     closed}),
            "The router responds to PCP, but uses a different version from natcheck.");
  const mapping_attempt other{pcp, refused, "it speaks only NAT-PMP (version 0)"};
  EXPECT_EQ(
      summary({other, {pmp, silent, {}, mapping_refusal::none, 0, present}, {upnp, silent, {}}}),
      "NAT-PMP is available, but does not answer the mapping request.");
  EXPECT_EQ(summary({other}),
            "The router does not offer PCP to this machine, so natcheck cannot open the port that "
            "way.");
  EXPECT_EQ(summary({none, closed, {upnp, not_tried, {}}}),
            "The request timed out before the router answered.");
}

TEST(MappingRules, AFaultOfThisMachineIsNoVerdictAboutTheRouter) {
  const mapping_attempt own{pcp,   not_tried, "too many connections open", mapping_refusal::none, 0,
                            false, true};
  const auto v = diagnose(trying({own, {pmp, silent, {}}, {upnp, silent, {}}})).main;
  EXPECT_EQ(v.code, verdict_code::inconclusive);
  EXPECT_EQ(v.summary, "This machine could not send the request to the router.");
  EXPECT_THAT(v.evidence, Contains(HasSubstr("too many connections open")));
  const auto refusal =
      diagnose(trying({own, {upnp, refused, {}, mapping_refusal::table_full, 728}})).main;
  EXPECT_EQ(refusal.code, verdict_code::mapping_table_full) << "what the router said counts";
}

TEST(MappingRules, TheBestExplanationWins) {
  for (const auto& r : rows) {
    SCOPED_TRACE(r.name);
    const auto v = diagnose(trying(r.attempts)).main;
    EXPECT_EQ(v.code, r.code);
    EXPECT_EQ(v.certainty, r.certainty);
    EXPECT_TRUE(v.summary.ends_with('.'));
    EXPECT_THAT(v.advice, Contains(HasSubstr(r.in_advice)));
  }
}

TEST(MappingRules, TheOrderOfAttemptsDoesNotMatter) {
  for (const auto& r : rows) {
    SCOPED_TRACE(r.name);
    const std::vector<mapping_attempt> turned(r.attempts.rbegin(), r.attempts.rend());
    EXPECT_EQ(diagnose(trying(turned)).main.code, r.code);
  }
}

TEST(MappingRules, AlwaysAdviseTheManualWay) {
  for (const auto& r : rows) {
    SCOPED_TRACE(r.name);
    const auto v = diagnose(trying(r.attempts)).main;
    EXPECT_THAT(v.advice, Contains(HasSubstr("forward TCP port 1234 by hand on the router "
                                             "(192.168.1.1) to 192.168.1.10:8080")));
    EXPECT_THAT(v.advice.back(), HasSubstr("natcheck probe ADDRESS:1234"));
  }
}

TEST(MappingRules, NameEachAttempt) {
  const auto seen =
      trying({{pmp, silent, "no answer to 4 requests"},
              {upnp, refused, "ConflictInMappingEntry", mapping_refusal::port_conflict, 718}});
  EXPECT_THAT(diagnose(seen).main.evidence,
              ::testing::ElementsAre("NAT-PMP: no answer to 4 requests",
                                     "UPnP: refused, code 718: ConflictInMappingEntry"));
}

TEST(MappingRules, AnotherPortGrantedIsToldInWords) {
  for (const auto via : {pcp, pmp}) {
    const auto seen = trying({{via, refused, "it granted external port 1235 instead of 1234",
                               mapping_refusal::granted_otherwise}});
    EXPECT_THAT(diagnose(seen).main.evidence.front(),
                ::testing::EndsWith(": refused: it granted external port 1235 instead of 1234"))
        << "the code is our own";
  }
}

TEST(MappingRules, OnlyWhatWasAskedIsMissing) {
  struct {
    std::vector<mapping_attempt> attempts;
    const char* summary;
  } const table[] = {
      {{{pcp, silent, {}}, {pmp, silent, {}}, {upnp, silent, {}}},
       "The router offers neither PCP nor NAT-PMP nor UPnP to this machine, so natcheck cannot "
       "open the port."},
      {{{pmp, silent, {}}, {upnp, silent, {}}},
       "The router offers neither NAT-PMP nor UPnP to this machine, so natcheck cannot open the "
       "port."},
      {{{upnp, silent, {}}},
       "The router does not offer UPnP to this machine, so natcheck cannot open the port that "
       "way."},
      {{{upnp, silent, {}}, {upnp, refused, {}}},
       "The router does not offer UPnP to this machine, so natcheck cannot open the port that "
       "way."},
  };
  for (const auto& r : table) EXPECT_EQ(diagnose(trying(r.attempts)).main.summary, r.summary);
}

TEST(MappingRules, AnAttemptThatWasCutShortProvesNothing) {
  const auto v = diagnose(trying({{pmp, not_tried, "no answer yet"}})).main;
  EXPECT_EQ(v.summary, "The request timed out before the router answered.");
  EXPECT_THAT(v.evidence, ::testing::ElementsAre("NAT-PMP: not tried: no answer yet"));
}

TEST(MappingRules, ARouterThatAnswersNothingAtAllIsDead) {
  auto seen = trying({{pmp, silent, {}}, {upnp, silent, {}}});
  seen.neighbor = neighbor_state::unanswered;
  const auto v = diagnose(seen).main;
  EXPECT_EQ(v.code, verdict_code::offline);
  EXPECT_EQ(v.certainty, confirmed);
  EXPECT_EQ(v.summary, "The router 192.168.1.1 does not answer on the local network.");
  EXPECT_THAT(v.evidence, Contains("192.168.1.1 does not answer ARP requests"));
  EXPECT_THAT(v.advice, Contains(HasSubstr("switched on")));
  EXPECT_THAT(v.advice, Not(Contains(HasSubstr("by hand"))));
}

TEST(MappingRules, OnlySilenceShowsThatARouterIsDead) {
  auto seen = trying({{pmp, silent, {}}, {upnp, silent, {}}});
  for (const auto state :
       {neighbor_state::unknown, neighbor_state::resolved, neighbor_state::reachable}) {
    seen.neighbor = state;
    EXPECT_EQ(diagnose(seen).main.code, verdict_code::no_mapping_service);
  }
  seen.neighbor = neighbor_state::unanswered;
  seen.attempts = {{pmp, not_tried, {}}, {upnp, not_tried, {}}};
  EXPECT_EQ(diagnose(seen).main.code, verdict_code::inconclusive);
  seen.attempts = {{pmp, refused, {}, mapping_refusal::not_authorized, 2}, {upnp, silent, {}}};
  EXPECT_EQ(diagnose(seen).main.code, verdict_code::mapping_refused);
  seen.attempts.clear();
  EXPECT_EQ(diagnose(seen).main.code, verdict_code::inconclusive);
}

TEST(DiagnoseMapping, TheFarEndOfATunnelIsNoRouter) {
  auto seen = trying({{pmp, silent, {}}, {upnp, refused, {}}});
  seen.tunnel = "tun0";
  for (const bool with_gateway : {true, false}) {
    if (!with_gateway) {
      seen.gateway.reset();
      seen.attempts.clear();
    }
    const auto judged = diagnose(seen).main;
    EXPECT_EQ(judged.code, verdict_code::vpn_egress);
    EXPECT_EQ(judged.certainty, likely);
    EXPECT_THAT(judged.summary, HasSubstr("leaves through tun0"));
    EXPECT_THAT(judged.advice, Not(Contains(HasSubstr("turn on UPnP"))));
  }
  auto refusing = trying({{pmp, refused, {}, mapping_refusal::not_authorized, 2}});
  refusing.tunnel = "tun0";
  EXPECT_EQ(diagnose(refusing).main.code, verdict_code::mapping_refused);
}

TEST(DiagnoseNothing, ProvesNothing) {
  for (const verdict& judged :
       {diagnose(discover_evidence{}).main, diagnose(probe_evidence{}).main,
        diagnose(mapping_evidence{}).main, diagnose(self_test_evidence{}).main,
        diagnose(arrival_evidence{}).main}) {
    EXPECT_EQ(judged.code, verdict_code::inconclusive) << judged.summary;
    EXPECT_EQ(judged.certainty, unconfirmed) << judged.summary;
  }
  EXPECT_EQ(diagnose(discover_evidence{}).answer, answer::unknown);
  EXPECT_EQ(diagnose(probe_evidence{}).answer, answer::unknown);
}

}  // namespace mapping_rules_test
}  // namespace natcheck
