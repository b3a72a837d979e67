// What is advised where a mapping was not made, and what is odd about one that was.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <natcheck/diagnosis.hpp>

#include "failed_mapping.hpp"

namespace natcheck {
namespace mapping_advice_test {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;
using enum service_state;

TEST(MappingRules, TheCommandIsTheOneThatWasTyped) {
  auto seen =
      trying({{upnp, refused, "ConflictInMappingEntry", mapping_refusal::port_conflict, 718}});
  seen.asked_by = mapping_command::mappings_add;
  EXPECT_THAT(diagnose(seen).main.advice.front(),
              ::testing::AllOf(HasSubstr("natcheck mappings add 1235:8080"),
                               HasSubstr("natcheck mappings add 1234:8080 --any-port")));
}

TEST(MappingRules, TheAdvisedCommandRepeatsTheOptionsOfTheQuestion) {
  auto seen = trying({{pmp, refused, "it granted external port 1235 instead of 1234",
                       mapping_refusal::granted_otherwise}});
  seen.asked = {"eth1", boost::asio::ip::make_address("192.168.2.1")};
  seen.only_via = mapping_protocol::nat_pmp;
  seen.both_transports = true;
  EXPECT_THAT(diagnose(seen).main.advice.front(),
              HasSubstr("natcheck serve --map 1234:8080 --protocol both --via nat-pmp --interface "
                        "eth1 --gateway 192.168.2.1 --any-port"));
  seen.both_transports = false;
  seen.protocol = transport::udp;
  seen.asked = {};
  EXPECT_THAT(diagnose(seen).main.advice.front(),
              HasSubstr("natcheck serve --map 1234:8080 --protocol udp --via nat-pmp --any-port"));
}

TEST(MappingRules, EveryAdvisedCommandOfItsOwnAsksTheSameRouter) {
  const std::vector<mapping_attempt> all[] = {
      {{pcp, refused, {}, mapping_refusal::address_mismatch, 12}},
      {{pcp, refused, {}, mapping_refusal::network_failure, 7}},
      {{pcp, refused, {}, mapping_refusal::no_resources, 8}},
      {{upnp, refused, {}, mapping_refusal::table_full, 728}},
      {{upnp, not_tried, {}}},
      {{upnp, answered, {}}},
      {{upnp, refused, {}, mapping_refusal::port_conflict, 718}},
      {{upnp, refused, {}, mapping_refusal::same_port_required, 724}},
      {{pmp, refused, {}, mapping_refusal::already_mapped}},
  };
  for (const auto& attempts : all) {
    auto seen = trying(attempts);
    seen.asked = {"eth1", {}};
    const auto advice = diagnose(seen).main.advice.front();
    EXPECT_THAT(advice, ::testing::ContainsRegex("natcheck [a-z]+[^,;)]* --interface eth1"));
  }
}

TEST(MappingFindings, AnUnusableExternalAddressIsTold) {
  mapping granted;
  granted.doubt = "The router gives \"x\".";
  ASSERT_EQ(diagnose(granted).size(), 1U);
  EXPECT_EQ(diagnose(granted).front().code, "unusable-external-address");
  EXPECT_EQ(diagnose(granted).front().summary, to_string(granted.doubt));
}

TEST(MappingFindings, AMappingThatStaysSwitchedOffIsTold) {
  mapping granted;
  granted.external_port = 1234;
  EXPECT_TRUE(diagnose(granted).empty());
  granted.switched_off = true;
  ASSERT_EQ(diagnose(granted).size(), 1U);
  const auto told = diagnose(granted).front();
  EXPECT_EQ(told.code, "mapping-switched-off");
  EXPECT_THAT(told.summary, HasSubstr("disabled the mapping of port 1234, so no one can connect"));
  EXPECT_THAT(told.advice, HasSubstr("enable it"));
}

TEST(MappingFindings, AMappingThatLeadsElsewhereIsTold) {
  mapping granted;
  granted.external_port = 1234;
  granted.internal = {boost::asio::ip::make_address("192.168.1.10"), 4321};
  granted.shown_to = "192.168.1.77\n:4321";
  ASSERT_EQ(diagnose(granted).size(), 1U);
  const auto told = diagnose(granted).front();
  EXPECT_EQ(told.code, "mapping-leads-elsewhere");
  EXPECT_EQ(told.summary,
            "The router lists external port 1234 as leading to \"192.168.1.77\\n:4321\" instead of "
            "192.168.1.10:4321, so connections may not reach this machine.");
}

TEST(MappingFindings, AShortLeaseIsTold) {
  mapping granted;
  granted.asked_lifetime = std::chrono::seconds(3600);
  const auto found = [&granted](int lifetime_s) {
    granted.lifetime = std::chrono::seconds(lifetime_s);
    return diagnose(granted);
  };
  ASSERT_EQ(found(1).size(), 1U);
  EXPECT_EQ(found(1).front().code, "short-lease");
  EXPECT_THAT(found(4).front().summary, HasSubstr("for only 4 s at a time"));
  EXPECT_EQ(found(5).size(), 0U);
  EXPECT_EQ(found(0).size(), 0U) << "that one has no end";
  granted.asked_lifetime = std::chrono::seconds(4);
  EXPECT_EQ(found(4).size(), 0U) << "it is what was asked for";
}

TEST(MappingRules, PortsBelow1024AreARefusalOfTheirOwn) {
  constexpr auto advice = "many routers refuse ports below 1024";
  struct {
    mapping_attempt attempt;
    bool may_be_the_port;
  } const table[] = {
      {{upnp, refused, {}, mapping_refusal::not_authorized, 606}, true},
      {{upnp, refused, {}, mapping_refusal::no_reason, 501}, true},
      {{pmp, refused, {}, mapping_refusal::not_authorized, 2}, true},
      {{upnp, refused, {}, mapping_refusal::other, 800}, true},
      {{upnp, refused, {}, mapping_refusal::table_full, 728}, false},
      {{upnp, refused, {}, mapping_refusal::lifetime_rejected, 725}, false},
      {{pmp, silent, {}}, false},
  };
  for (const auto& r : table) {
    SCOPED_TRACE(r.attempt.code);
    auto seen = trying({r.attempt});
    seen.external_port = 80;
    const auto low = diagnose(seen).main.advice;
    EXPECT_EQ(::testing::Value(low, Contains(AllOf(HasSubstr(advice),
                                                   HasSubstr("natcheck serve --map 8080:8080")))),
              r.may_be_the_port);
    seen.external_port = 1024;
    EXPECT_THAT(diagnose(seen).main.advice, Not(Contains(HasSubstr(advice))));
  }
}

TEST(MappingRules, OfALowPortTheNextIsNoBetter) {
  auto seen = trying({{upnp, refused, {}, mapping_refusal::port_conflict, 718}});
  seen.external_port = 443;
  EXPECT_THAT(diagnose(seen).main.advice.front(), HasSubstr("--map 8443:8080"));
}

TEST(MappingRules, TheNextPortStaysAPort) {
  auto seen = trying({{upnp, refused, {}, mapping_refusal::port_conflict, 718}});
  seen.external_port = 65535;
  EXPECT_THAT(diagnose(seen).main.advice.front(), HasSubstr("--map 65534:8080"));
}

TEST(MappingRules, WithoutALocalAddressThereIsNothingToForwardTo) {
  auto seen = trying({{pmp, silent, {}}});
  seen.internal = {};
  EXPECT_THAT(diagnose(seen).main.advice, Not(Contains(HasSubstr("by hand"))));
}

TEST(MappingRules, WithoutAGatewayNobodyIsToldToOpenItsMenu) {
  mapping_evidence nobody;
  nobody.external_port = 1234;
  const auto v = diagnose(nobody).main;
  EXPECT_EQ(v.code, verdict_code::inconclusive);
  EXPECT_EQ(v.summary, "This machine has no IPv4 router.");
  EXPECT_THAT(v.advice, ::testing::ElementsAre("natcheck discover"));
}

}  // namespace mapping_advice_test
}  // namespace natcheck
