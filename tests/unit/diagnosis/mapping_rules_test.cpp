#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <natcheck/diagnosis.hpp>

#include "print.hpp"

namespace natcheck {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using enum service_state;
using enum confidence;
constexpr auto pmp = mapping_protocol::nat_pmp;
constexpr auto upnp = mapping_protocol::upnp;

mapping_evidence trying(std::vector<mapping_attempt> attempts) {
  mapping_evidence seen;
  seen.internal = {boost::asio::ip::make_address("192.168.1.10"), 8080};
  seen.external_port = 1234;
  seen.gateway = boost::asio::ip::make_address("192.168.1.1");
  seen.attempts = std::move(attempts);
  return seen;
}

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
     "--timeout"},
    {"the time ended",
     {{pmp, not_tried, "the time limit ended", 0}, {upnp, not_tried, {}, 0}},
     verdict_code::inconclusive,
     unconfirmed,
     "natcheck discover"},
    {"one answered in no usable way",
     {{pmp, silent, {}, 0}, {upnp, malformed, {}, 0}},
     verdict_code::no_mapping_service,
     unconfirmed,
     "turn on"},
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
     "delete entries"},
    {"NAT-PMP table full",
     {{pmp, refused, {}, 4}},
     verdict_code::mapping_table_full,
     confirmed,
     "delete entries"},
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
     "natcheck discover"},
    {"nothing tried", {}, verdict_code::inconclusive, unconfirmed, "natcheck discover"},
};

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

TEST(MappingRules, TheNextPortStaysAPort) {
  auto seen = trying({{upnp, refused, {}, 718}});
  seen.external_port = 65535;
  EXPECT_THAT(diagnose(seen).main.advice.front(), HasSubstr("--map 65534:8080"));
}

TEST(MappingRules, WithoutAGatewayNobodyIsToldToOpenItsMenu) {
  mapping_evidence nobody;
  nobody.external_port = 1234;
  const auto v = diagnose(nobody).main;
  EXPECT_EQ(v.code, verdict_code::inconclusive);
  EXPECT_EQ(v.summary, "This machine has no IPv4 router to ask.");
  EXPECT_THAT(v.advice, ::testing::ElementsAre("natcheck discover"));
}

TEST(MappingRules, WithoutALocalAddressThereIsNothingToForwardTo) {
  auto seen = trying({{pmp, silent, {}, 0}});
  seen.internal = {};
  EXPECT_THAT(diagnose(seen).main.advice, Not(Contains(HasSubstr("by hand"))));
}

TEST(MappingRules, AnAttemptThatWasCutShortProvesNothing) {
  const auto v = diagnose(trying({{pmp, not_tried, "no answer yet", 0}})).main;
  EXPECT_EQ(v.summary, "The attempt ended before the router had answered.");
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

}  // namespace
}  // namespace natcheck
