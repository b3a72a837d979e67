#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <natcheck/diagnosis.hpp>

#include "diagnosis/probe_rejections.hpp"
#include "print.hpp"

namespace natcheck {
namespace probe_rules_test {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using enum confidence;

handshake_evidence shake(probe_result result) {
  handshake_evidence one;
  one.result = result;
  one.timing.connect = millis(30.2);
  one.timing.total = millis(61.4);
  return one;
}

probe_evidence probing(std::vector<handshake_evidence> handshakes) {
  probe_evidence seen;
  seen.target = "5.5.5.5:1234";
  seen.address = endpoint{boost::asio::ip::make_address("5.5.5.5"), 1234};
  seen.handshakes = std::move(handshakes);
  return seen;
}

struct row {
  probe_result result;
  verdict_code code;
  confidence certainty;
  answer yes_or_no;
  const char* in_summary;
};

const row rows[] = {
    {probe_result::reached, verdict_code::reachable, confirmed, answer::yes,
     "5.5.5.5:1234 is reachable: the server answered"},
    {probe_result::reached_plain, verdict_code::reachable, likely, answer::yes, "plain greeting"},
    {probe_result::refused, verdict_code::refused, likely, answer::no,
     "5.5.5.5 refused the connection on port 1234 (61 ms)."},
    {probe_result::timed_out, verdict_code::timed_out, likely, answer::no, "did not answer"},
    {probe_result::unreachable, verdict_code::unreachable, likely, answer::no, "cannot be reached"},
    {probe_result::silent, verdict_code::silent, likely, answer::no, "sent nothing"},
    {probe_result::other_service, verdict_code::wrong_host_answers, likely, answer::no,
     "not as natcheck"},
    {probe_result::reset, verdict_code::reset, likely, answer::no, "broke the connection"},
    {probe_result::corrupted, verdict_code::corrupted, likely, answer::no, "altered"},
};

TEST(ProbeRules, GiveOneVerdictAResult) {
  for (const auto& r : rows) {
    SCOPED_TRACE(r.in_summary);
    const auto seen = probing({shake(r.result)});
    const auto v = diagnose(seen).main;
    EXPECT_EQ(v.code, r.code);
    EXPECT_EQ(v.certainty, r.certainty);
    EXPECT_EQ(diagnose(seen).answer, r.yes_or_no);
    EXPECT_THAT(v.summary, HasSubstr(r.in_summary));
    EXPECT_TRUE(v.summary.ends_with('.'));
    EXPECT_THAT(v.evidence, Contains(HasSubstr("connection 30 ms")));
    EXPECT_EQ(v.advice.empty(), r.yes_or_no == answer::yes);
  }
}

TEST(ProbeRules, QuoteAnotherService) {
  auto one = shake(probe_result::other_service);
  one.detail = "SSH-2.0-x\\r\\n";
  EXPECT_THAT(diagnose(probing({one})).main.evidence, Contains("it said \"SSH-2.0-x\\r\\n\""));
}

TEST(ProbeRules, SayWhetherThePortWasTranslated) {
  auto one = shake(probe_result::reached);
  one.path = translation::direct;
  EXPECT_EQ(diagnose(probing({one})).main.code, verdict_code::reachable_direct);
  one.path = translation::mapped;
  EXPECT_EQ(diagnose(probing({one})).main.code, verdict_code::reachable_mapped);
}

TEST(ProbeRules, AnUnresolvedNameIsNoVerdictOnTheServer) {
  probe_evidence seen;
  seen.target = "nowhere.example:1234";
  seen.handshakes = {shake(probe_result::unresolved)};
  seen.handshakes.front().detail = "Host not found";
  const auto v = diagnose(seen).main;
  EXPECT_EQ(v.code, verdict_code::unresolved);
  EXPECT_EQ(v.certainty, unconfirmed);
  EXPECT_EQ(diagnose(seen).answer, answer::unknown);
  EXPECT_THAT(v.summary, HasSubstr("nowhere.example:1234"));
  EXPECT_THAT(v.evidence, Contains("Host not found"));
}

TEST(ProbeRules, AFaultHereIsNoVerdictOnTheServer) {
  auto one = shake(probe_result::unreachable);
  one.local_fault = true;
  one.detail = "no route to 5.5.5.5";
  const auto seen = probing({one});
  const auto v = diagnose(seen).main;
  EXPECT_EQ(v.summary, "5.5.5.5:1234 was not probed: nothing left this machine.");
  EXPECT_THAT(v.evidence, Contains("no route to 5.5.5.5"));
  EXPECT_EQ(diagnose(seen).answer, answer::unknown);
}

TEST(ProbeRules, AWrongNonceIsAnotherHost) {
  auto one = shake(probe_result::reached);
  one.wrong_identity = true;
  const auto seen = probing({one});
  const auto v = diagnose(seen).main;
  EXPECT_EQ(v.code, verdict_code::wrong_host_answers);
  EXPECT_EQ(diagnose(seen).answer, answer::no);
}

TEST(ProbeRules, SomeLostIsUnstable) {
  const auto lost = shake(probe_result::timed_out);
  const auto good = shake(probe_result::reached);
  const auto seen = probing({lost, good, good, lost, good});
  const auto v = diagnose(seen).main;
  EXPECT_EQ(v.code, verdict_code::unstable);
  EXPECT_THAT(v.summary, HasSubstr("2 of 5 handshakes failed (40 %)"));
  EXPECT_THAT(v.evidence, Contains("of 5 handshakes: 3 reached, 2 timed out"));
  EXPECT_EQ(diagnose(seen).answer, answer::unknown);
}

TEST(ProbeRules, AllLostIsTheirOwnVerdict) {
  const auto lost = shake(probe_result::timed_out);
  const auto seen = probing({lost, lost, shake(probe_result::refused)});
  const auto v = diagnose(seen).main;
  EXPECT_EQ(v.code, verdict_code::timed_out);
  EXPECT_THAT(v.evidence, Contains("of 3 handshakes: 1 refused, 2 timed out"));
}

TEST(ProbeRules, NothingTriedProvesNothing) {
  const auto seen = probing({});
  const auto v = diagnose(seen).main;
  EXPECT_EQ(v.code, verdict_code::inconclusive);
  EXPECT_EQ(diagnose(seen).answer, answer::unknown);
}

TEST(ProbeRules, FromInsideNothingIsProvenAboutTheOutside) {
  const std::pair<inside_reason, const char*> reasons[] = {
      {inside_reason::own_address, "of this machine"},
      {inside_reason::loopback, "never leaves this machine"},
      {inside_reason::private_target, "only inside its own network"},
      {inside_reason::hairpin, "hairpinned the connection"}};
  for (const auto& [reason, words] : reasons) {
    auto seen = probing({shake(probe_result::reached)});
    seen.inside = {reason};
    const auto v = diagnose(seen).main;
    EXPECT_EQ(v.code, verdict_code::tested_from_inside);
    EXPECT_THAT(v.evidence, Contains(HasSubstr(words)));
    EXPECT_THAT(v.advice, Contains(HasSubstr("from another network")));
    EXPECT_EQ(diagnose(seen).answer, answer::yes);
  }
}

TEST(ProbeRules, ThePlainGreetingIsNamedWhereItWasSpoken) {
  const auto said = Contains(HasSubstr("a plain greeting carries no nonce"));
  EXPECT_THAT(diagnose(probing({shake(probe_result::reached_plain)})).main.evidence, said);
  EXPECT_THAT(diagnose(probing({shake(probe_result::reached)})).main.evidence, Not(said));
  EXPECT_THAT(diagnose(probing({shake(probe_result::reached_plain)})).main.summary,
              Not(HasSubstr("echo")));
}

TEST(ProbeRules, LossFromInsideIsNotReachableAtTimes) {
  auto seen = probing({shake(probe_result::reached), shake(probe_result::timed_out)});
  seen.inside = {inside_reason::private_target};
  const auto v = diagnose(seen).main;
  EXPECT_EQ(v.code, verdict_code::unstable);
  EXPECT_THAT(v.summary, HasSubstr("was probed from inside and answers only intermittently"));
  EXPECT_THAT(v.summary, Not(HasSubstr("reachable")));
  EXPECT_EQ(diagnose(seen).answer, answer::unknown);
}

TEST(ProbeRules, AFaultOfThisMachineIsNobodyElses) {
  auto one = shake(probe_result::unreachable);
  one.local_fault = one.machine_fault = true;
  one.detail = "this machine has no free port left";
  const auto seen = probing({one});
  const auto v = diagnose(seen).main;
  EXPECT_EQ(v.code, verdict_code::inconclusive);
  EXPECT_EQ(v.summary, "5.5.5.5:1234 was not probed: this machine has no free port left.");
  EXPECT_EQ(diagnose(seen).answer, answer::unknown);
}

TEST(ProbeRules, WhatIsMissingWasNotAltered) {
  auto one = shake(probe_result::timed_out);
  one.timing.greeting = millis(30);
  one.server_instance = "a91e";
  one.large_lost = true;
  auto seen = probing({one});
  auto v = diagnose(seen).main;
  EXPECT_EQ(v.code, verdict_code::timed_out);
  EXPECT_THAT(v.summary, HasSubstr("large packets do not get through"));
  EXPECT_THAT(v.evidence, Contains(HasSubstr("MTU")));
  EXPECT_EQ(diagnose(seen).answer, answer::unknown);
  seen.handshakes.front().large_lost = false;
  v = diagnose(seen).main;
  EXPECT_THAT(v.summary, HasSubstr("not all of the data came back"));
  EXPECT_EQ(diagnose(seen).answer, answer::no);
  seen.handshakes.front().result = probe_result::reset;
  EXPECT_THAT(diagnose(seen).main.summary, HasSubstr("before the echo was complete"));
}

TEST(ProbeRules, IcmpNamesWhoRejects) {
  const auto icmp = [](const char* from, unsigned type, unsigned code) {
    return icmp_notice{boost::asio::ip::make_address(from), static_cast<std::uint8_t>(type),
                       static_cast<std::uint8_t>(code)};
  };
  const struct {
    icmp_notice told;
    const char* in_summary;
    const char* in_evidence;
  } table[] = {
      {icmp("5.5.5.5", 3, 13), "5.5.5.5 rejects port 1234", "5.5.5.5 itself reports this"},
      {icmp("5.5.5.5", 3, 9), "5.5.5.5 rejects port 1234", "network administratively prohibited"},
      {icmp("5.5.5.5", 3, 10), "5.5.5.5 rejects port 1234", "(type 3, code 10)"},
      {icmp("5.5.5.5", 3, 1), "leads to a machine that cannot be reached", "host unreachable"},
      {icmp("5.5.5.5", 3, 3), "reports that nothing listens on port 1234", "port unreachable"},
      {icmp("7.7.7.1", 3, 1), "the router 7.7.7.1 reports this", "has no route to it"},
      {icmp("7.7.7.1", 3, 13), "the router 7.7.7.1 rejects port 1234", "blocks it"},
      {icmp("7.7.7.1", 11, 0), "looped until 7.7.7.1 dropped it", "time to live exceeded"},
      {icmp("5.5.5.5", 11, 0), "looped until 5.5.5.5 dropped it", "(type 11, code 0)"},
      {icmp("7.7.7.1", 11, 1), "the router 7.7.7.1 reports this", "fragments missing"},
      {icmp("7.7.7.1", 12, 0), "the router 7.7.7.1 reports this", "an error of another kind"},
      {icmp("7.7.7.1", 4, 13), "the router 7.7.7.1 reports this", "an error of another kind"},
      {icmp("7.7.7.1", 3, 99), "the router 7.7.7.1 reports this", "destination unreachable"},
      {icmp("10.0.0.2", 3, 1), "the next hop on this network does not answer", "ARP"},
  };
  for (const auto& row : table) {
    auto one = shake(probe_result::unreachable);
    one.icmp = row.told;
    auto seen = probing({one});
    seen.visitor_location.local = boost::asio::ip::make_address("10.0.0.2");
    const auto v = diagnose(seen).main;
    EXPECT_EQ(v.code, verdict_code::unreachable);
    EXPECT_THAT(v.summary, HasSubstr(row.in_summary));
    EXPECT_THAT(v.evidence, Contains(HasSubstr(row.in_evidence))) << row.in_summary;
    EXPECT_THAT(v.advice, Not(Contains(HasSubstr("{}"))));
  }
}

TEST(ProbeRules, ARejectionByThisMachineIsNoVerdictOnTheServer) {
  const struct {
    const char *target, *from;
    unsigned type, code;
    bool local;
  } table[] = {{"5.5.5.5", "10.0.0.2", 3, 3, true},   {"5.5.5.5", "10.0.0.2", 3, 13, true},
               {"5.5.5.5", "10.0.0.2", 3, 1, false},  {"5.5.5.5", "10.0.0.1", 3, 13, false},
               {"10.0.0.2", "10.0.0.2", 3, 3, false}, {"2a00::5", "2a00::2", 1, 1, true},
               {"2a00::5", "2a00::2", 1, 4, true},    {"2a00::5", "2a00::2", 1, 3, false}};
  for (const auto& row : table) {
    const auto from = boost::asio::ip::make_address(row.from);
    auto seen = probing({shake(probe_result::refused)});
    seen.address->ip = boost::asio::ip::make_address(row.target);
    seen.visitor_location.local =
        boost::asio::ip::make_address(from.is_v6() ? "2a00::2" : "10.0.0.2");
    auto& one = seen.handshakes.front();
    one.icmp =
        icmp_notice{from, static_cast<std::uint8_t>(row.type), static_cast<std::uint8_t>(row.code)};
    seen.attempts = {{seen.address->ip, one}};
    judging::name_own_rejections(seen);
    const auto v = diagnose(seen).main;
    EXPECT_EQ(one.local_fault, row.local) << row.from << " " << row.code;
    EXPECT_EQ(seen.attempts.front().handshake.local_fault, row.local);
    EXPECT_EQ(diagnose(seen).answer, row.local ? answer::unknown : answer::no);
    if (!row.local) continue;
    EXPECT_EQ(v.code, verdict_code::unreachable);
    EXPECT_THAT(v.summary, HasSubstr("was not probed: nothing left this machine"));
    EXPECT_THAT(v.evidence, Contains("a firewall on this machine rejects it"));
  }
}

TEST(ProbeRules, IcmpOfIpv6HasItsOwnCodes) {
  auto one = shake(probe_result::unreachable);
  auto seen = probing({one});
  seen.address->ip = boost::asio::ip::make_address("2a00:5::5");
  for (const unsigned code : {1U, 5U, 6U}) {
    seen.handshakes.front().icmp =
        icmp_notice{seen.address->ip, 1, static_cast<std::uint8_t>(code)};
    EXPECT_THAT(diagnose(seen).main.summary, HasSubstr("2a00:5::5 rejects port 1234")) << code;
  }
  seen.handshakes.front().icmp = icmp_notice{seen.address->ip, 1, 3};
  EXPECT_THAT(diagnose(seen).main.evidence, Contains(HasSubstr("address unreachable")));
  seen.handshakes.front().icmp = icmp_notice{seen.address->ip, 3, 0};
  EXPECT_THAT(diagnose(seen).main.evidence, Contains(HasSubstr("time to live exceeded")));
}

TEST(ProbeRules, AnotherAddressThatFailsIsAFinding) {
  auto seen = probing({shake(probe_result::reached)});
  seen.target = "n:1234";
  const auto v6 = boost::asio::ip::make_address("2a00:55::5");
  for (const auto result : {probe_result::refused, probe_result::other_service, probe_result::reset,
                            probe_result::timed_out, probe_result::silent}) {
    seen.attempts = {{v6, shake(result)}, {seen.address->ip, seen.handshakes.front()}};
    const auto judged = diagnose(seen);
    EXPECT_EQ(judged.main.code, verdict_code::reachable);
    ASSERT_EQ(judged.findings.size(), 1U);
    EXPECT_EQ(judged.findings.front().code, "other-address-fails");
    EXPECT_THAT(judged.findings.front().summary, HasSubstr("2a00:55::5"));
  }
  seen.attempts.front().handshake = shake(probe_result::unreachable);
  seen.attempts.front().handshake.local_fault = true;
  EXPECT_TRUE(diagnose(seen).findings.empty()) << "this machine has no IPv6";
  seen.attempts.front().handshake = shake(probe_result::reached);
  EXPECT_TRUE(diagnose(seen).findings.empty());
}

TEST(ProbeRules, WhereNoAddressIsReachedEachIsNamed) {
  auto seen = probing({shake(probe_result::timed_out)});
  seen.attempts = {{boost::asio::ip::make_address("2a00:55::5"), shake(probe_result::refused)},
                   {seen.address->ip, seen.handshakes.front()}};
  const auto judged = diagnose(seen);
  EXPECT_THAT(judged.main.evidence,
              Contains("2a00:55::5 refused the connection on port 1234 (61 ms)"));
  EXPECT_TRUE(judged.findings.empty());
}

TEST(ProbeRules, AFailureFromInsideKeepsItsCodeAndGetsTheNote) {
  auto seen = probing({shake(probe_result::refused)});
  seen.inside = {inside_reason::private_target};
  const auto v = diagnose(seen).main;
  EXPECT_EQ(v.code, verdict_code::refused);
  EXPECT_THAT(v.advice, Contains(HasSubstr("from another network")));
}

TEST(ProbeRules, AFailureOnAPublicAddressMayComeFromItsOwnNetwork) {
  using enum probe_result;
  for (const auto result : {refused, timed_out, silent}) {
    EXPECT_THAT(diagnose(probing({shake(result)})).main.advice.back(),
                HasSubstr("if 5.5.5.5 is the public address of the network"));
  }
  for (const auto result : {reached, other_service, reset, corrupted, unreachable}) {
    EXPECT_THAT(diagnose(probing({shake(result)})).main.advice,
                Not(Contains(HasSubstr("hairpin"))));
  }
}

TEST(ProbeRules, TheHairpinIsNotSuspectedWhereItCannotBe) {
  const auto advice = [](const auto& bend) {
    auto seen = probing({shake(probe_result::timed_out)});
    bend(seen);
    return diagnose(seen).main.advice;
  };
  const auto none = Not(Contains(HasSubstr("hairpin")));
  EXPECT_THAT(advice([](auto& e) { e.inside = {inside_reason::own_address}; }), none);
  EXPECT_THAT(advice([](auto& e) { e.handshakes.front().local_fault = true; }), none);
  EXPECT_THAT(advice([](auto& e) { e.address->ip = boost::asio::ip::make_address("10.0.0.1"); }),
              none);
  EXPECT_THAT(advice([](auto& e) { e.address->ip = boost::asio::ip::make_address("2a00::1"); }),
              none);
}

probe_evidence probing_over_udp(std::vector<handshake_evidence> handshakes) {
  auto seen = probing(std::move(handshakes));
  seen.protocol = transport::udp;
  for (auto& one : seen.handshakes) one.timing.connect.reset();
  return seen;
}

TEST(ProbeRulesOverUdp, SpeakOfUdp) {
  const std::pair<probe_result, const char*> sentences[] = {
      {probe_result::reached, "5.5.5.5:1234 is reachable: the server answered"},
      {probe_result::refused, "5.5.5.5 reports that nothing listens on UDP port 1234 (61 ms)."},
      {probe_result::timed_out, "5.5.5.5 did not answer on UDP port 1234"},
      {probe_result::unreachable, "cannot be reached (UDP port 1234)"},
      {probe_result::other_service, "answered on UDP port 1234, but not as natcheck"},
      {probe_result::corrupted, "answered on UDP port 1234, but altered the data"},
  };
  for (const auto& [result, sentence] : sentences) {
    const auto v = diagnose(probing_over_udp({shake(result)})).main;
    EXPECT_EQ(v.code, diagnose(probing({shake(result)})).main.code) << sentence;
    EXPECT_THAT(v.summary, HasSubstr(sentence));
  }
}

TEST(ProbeRulesOverUdp, SilenceMayBeEitherWay) {
  const auto seen = probing_over_udp({shake(probe_result::timed_out)});
  const auto v = diagnose(seen).main;
  EXPECT_EQ(v.certainty, likely);
  EXPECT_EQ(diagnose(seen).answer, answer::no);
  EXPECT_THAT(v.evidence, Contains(HasSubstr("a lost request or a lost answer")));
  EXPECT_THAT(v.advice, Contains(HasSubstr("natcheck serve --map 1234 --protocol udp")));
  EXPECT_THAT(v.advice, Contains(HasSubstr("forwarded for UDP, not only for TCP")));
}

TEST(ProbeRulesOverUdp, OneLostInTwentyIsNoNews) {
  const struct {
    std::size_t lost, all;
    verdict_code code;
    const char* words;
  } table[] = {
      {1, 5, verdict_code::unstable, "1 of 5 datagrams got no intact answer (20 %)"},
      {1, 19, verdict_code::unstable, "(5 %)"},
      {1, 20, verdict_code::reachable, "is reachable"},
      {5, 100, verdict_code::reachable, "is reachable"},
      {6, 100, verdict_code::unstable, "(6 %)"},
  };
  for (const auto& row : table) {
    std::vector<handshake_evidence> all(row.all, shake(probe_result::reached));
    std::fill_n(all.begin(), row.lost, shake(probe_result::timed_out));
    const auto over_udp = diagnose(probing_over_udp(all)).main;
    EXPECT_EQ(over_udp.code, row.code) << row.words;
    EXPECT_THAT(over_udp.summary, HasSubstr(row.words));
    EXPECT_THAT(over_udp.evidence, Contains(HasSubstr(" reached, ")));
    EXPECT_EQ(diagnose(probing(all)).main.code, verdict_code::unstable) << "over TCP";
  }
}

TEST(ProbeRulesOverUdp, EveryCommandNamesTheProtocol) {
  for (const auto result : {probe_result::reached, probe_result::timed_out}) {
    auto seen = probing_over_udp({shake(result), shake(probe_result::timed_out)});
    seen.inside = {inside_reason::hairpin};
    for (const auto& line : diagnose(seen).main.advice) {
      if (line.find("natcheck probe") == std::string::npos) continue;
      EXPECT_THAT(line, HasSubstr("natcheck probe --protocol udp ")) << line;
    }
  }
}

TEST(ProbeRules, NameTheSession) {
  auto seen = probing({shake(probe_result::reached)});
  EXPECT_THAT(diagnose(seen).main.evidence, Not(Contains(HasSubstr("session"))));
  seen.session = "8f2c";
  EXPECT_THAT(diagnose(seen).main.evidence.back(),
              HasSubstr("session 8f2c; natcheck serve shows the same one"));
  for (const auto result : {probe_result::timed_out, probe_result::silent}) {
    seen.handshakes.front() = shake(result);
    EXPECT_THAT(diagnose(seen).main.evidence,
                Contains(HasSubstr("8f2c: if natcheck serve shows it, the probe arrived")));
  }
  for (const auto result : {probe_result::refused, probe_result::reached_plain}) {
    seen.handshakes.front() = shake(result);
    EXPECT_THAT(diagnose(seen).main.evidence, Not(Contains(HasSubstr("session"))))
        << "nobody there knows of sessions";
  }
  seen.handshakes.front() = shake(probe_result::timed_out);
  seen.handshakes.front().local_fault = true;
  EXPECT_THAT(diagnose(seen).main.evidence, Not(Contains(HasSubstr("session"))))
      << "nobody was told of it";
}

TEST(ProbeRules, NameTheAddressBehindAName) {
  auto seen = probing({shake(probe_result::refused)});
  EXPECT_THAT(diagnose(seen).main.evidence, Not(Contains(HasSubstr(" is 5.5.5.5:1234"))));
  seen.target = "home.example:1234";
  EXPECT_THAT(diagnose(seen).main.evidence, Contains("home.example:1234 is 5.5.5.5:1234"));
}

}  // namespace probe_rules_test
}  // namespace natcheck
