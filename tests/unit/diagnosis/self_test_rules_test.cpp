#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <natcheck/diagnosis.hpp>

#include "print.hpp"

namespace natcheck {
namespace self_test_rules_test {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using enum confidence;
using enum probe_result;

using check = std::optional<self_check>;

check at(const char* ip, probe_result result, std::string detail = {}) {
  return self_check{{boost::asio::ip::make_address(ip), 1234}, result, std::move(detail)};
}
check loopback(probe_result result) { return at("127.0.0.1", result); }
check lan(probe_result result) { return at("192.168.1.10", result); }
check outside(probe_result result) { return at("5.5.5.5", result); }

check no_port(const char* ip) {
  auto one = at(ip, unreachable, "no free port left on this machine");
  one->local_fault = true;
  return one;
}

struct row {
  const char* name;
  check loopback, lan, hairpin;
  verdict_code code;
  confidence certainty;
  const char* finding;  ///< "": none
};

const row rows[] = {
    {"all right", loopback(reached), lan(reached), outside(reached), verdict_code::inconclusive,
     unconfirmed, ""},
    {"all right, without a mapping",
     loopback(reached),
     lan(reached),
     {},
     verdict_code::inconclusive,
     unconfirmed,
     ""},
    {"no network", loopback(reached), {}, {}, verdict_code::inconclusive, unconfirmed, ""},
    {"nothing tested", {}, {}, {}, verdict_code::inconclusive, unconfirmed, ""},
    {"deaf", loopback(refused), lan(refused), outside(timed_out), verdict_code::not_listening,
     confirmed, ""},
    {"no free port", no_port("127.0.0.1"), no_port("192.168.1.10"), no_port("5.5.5.5"),
     verdict_code::inconclusive, unconfirmed, ""},
    {"no free port for the last", loopback(reached), lan(reached), no_port("5.5.5.5"),
     verdict_code::inconclusive, unconfirmed, ""},
    {"no free port for the second",
     loopback(reached),
     no_port("192.168.1.10"),
     {},
     verdict_code::inconclusive,
     unconfirmed,
     ""},
    {"something else in its place",
     loopback(reached),
     lan(other_service),
     {},
     verdict_code::host_firewall,
     likely,
     ""},
    {"deaf, or dropped",
     loopback(timed_out),
     lan(timed_out),
     {},
     verdict_code::not_listening,
     likely,
     ""},
    {"hung", loopback(silent), {}, {}, verdict_code::not_listening, confirmed, ""},
    {"deaf at the only address tested",
     {},
     lan(refused),
     {},
     verdict_code::not_listening,
     confirmed,
     ""},
    {"another program on loopback",
     loopback(other_service),
     lan(other_service),
     {},
     verdict_code::not_listening,
     confirmed,
     ""},
    {"no loopback interface", loopback(unreachable), lan(reached), outside(reached),
     verdict_code::inconclusive, unconfirmed, ""},
    {"firewall drops", loopback(reached), lan(timed_out), outside(timed_out),
     verdict_code::host_firewall, likely, ""},
    {"firewall rejects",
     loopback(reached),
     lan(refused),
     {},
     verdict_code::host_firewall,
     likely,
     ""},
    {"no hairpin", loopback(reached), lan(reached), outside(timed_out), verdict_code::inconclusive,
     unconfirmed, "no-hairpin"},
    {"no hairpin, refused", loopback(reached), lan(reached), outside(refused),
     verdict_code::inconclusive, unconfirmed, "no-hairpin"},
    {"the router's own page", loopback(reached), lan(reached), outside(other_service),
     verdict_code::inconclusive, unconfirmed, "wrong-host-answers"},
};

TEST(SelfTestRules, Table) {
  for (const row& r : rows) {
    SCOPED_TRACE(r.name);
    const auto judged = diagnose(self_test_evidence{transport::tcp, r.loopback, r.lan, r.hairpin});
    EXPECT_EQ(judged.main.code, r.code);
    EXPECT_EQ(judged.main.certainty, r.certainty);
    EXPECT_TRUE(judged.main.summary.ends_with('.'));
    EXPECT_FALSE(judged.main.advice.empty());
    EXPECT_THAT(judged.main.evidence, SizeIs(3));
    if (*r.finding == '\0') {
      EXPECT_THAT(judged.findings, IsEmpty());
    } else {
      ASSERT_THAT(judged.findings, SizeIs(1));
      EXPECT_EQ(judged.findings[0].code, r.finding);
      EXPECT_TRUE(judged.findings[0].summary.ends_with('.'));
    }
  }
}

TEST(SelfTestRules, SaysWhatWasAskedAndWhatNot) {
  self_test_evidence seen;
  seen.loopback = loopback(reached);
  seen.lan = at("192.168.1.10", timed_out, "no answer to the connection request in 2.0 s");
  EXPECT_THAT(diagnose(seen).main.evidence,
              ElementsAre("loopback 127.0.0.1:1234: answered",
                          "local address 192.168.1.10:1234: no answer (no answer to the connection "
                          "request in 2.0 s)",
                          "external address: not tested"));
}

TEST(SelfTestRules, WhatIsSoundHereIsToBeAskedFromOutside) {
  self_test_evidence seen;
  seen.loopback = loopback(reached);
  seen.lan = lan(reached);
  EXPECT_THAT(diagnose(seen).main.advice,
              ElementsAre("from outside, run: natcheck probe ADDRESS:1234"));
  seen.hairpin = outside(reached);
  EXPECT_THAT(diagnose(seen).main.advice,
              ElementsAre("from outside, run: natcheck probe 5.5.5.5:1234"));
}

TEST(SelfTestRules, WithoutHairpinTheLocalAddressIsForThoseInside) {
  self_test_evidence seen;
  seen.loopback = loopback(reached);
  seen.lan = lan(reached);
  seen.hairpin = outside(timed_out);
  EXPECT_THAT(diagnose(seen).findings.at(0).advice, HasSubstr("must use 192.168.1.10:1234"));
}

TEST(SelfTestRules, AWalledServerGetsTheCommands) {
  self_test_evidence seen;
  seen.loopback = loopback(reached);
  seen.lan = lan(timed_out);
  EXPECT_THAT(diagnose(seen).main.advice, Contains(HasSubstr("sudo ufw allow 1234/tcp")));
}

}  // namespace self_test_rules_test
}  // namespace natcheck
