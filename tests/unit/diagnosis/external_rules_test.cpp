#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <natcheck/diagnosis.hpp>

#include "diagnosis/visitor_location.hpp"

namespace natcheck {
namespace external_rules_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

address ip(const char* text) { return boost::asio::ip::make_address(text); }

stun_evidence server(const char* name, const char* at, const char* saw) {
  stun_evidence one;
  one.server = name;
  one.address = {ip(at), 3478};
  one.state = saw != nullptr ? service_state::answered : service_state::silent;
  if (saw != nullptr) one.seen_as = {ip(saw), 40000};
  return one;
}

/// A mapping on a router that says this; an external server that sees that.
external_evidence mapped(const char* router_says, const char* seen) {
  external_evidence all;
  all.local = ip("192.168.77.10");
  all.gateway = ip("192.168.77.1");
  all.mapped = true;
  if (router_says != nullptr) all.router_says = ip(router_says);
  all.stun = {server("stun.example.org:3478", "9.9.0.7", seen)};
  return all;
}

struct row {
  const char* name;
  const char* router_says;
  const char* seen;  ///< nullptr: silence
  const char* given_out;
  const char* code;  ///< of the doubt; "": none
  const char* in_summary;
};

const row rows[] = {
    {"they agree", "5.5.5.5", "5.5.5.5", "5.5.5.5", "", ""},
    {"the line came back with another address", "5.5.5.5", "5.5.6.9", "5.5.6.9", "sources-disagree",
     "The router reports the external address 5.5.5.5; stun.example.org:3478 sees 5.5.6.9."},
    {"another router behind it", "192.168.50.2", "5.5.5.5", "5.5.5.5", "sources-disagree",
     "192.168.50.2, which is private"},
    {"its address in the LAN", "192.168.77.1", "5.5.5.5", "5.5.5.5", "sources-disagree",
     "192.168.77.1, its own address in this network; stun"},
    {"an IPv6 address", "2a00::1", "5.5.5.5", "5.5.5.5", "sources-disagree", "2a00::1"},
    {"it does not say", nullptr, "5.5.5.5", "5.5.5.5", "", ""},
    {"nobody outside answers", "5.5.5.5", nullptr, "5.5.5.5", "external-address-unconfirmed",
     "Only the router reports the external address 5.5.5.5: no STUN server outside this network "
     "answered."},
    {"private, and nobody outside answers", "192.168.50.2", nullptr, nullptr,
     "external-address-unknown",
     "The external address is not known: the router reports 192.168.50.2, which is private (RFC "
     "1918), and no STUN server outside this network answered."},
    {"nobody says anything", nullptr, nullptr, nullptr, "external-address-unknown",
     "the router does not report it"},
};

TEST(ExternalAddress, IsTheOneThatTheInternetSees) {
  for (const row& r : rows) {
    SCOPED_TRACE(r.name);
    const auto judged = diagnose(mapped(r.router_says, r.seen));
    ASSERT_EQ(judged.ip.has_value(), r.given_out != nullptr);
    if (judged.ip) {
      EXPECT_EQ(*judged.ip, ip(r.given_out));
    }
    EXPECT_EQ(judged.doubt ? judged.doubt->code : "", r.code);
    EXPECT_THAT(judged.doubt ? judged.doubt->summary : "", HasSubstr(r.in_summary));
    EXPECT_EQ(judged.direct.has_value(), r.seen != nullptr);
  }
}

TEST(ExternalAddress, AnUnusableAnswerIsToldAsSuch) {
  for (const char* saw : {"0.0.0.0", "192.168.77.10", "203.0.113.5", "255.255.255.255"}) {
    const auto judged = diagnose(mapped("5.5.5.5", saw));
    EXPECT_EQ(judged.ip, ip("5.5.5.5"));
    EXPECT_THAT(judged.doubt.value().summary,
                HasSubstr(std::string("stun.example.org:3478 answers with ") + saw +
                          ", which cannot be this machine's public address"));
  }
}

TEST(ExternalAddress, IsNotConfirmedByAServerAtThatAddress) {
  auto seen = mapped("5.5.5.5", nullptr);
  seen.stun = {server("home.example:3478", "5.5.5.5", "5.5.5.5")};
  EXPECT_THAT(diagnose(seen).doubt.value().summary, HasSubstr("is not outside"));
}

TEST(ExternalAddress, NobodyWasAsked) {
  auto seen = mapped("5.5.5.5", nullptr);
  seen.stun.clear();
  EXPECT_THAT(diagnose(seen).doubt.value().summary, HasSubstr("no external server was asked"));
  seen.asking = true;
  EXPECT_EQ(diagnose(seen).ip, ip("5.5.5.5"));
  EXPECT_FALSE(diagnose(seen).doubt) << "not yet";
}

TEST(ExternalAddress, IsTheHostsOwnWhereSomebodyOutsideSeesThat) {
  auto seen = mapped(nullptr, "11.3.3.10");
  seen.local = ip("11.3.3.10");
  seen.mapped = false;
  EXPECT_EQ(diagnose(seen).direct, true);
  EXPECT_THAT(diagnose(seen).sources, ElementsAre("stun.example.org:3478", "interface"));
  seen.stun = {server("stun.example.org:3478", "9.9.0.7", "5.5.5.5")};
  EXPECT_EQ(diagnose(seen).direct, false) << "a LAN numbered with public addresses";
  EXPECT_EQ(diagnose(seen).ip, ip("5.5.5.5"));
  seen.stun.clear();
  EXPECT_EQ(diagnose(seen).direct, std::nullopt);
  EXPECT_EQ(diagnose(seen).ip, ip("11.3.3.10"));
  seen.mapped = true;
  EXPECT_EQ(diagnose(seen).ip, std::nullopt) << "the mapping is on the router";
}

TEST(ExternalAddress, ServersOutsideThatDisagree) {
  auto seen = mapped("5.5.5.5", "5.5.5.5");
  seen.stun.push_back(server("stun.example.net:3478", "8.8.0.7", "5.5.6.9"));
  const auto judged = diagnose(seen);
  EXPECT_EQ(judged.doubt.value().code, "sources-disagree");
  EXPECT_THAT(judged.doubt->summary, HasSubstr("External servers see different addresses"));
}

TEST(Redirect, NamesTheRuleAndWhereItLeads) {
  const redirect_evidence seen{
      transport::tcp, 4567, {"ip", "nat", "PREROUTING", ip("172.17.0.2"), std::uint16_t{80}}};
  const auto v = diagnose(seen).main;
  EXPECT_EQ(v.code, verdict_code::host_firewall);
  EXPECT_EQ(v.certainty, confidence::likely);
  EXPECT_THAT(v.summary, HasSubstr("redirects TCP port 4567 to 172.17.0.2:80"));
  EXPECT_THAT(v.evidence, ElementsAre(HasSubstr("chain ip nat PREROUTING")));
  EXPECT_THAT(v.advice.at(1), HasSubstr("sudo nft list chain ip nat PREROUTING"));
}

TEST(Redirect, NoShellSeesStrangeNames) {
  const redirect_evidence seen{transport::tcp, 4567, {"ip", "nat", "x; reboot", {}, {}}};
  EXPECT_THAT(diagnose(seen).main.advice.at(1), HasSubstr("sudo nft list ruleset"));
}

TEST(Standpoint, TheRoutersInnerAddressProvesNothing) {
  page_facts facts{{ip("169.168.77.1"), 40000}, {ip("169.168.99.10"), 1234}, {}, "", "", {}};
  facts.outside = endpoint{ip("5.5.5.5"), 1234};
  EXPECT_EQ(judging::location_of(facts), visitor_location::outside);
  facts.gateway = ip("169.168.77.1");
  EXPECT_EQ(judging::location_of(facts), visitor_location::router);
}

}  // namespace external_rules_test
}  // namespace natcheck
