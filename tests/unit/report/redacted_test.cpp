#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <set>

#include "reports.hpp"

namespace natcheck {
namespace redacted_test {

using namespace natcheck::testing;
using ::testing::HasSubstr;
using ::testing::Not;

/// Hands out public addresses, each once, and remembers them.
class publics {
 public:
  address v4() { return keep("5.9." + std::to_string(++count_) + ".200"); }
  address v6() { return keep("2a00:77::" + std::to_string(++count_) + ":abcd"); }

  /// A sentence with both kinds in it.
  std::string sentence() {
    const auto one = v4(), other = v4(), third = v6(), fourth = v6();
    return "from " + one.to_string() + ":80 (http://" + other.to_string() + "/x), [" +
           third.to_string() + "]:5351 and " + fourth.to_string() + "/64.";
  }

  const std::set<std::string>& all() const { return all_; }

 private:
  address keep(const std::string& text) {
    const auto made = ip(text.c_str());
    all_.insert(made.to_string());
    return made;
  }

  int count_ = 0;
  std::set<std::string> all_;
};

route_info route_of(publics& fresh) {
  route_info route;
  route.local = fresh.v4();
  route.gateway = fresh.v6();
  route.interface = fresh.v4().to_string();
  return route;
}

host_network host_of(publics& fresh) {
  host_network host;
  host.interfaces = {nic("eth0", nullptr), nic("eth1", nullptr)};
  for (auto& link : host.interfaces) link.addresses = {{fresh.v4(), 24}, {fresh.v6(), 64}};
  host.interfaces[0].name = fresh.v4().to_string();
  host.ipv4 = route_of(fresh);
  host.ipv6 = route_of(fresh);
  host.ipv6->local = fresh.v6();
  return host;
}

gateway_evidence gateway_of(publics& fresh) {
  gateway_evidence gateway;
  gateway.ip = fresh.v4();
  gateway.interface = fresh.v4().to_string();
  gateway.pcp.detail = fresh.sentence();
  auto& nat_pmp = gateway.nat_pmp;
  nat_pmp.state = service_state::answered;
  nat_pmp.detail = fresh.sentence();
  nat_pmp.external_address = fresh.v4();
  auto& upnp = gateway.upnp;
  upnp.state = service_state::answered;
  upnp.external_address = fresh.v4();
  upnp.other_responders = {fresh.v4(), fresh.v6()};
  for (auto* text : {&upnp.location, &upnp.device, &upnp.manufacturer, &upnp.model, &upnp.service,
                     &upnp.connection_status, &upnp.external_address_text}) {
    *text = fresh.sentence();
  }
  for (auto* why : {&upnp.detail, &upnp.multicast_error}) *why = fresh.sentence();
  return gateway;
}

stun_evidence server_of(publics& fresh, unsigned family) {
  stun_evidence server;
  server.state = service_state::answered;
  server.family = family;
  server.detail = fresh.sentence();
  server.server = "[" + fresh.v6().to_string() + "]:3478";
  for (auto* value : {&server.address, &server.local, &server.seen_as, &server.rewritten_as,
                      &server.other_address}) {
    *value = endpoint{family == 4 ? fresh.v4() : fresh.v6(), 3478};
  }
  return server;
}

/// Every field that can hold an address holds one that nothing else holds.
discover_report full_report(publics& fresh) {
  discover_report report;
  auto& seen = report.evidence;
  seen.host = host_of(fresh);
  seen.gateway = gateway_of(fresh);
  seen.ipv6_pcp.detail = fresh.sentence();
  seen.stun = {server_of(fresh, 4), server_of(fresh, 6)};
  seen.nat.server = fresh.v4().to_string() + ":3478";
  seen.nat.doubts = {fresh.sentence(), fresh.sentence()};
  seen.path.detail = fresh.sentence();
  seen.path.target = endpoint{fresh.v4(), 53};
  seen.path.hops = {{2, fresh.v4(), {}}, {3, {}, {}}, {4, fresh.v4(), {}}};
  seen.web = {web_result::intercepted,
              "http://" + fresh.v4().to_string() + "/",
              fresh.sentence(),
              302,
              "http://[" + fresh.v6().to_string() + "]/login?ip=" + fresh.v4().to_string(),
              false,
              std::nullopt};
  seen.nat64 = nat64_prefix{fresh.v6(), 96};
  report.judged.external = public_address{fresh.v4(), {"stun"}};
  report.judged.main.summary = fresh.sentence();
  report.judged.main.evidence = {fresh.sentence(), fresh.sentence()};
  report.judged.main.advice = {fresh.sentence()};
  report.judged.findings = {{"code", fresh.sentence(), fresh.sentence()}};
  return report;
}

std::string all_output(const discover_report& report) {
  auto wide = fancy;
  wide.width = 500;  // nothing is broken in the middle
  return to_text(report, wide) + to_text(report, plain) + to_json(report);
}

TEST(Redacted, LeavesNoPublicAddressAnywhere) {
  publics fresh;
  const auto output = all_output(redacted(full_report(fresh)));
  ASSERT_GT(fresh.all().size(), 100U);
  for (const auto& text : fresh.all()) EXPECT_THAT(output, Not(HasSubstr(text)));
}

TEST(Redacted, TheTestWouldSeeThemOtherwise) {
  publics fresh;
  const auto output = all_output(full_report(fresh));
  std::size_t shown = 0;
  for (const auto& text : fresh.all()) shown += output.find(text) != std::string::npos ? 1 : 0;
  EXPECT_GT(shown, 100U);
}

TEST(Redacted, TwiceIsOnce) {
  publics fresh;
  const auto once = redacted(full_report(fresh));
  EXPECT_EQ(all_output(redacted(once)), all_output(once));
}

discover_report report_saying(std::string summary) {
  auto report = judged_as(verdict_code::single_nat, single_nat_home());
  report.judged.main.summary = std::move(summary);
  return report;
}

std::string redacted_sentence(std::string summary) {
  return redacted(report_saying(std::move(summary))).judged.main.summary;
}

TEST(Redacted, EqualStaysEqual) {
  auto report = report_saying("5.5.5.5 is 5.5.5.5, not 6.6.6.6 nor ::ffff:5.5.5.5");
  report.judged.external = public_address{ip("5.5.5.5"), {"stun"}};
  const auto hidden = redacted(report);
  EXPECT_EQ(hidden.judged.external->ip, ip("203.0.113.1"));
  EXPECT_EQ(hidden.evidence.gateway->upnp.external_address, ip("203.0.113.1"));
  EXPECT_EQ(hidden.judged.main.summary,
            "203.0.113.1 is 203.0.113.1, not 203.0.113.2 nor 203.0.113.1");
  EXPECT_TRUE(hidden.redacted);
}

TEST(Redacted, SkipsStandInsThatAreThereForReal) {
  auto report = report_saying("5.5.5.5 and 203.0.113.2 and 6.6.6.6, 2a00::1, 2001:db8::1");
  report.evidence.path.hops = {{2, ip("203.0.113.1"), {}}};
  report.evidence.gateway.reset();
  EXPECT_EQ(redacted(report).judged.main.summary,
            "203.0.113.3 and 203.0.113.2 and 203.0.113.4, 2001:db8::2, 2001:db8::1");
}

TEST(Redacted, WhatIsNotPublicStays) {
  for (const char* text :
       {"192.168.1.10 10.0.0.1:80 172.16.0.1 100.64.5.2 169.254.1.1 127.0.0.1 192.0.0.2",
        "fe80::1%eth0 [fd12:3456:2abc::1]:80 ::1 fd00:2a00::1/64 64:ff9b::/96 64:ff9b::10.0.0.1",
        "2002:c0a8:101::1 ::ffff:10.0.0.1 0.0.0.0 :: ff02::1", "224.0.0.1 255.255.255.255",
        "stun.example.org:3478 deadbeef.example cafe:3478", "12:34:56 and 00:11:22:33:44:55",
        "version 1.2.3, 1.2, 300.1.2.3, 5.5.5", "std::string abc::upnp:rootdevice", "", ":",
        "..."}) {
    EXPECT_EQ(redacted_sentence(text), text);
  }
}

TEST(Redacted, WhatCarriesAPublicIpv4AddressGoesToo) {
  for (const char* text :
       {"64:ff9b::5.5.5.5", "64:ff9b::505:505", "64:ff9b:1:505:5:500::", "64:ff9b:1::505:505",
        "2002:505:505::1", "2001:0:505:505:0:1234:fafa:fafa", "::5.5.5.5"}) {
    EXPECT_EQ(redacted_sentence(text), "2001:db8::1") << text;
  }
}

TEST(Redacted, AnAddressUnderThePrefixThatWasFoundGoesToo) {
  auto report = report_saying("fd00:64::505:505 fd00:64::a00:1 fd00:65::505:505");
  report.evidence.nat64 = nat64_prefix{ip("fd00:64::"), 96};
  EXPECT_EQ(redacted(report).judged.main.summary, "2001:db8::1 fd00:64::a00:1 fd00:65::505:505");
  // RFC 6052 section 2.2: with a /64, byte 8 is skipped.
  report.judged.main.summary = "fd00:64::5:505:500:0 fd00:64::505:505";
  report.evidence.nat64->length = 64;
  EXPECT_EQ(redacted(report).judged.main.summary, "2001:db8::1 fd00:64::505:505");
}

TEST(Redacted, FindsLiteralsWhereverTheyStand) {
  const std::pair<const char*, const char*> rows[] = {
      {"5.5.5.5", "203.0.113.1"},
      {"(5.5.5.5).", "(203.0.113.1)."},
      {"5.5.5.5:1234", "203.0.113.1:1234"},
      {"http://5.5.5.5:80/x?y=6.6.6.6", "http://203.0.113.1:80/x?y=203.0.113.2"},
      {"\\x1b5.5.5.5\\n", "\\x1b203.0.113.1\\n"},
      {"005.005.005.005", "203.0.113.1"},
      {"999.5.5.5.5", "999.203.0.113.1"},
      {"ip5.5.5.5", "ip203.0.113.1"},
      {"[2a00::1]:80", "[2001:db8::1]:80"},
      {"2a00:1::/64", "2001:db8::1/64"},
      {"2A00::1: no answer", "2001:db8::1: no answer"},
      {"via 2a00::1.", "via 2001:db8::1."},
      {"addr:2a00::1", "addr:2001:db8::1"},
      {"\\x1b2a00::1", "\\x1b2001:db8::1"},
      {"\\n2a00::1", "\\n2001:db8::1"},
      {"2a00:1:2:3:4:5:6:7:80", "2001:db8::1:80"},
      {"cafe:2a00:1:2:3:4:5:6:7", "cafe:2001:db8::1"},
      {"fd00::5.5.5.5", "fd00::203.0.113.1"},
      {"2a00::5.5.5.5", "2001:db8::1"},
      {"http://portal/?ip=2a00%3A5%3a%3A10", "http://portal/?ip=2001:db8::1"},
      {"2a00::1%eth0", "2001:db8::1%eth0"}};
  for (const auto& [text, expected] : rows) {
    EXPECT_EQ(redacted_sentence(text), expected);
    EXPECT_EQ(redacted_sentence(expected), expected);
  }
}

TEST(Redacted, MoreAddressesThanStandIns) {
  std::string many;
  for (int i = 0; i < 800; ++i) {
    many += "5." + std::to_string(i / 250) + "." + std::to_string(i % 250) + ".1 ";
  }
  const auto hidden = redacted_sentence(many);
  EXPECT_THAT(hidden, Not(HasSubstr("5.0.0.1")));
  EXPECT_THAT(hidden, HasSubstr(" 198.51.100.1 "));
  EXPECT_THAT(hidden, HasSubstr(" 192.0.2.254 203.0.113.255 203.0.113.255 "));
  EXPECT_EQ(redacted_sentence(hidden), hidden);
}

TEST(Redacted, IsToldAndDrawnAsBefore) {
  auto seen = home("5.5.5.5");
  add_ipv6(seen);
  const auto report = judged_as(verdict_code::direct, seen);
  const auto text = to_text(redacted(report), fancy);
  EXPECT_THAT(text, HasSubstr("Local address     203.0.113.1"));
  EXPECT_THAT(text, HasSubstr("203.0.113.1 ───── 192.168.1.1 ───── Internet"));
  EXPECT_THAT(text, HasSubstr("  Note: Public addresses are replaced"));
  EXPECT_THAT(to_text(report, fancy), Not(HasSubstr("replaced")));
  const auto all = boost::json::parse(to_json(redacted(report)));
  EXPECT_EQ(all.at("redacted"), true);
  EXPECT_EQ(all.at("ipv6").at("scope"), "global");
}

}  // namespace redacted_test
}  // namespace natcheck
