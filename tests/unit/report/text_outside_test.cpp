#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "core/text.hpp"
#include "reports.hpp"

namespace natcheck {
namespace text_outside_test {

using namespace natcheck::testing;
using ::testing::HasSubstr;
using ::testing::Not;

std::string text_of(const discover_evidence& seen) {
  return to_text(judged_as(verdict_code::inconclusive, seen), fancy);
}

TEST(AskedOutside, NamesEverybodyWithTheOutcome) {
  auto seen = home();
  auto tcp = stun_saw("b.example", "5.5.5.5");
  tcp.protocol = transport::tcp;
  auto nameless = stun_is("f.example", service_state::not_tried, 0);
  nameless.address.reset();
  seen.stun = {stun_saw("a.example", "5.5.5.5"),
               stun_is("b.example", service_state::silent, 7),
               tcp,
               stun_saw("c.example", "2a00:1::10"),
               stun_is("c.example", service_state::silent, 7),
               stun_is("d.example", service_state::silent, 7),
               stun_is("e.example", service_state::not_tried, 2),
               nameless,
               stun_is("g.example", service_state::refused, 1),
               stun_is("h.example", service_state::not_tried, 0)};
  EXPECT_THAT(text_of(seen),
              HasSubstr(
                  R"(External servers  a.example (21 ms), b.example (21 ms, TCP only), c.example (21
                  ms, IPv6), d.example (silent), e.example (no answer yet),
                  f.example (no usable address), g.example (refused)
)"));
}

TEST(AskedOutside, NamesThePageAndTheEndOfThePath) {
  auto seen = home();
  seen.stun = {stun_is("a.example", service_state::silent, 7)};
  seen.path.target = seen.stun[0].address;
  const std::pair<web_result, const char*> rows[] = {
      {web_result::expected, "(web, as expected)"},
      {web_result::intercepted, "(web, something else answered)"},
      {web_result::failed, "(web, no answer)"}};
  for (const auto& [result, words] : rows) {
    seen.web = {result, "http://check.example/generate_204", "", 0, {}, false, {}};
    EXPECT_THAT(text_of(seen), HasSubstr(std::string("a.example (silent), check.example ")));
    const auto text = text_of(seen);
    EXPECT_THAT(text.substr(0, text.find("\n\n")), HasSubstr(std::string(words).substr(0, 8)));
  }
  seen.web = {};
  seen.path.target = endpoint{ip("198.18.0.4"), 53};
  EXPECT_THAT(text_of(seen), HasSubstr("a.example (silent), 198.18.0.4:53 (path)\n"));
}

TEST(Behavior, IsToldInWordsAndTerms) {
  auto seen = home();
  seen.nat.mapping = nat_behavior::endpoint_independent;
  seen.nat.filtering = nat_behavior::address_and_port_dependent;
  seen.nat.hairpin = tested::no;
  seen.nat.port_preservation = tested::yes;
  seen.nat.server = "stun.a:3478";
  seen.nat.lifetime = {std::chrono::seconds(110), std::chrono::seconds(120)};
  EXPECT_THAT(text_of(seen), HasSubstr(
                                 R"(
Mapping           endpoint-independent   one external port for every
                                         destination: good for peer-to-peer
                                         connections
Filtering         address-and-port-dependent
                  only the exact address and port contacted can send back
Hairpin           no             from inside, the public address does not work:
                                 use the private one
Ports             preserved      the same port number outside as inside
Binding lifetime  110 to 120 s   how long an idle UDP binding stays open; RFC
                                 4787 requires at least 120 s
Tested with       stun.a
)"));
}

TEST(Behavior, WhatIsNotTestedIsSaidWithItsReason) {
  auto seen = home();
  seen.nat.mapping = nat_behavior::none;
  seen.nat.doubts = {"hairpin: the server fell silent"};
  const auto text = text_of(seen);
  EXPECT_THAT(text, HasSubstr("Mapping           none           no translation"));
  EXPECT_THAT(text, HasSubstr("\nFiltering         not tested\nHairpin           not tested\n"
                              "Ports             not tested\n"));
  EXPECT_THAT(text, HasSubstr("\n  Note: Hairpin: the server fell silent.\n"));
  EXPECT_THAT(text, Not(HasSubstr("Binding lifetime")));
}

TEST(Behavior, WithoutAServerNothingIsTested) {
  auto seen = home();
  seen.nat.doubts = {"no server has a second address"};
  const auto text = text_of(seen);
  EXPECT_THAT(text, HasSubstr("\nNAT behaviour     not tested\n"));
  EXPECT_THAT(text, Not(HasSubstr("Mapping")));
  EXPECT_THAT(text, HasSubstr("Note: No server has a second address.\n"));
}

TEST(Behavior, EveryKindHasWordsOfItsOwn) {
  std::set<std::string> texts;
  for (const auto value :
       {nat_behavior::none, nat_behavior::endpoint_independent, nat_behavior::address_dependent,
        nat_behavior::address_and_port_dependent}) {
    auto mapping = home(), filtering = home();
    mapping.nat.mapping = value;
    filtering.nat.filtering = value;
    texts.insert(text_of(mapping));
    texts.insert(text_of(filtering));
  }
  EXPECT_EQ(texts.size(), 8U);
}

TEST(Behavior, ALifetimeWithOneBound) {
  using std::chrono::seconds;
  auto seen = home();
  seen.nat.lifetime = {seconds(600), std::nullopt};
  EXPECT_THAT(text_of(seen), HasSubstr("Binding lifetime  600 s or more"));
  seen.nat.lifetime = {std::nullopt, seconds(20)};
  EXPECT_THAT(text_of(seen), HasSubstr("Binding lifetime  less than 20 s"));
}

TEST(Servers, WithoutTheirPorts) {
  const std::pair<const char*, const char*> rows[] = {{"stun.a:3478", "stun.a"},
                                                      {"stun.a", "stun.a"},
                                                      {"1.2.3.4:80", "1.2.3.4"},
                                                      {"[2a00::1]:80", "2a00::1"},
                                                      {"2a00::1", "2a00::1"},
                                                      {"[2a00::1", "2a00::1"},
                                                      {"", ""}};
  for (const auto& [server, name] : rows) EXPECT_EQ(without_port(server), name);
}

TEST(Sightings, AreCountedByServer) {
  discover_evidence all;
  all.stun = {stun_saw("a", "5.5.5.5"), stun_saw("b", "6.6.6.6"),
              stun_saw("c", "6.6.6.6"), stun_saw("a", "5.5.5.5"),
              stun_saw("d", "2a00::1"), stun_is("e", service_state::silent, 1)};
  for (const char* unusable : {"0.0.0.0", "192.168.1.10", "203.0.113.5", "255.255.255.255"}) {
    all.stun.push_back(stun_saw("f", unusable));
  }
  const auto seen = diagnose(all).reflexive_ipv4;
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].ip, ip("6.6.6.6"));
  EXPECT_EQ(seen[0].servers, (std::vector<std::string>{"b:3478", "c:3478"}));
  EXPECT_EQ(seen[1].servers, (std::vector<std::string>{"a:3478"}));
}

}  // namespace text_outside_test
}  // namespace natcheck
