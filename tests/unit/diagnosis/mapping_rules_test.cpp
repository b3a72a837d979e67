#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <natcheck/diagnosis.hpp>

#include "core/upnp_errors.hpp"
#include "failed_mapping.hpp"
#include "print.hpp"

namespace natcheck {
namespace {

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
     {{pmp, silent, {}, 0}, {upnp, silent, {}, 0}},
     verdict_code::no_mapping_service,
     likely,
     "turn on UPnP or NAT-PMP"},
    {"refused by ICMP",
     {{pmp, refused, {}, 0}, {upnp, silent, {}, 0}},
     verdict_code::no_mapping_service,
     likely,
     "turn on"},
    {"one not asked",
     {{pmp, silent, {}, 0}, {upnp, not_tried, {}, 0}},
     verdict_code::inconclusive,
     unconfirmed,
     "at least ten seconds"},
    {"timed out",
     {{pmp, not_tried, "timed out", 0}, {upnp, not_tried, {}, 0}},
     verdict_code::inconclusive,
     unconfirmed,
     "natcheck discover"},
    {"one answered in no usable way",
     {{pmp, silent, {}, 0}, {upnp, malformed, {}, 0}},
     verdict_code::inconclusive,
     unconfirmed,
     "firmware"},
    {"NAT-PMP not authorised",
     {{pmp, refused, {}, 2}, {upnp, silent, {}, 0}},
     verdict_code::mapping_refused,
     confirmed,
     "FRITZ!Box"},
    {"UPnP not authorised",
     {{upnp, refused, {}, 606}},
     verdict_code::mapping_refused,
     confirmed,
     "Permit Access"},
    {"policy, though UPnP calls it a conflict",
     {{upnp, refused, {}, 718}, {pmp, refused, {}, 2}},
     verdict_code::mapping_refused,
     confirmed,
     "allow it"},
    {"conflict",
     {{pmp, silent, {}, 0}, {upnp, refused, {}, 718}},
     verdict_code::port_conflict,
     confirmed,
     "natcheck serve --map 1235:8080"},
    {"another mechanism",
     {{upnp, refused, {}, 729}},
     verdict_code::port_conflict,
     confirmed,
     "1235"},
    {"UPnP table full",
     {{upnp, refused, {}, 728}},
     verdict_code::mapping_table_full,
     confirmed,
     "delete mappings"},
    {"NAT-PMP table full",
     {{pmp, refused, {}, 4}},
     verdict_code::mapping_table_full,
     confirmed,
     "delete mappings"},
    {"728 means nothing in NAT-PMP",
     {{pmp, refused, {}, 728}},
     verdict_code::mapping_refused,
     confirmed,
     "log"},
    {"not kept",
     {{upnp, answered, {}, -1}, {pmp, silent, {}, 0}},
     verdict_code::mapping_not_kept,
     confirmed,
     "firmware"},
    {"permanent only",
     {{upnp, refused, {}, 725}},
     verdict_code::mapping_refused,
     confirmed,
     "--via nat-pmp"},
    {"lifetime refused",
     {{upnp, refused, {}, 402}},
     verdict_code::mapping_refused,
     confirmed,
     "--lifetime"},
    {"action failed",
     {{upnp, refused, {}, 501}},
     verdict_code::mapping_refused,
     confirmed,
     "natcheck discover"},
    {"network failure",
     {{pmp, refused, {}, 3}},
     verdict_code::mapping_refused,
     confirmed,
     "natcheck discover"},
    {"garbage",
     {{pmp, malformed, {}, 0}},
     verdict_code::inconclusive,
     unconfirmed,
     "restart the router"},
    {"PCP not authorised",
     {{pcp, refused, {}, 2}, {pmp, silent, {}, 0}},
     verdict_code::mapping_refused,
     confirmed,
     "allow it"},
    {"PCP of another version is no PCP",
     {{pcp, refused, {}, 1}, {pmp, silent, {}, 0}, {upnp, silent, {}, 0}},
     verdict_code::no_mapping_service,
     likely,
     "turn on"},
    {"NAT-PMP of another version is no NAT-PMP",
     {{pmp, refused, {}, 1}},
     verdict_code::no_mapping_service,
     likely,
     "turn on"},
    {"PCP network failure",
     {{pcp, refused, {}, 7}},
     verdict_code::mapping_refused,
     confirmed,
     "natcheck discover"},
    {"PCP without resources",
     {{pcp, refused, {}, 8}},
     verdict_code::mapping_refused,
     confirmed,
     "natcheck discover"},
    {"a private external address, as miniupnpd tells it",
     {{pcp, refused, {}, 8}, {pmp, refused, {}, 3}, {upnp, refused, {}, 501}},
     verdict_code::mapping_refused,
     confirmed,
     "natcheck discover shows which"},
    {"PCP without resources, and UPnP says which",
     {{pcp, refused, {}, 8}, {upnp, refused, {}, 728}},
     verdict_code::mapping_table_full,
     confirmed,
     "mappings list"},
    {"PCP quota",
     {{pcp, refused, {}, 10}, {upnp, silent, {}, 0}},
     verdict_code::mapping_table_full,
     confirmed,
     "close ports"},
    {"PCP cannot give this port",
     {{pcp, refused, {}, 11}},
     verdict_code::port_conflict,
     confirmed,
     "--any-port"},
    {"another NAT in between",
     {{pcp, refused, {}, 12}, {pmp, refused, {}, 2}, {upnp, refused, {}, 606}},
     verdict_code::double_nat,
     confirmed,
     "nearer router"},
    {"PCP wants to know who asks",
     {{pcp, refused, {}, 15}},
     verdict_code::mapping_refused,
     confirmed,
     "allow it"},
    {"an unknown result of PCP",
     {{pcp, refused, {}, 99}},
     verdict_code::mapping_refused,
     confirmed,
     "log"},
    {"another port was granted by NAT-PMP",
     {{pmp, refused, "it granted external port 1235 instead of 1234",
       upnp_error::granted_otherwise}},
     verdict_code::port_granted_otherwise,
     confirmed,
     "natcheck serve --map 1234:8080 --any-port"},
    {"another port was granted by PCP",
     {{pcp, refused, "it granted external port 1235 instead of 1234",
       upnp_error::granted_otherwise}},
     verdict_code::port_granted_otherwise,
     confirmed,
     "natcheck serve --map 1234:8080 --any-port"},
    {"another port by PCP, and UPnP knows who has the one that was wanted",
     {{pcp, refused, "it granted external port 1235 instead of 1234",
       upnp_error::granted_otherwise},
      {upnp, refused, "port 1234 is already forwarded to 192.168.1.20:80", 718}},
     verdict_code::port_conflict,
     confirmed,
     "natcheck serve --map 1235:8080"},
    {"this port alone is refused",
     {{upnp, refused, {}, 716}},
     verdict_code::mapping_refused,
     confirmed,
     "natcheck serve --map 1235:8080"},
    {"the same port on both sides",
     {{upnp, refused, {}, 724}, {pmp, silent, {}, 0}},
     verdict_code::mapping_refused,
     confirmed,
     "natcheck serve --map 8080:8080"},
    {"nothing tried", {}, verdict_code::inconclusive, unconfirmed, "natcheck discover"},
};

TEST(MappingRules, APortThatIsOpenUnderAnotherNumberIsAConflict) {
  const auto seen =
      trying({{pmp, refused, "port 8080 of this machine is already open as external port 80",
               upnp_error::open_by_another_port}});
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
  const mapping_attempt none{pcp, silent, {}, 0};
  const mapping_attempt closed{pmp, refused, "nothing listens on that port", 0};
  EXPECT_THAT(summary({none, closed, {upnp, silent, {}, 0}}),
              HasSubstr("neither PCP nor NAT-PMP nor UPnP"));
  EXPECT_EQ(summary({none, {pmp, malformed, {}, 0, present}, {upnp, silent, {}, 0}}),
            "NAT-PMP is available, but its answer is unusable.");
  EXPECT_EQ(summary({none, {pmp, silent, {}, 0, present}, {upnp, silent, {}, 0}}),
            "NAT-PMP is available, but does not answer the mapping request.");
  EXPECT_EQ(summary({none, closed, {upnp, refused, "reset", 0, present}}),
            "UPnP is available, but aborts the mapping request.");
  EXPECT_EQ(summary({none, closed, {upnp, silent, "timed out", 0, present}}),
            "UPnP is available, but does not answer the mapping request.");
  EXPECT_EQ(summary({{pcp, refused, "it speaks only a draft of PCP", 1, present}, closed}),
            "The router responds to PCP, but uses a different version from natcheck.");
  const mapping_attempt other{pcp, refused, "it speaks only NAT-PMP (version 0)", 0};
  EXPECT_EQ(summary({other, {pmp, silent, {}, 0, present}, {upnp, silent, {}, 0}}),
            "NAT-PMP is available, but does not answer the mapping request.");
  EXPECT_EQ(summary({other}),
            "The router does not offer PCP to this machine, so natcheck cannot open the port that "
            "way.");
  EXPECT_EQ(summary({none, closed, {upnp, not_tried, {}, 0}}),
            "The request timed out before the router answered.");
}

TEST(MappingRules, AFaultOfThisMachineIsNoVerdictAboutTheRouter) {
  const mapping_attempt own{pcp, not_tried, "too many connections open", 0, false, true};
  const auto v = diagnose(trying({own, {pmp, silent, {}, 0}, {upnp, silent, {}, 0}})).main;
  EXPECT_EQ(v.code, verdict_code::inconclusive);
  EXPECT_EQ(v.summary, "This machine could not send the request to the router.");
  EXPECT_THAT(v.evidence, Contains(HasSubstr("too many connections open")));
  const auto refusal = diagnose(trying({own, {upnp, refused, {}, 728}})).main;
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
  const auto seen = trying({{pmp, silent, "no answer to 4 requests", 0},
                            {upnp, refused, "ConflictInMappingEntry", 718}});
  EXPECT_THAT(diagnose(seen).main.evidence,
              ::testing::ElementsAre("NAT-PMP: no answer to 4 requests",
                                     "UPnP: refused, code 718: ConflictInMappingEntry"));
}

TEST(MappingRules, AnotherPortGrantedIsToldInWords) {
  for (const auto via : {pcp, pmp}) {
    const auto seen = trying({{via, refused, "it granted external port 1235 instead of 1234",
                               upnp_error::granted_otherwise}});
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
      {{{pcp, silent, {}, 0}, {pmp, silent, {}, 0}, {upnp, silent, {}, 0}},
       "The router offers neither PCP nor NAT-PMP nor UPnP to this machine, so natcheck cannot "
       "open the port."},
      {{{pmp, silent, {}, 0}, {upnp, silent, {}, 0}},
       "The router offers neither NAT-PMP nor UPnP to this machine, so natcheck cannot open the "
       "port."},
      {{{upnp, silent, {}, 0}},
       "The router does not offer UPnP to this machine, so natcheck cannot open the port that "
       "way."},
      {{{upnp, silent, {}, 0}, {upnp, refused, {}, 0}},
       "The router does not offer UPnP to this machine, so natcheck cannot open the port that "
       "way."},
  };
  for (const auto& r : table) EXPECT_EQ(diagnose(trying(r.attempts)).main.summary, r.summary);
}

TEST(MappingRules, AnAttemptThatWasCutShortProvesNothing) {
  const auto v = diagnose(trying({{pmp, not_tried, "no answer yet", 0}})).main;
  EXPECT_EQ(v.summary, "The request timed out before the router answered.");
  EXPECT_THAT(v.evidence, ::testing::ElementsAre("NAT-PMP: not tried: no answer yet"));
}

TEST(MappingRules, ARouterThatAnswersNothingAtAllIsDead) {
  auto seen = trying({{pmp, silent, {}, 0}, {upnp, silent, {}, 0}});
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
  auto seen = trying({{pmp, silent, {}, 0}, {upnp, silent, {}, 0}});
  for (const auto state :
       {neighbor_state::unknown, neighbor_state::resolved, neighbor_state::reachable}) {
    seen.neighbor = state;
    EXPECT_EQ(diagnose(seen).main.code, verdict_code::no_mapping_service);
  }
  seen.neighbor = neighbor_state::unanswered;
  seen.attempts = {{pmp, not_tried, {}, 0}, {upnp, not_tried, {}, 0}};
  EXPECT_EQ(diagnose(seen).main.code, verdict_code::inconclusive);
  seen.attempts = {{pmp, refused, {}, 2}, {upnp, silent, {}, 0}};
  EXPECT_EQ(diagnose(seen).main.code, verdict_code::mapping_refused);
  seen.attempts.clear();
  EXPECT_EQ(diagnose(seen).main.code, verdict_code::inconclusive);
}

TEST(DiagnoseMapping, TheFarEndOfATunnelIsNoRouter) {
  auto seen = trying({{pmp, silent, {}, 0}, {upnp, refused, {}, 0}});
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
  auto refusing = trying({{pmp, refused, {}, 2}});
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

}  // namespace
}  // namespace natcheck
