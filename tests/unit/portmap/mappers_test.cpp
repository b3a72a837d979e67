#include "portmap/mappers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <natcheck/operations.hpp>

#include "portmap/grants.hpp"

namespace natcheck::portmap {
namespace mappers_test {

using boost::asio::ip::make_address;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using enum mapping_protocol;

gateway_access at(const char* gateway, const char* local) {
  gateway_access access;
  access.gateway = make_address(gateway);
  access.from = {make_address(local), "eth0"};
  return access;
}

const gateway_access ipv4 = at("192.168.1.1", "192.168.1.10");
const gateway_access ipv6 = at("fe80::1%2", "2a00:5::10");

std::vector<mapping_protocol> protocols(const gateway_access& access, mapping_choice choice) {
  std::vector<mapping_protocol> names;
  for (const auto& mapper : mappers_for(access, choice)) names.push_back(mapper->protocol());
  return names;
}

TEST(Mappers, TheBestFirst) {
  EXPECT_THAT(protocols(ipv4, mapping_choice::automatic), ElementsAre(pcp, nat_pmp, upnp));
  EXPECT_THAT(protocols(ipv4, mapping_choice::pcp), ElementsAre(pcp));
  EXPECT_THAT(protocols(ipv4, mapping_choice::nat_pmp), ElementsAre(nat_pmp));
  EXPECT_THAT(protocols(ipv4, mapping_choice::upnp), ElementsAre(upnp));
  EXPECT_THAT(protocols(ipv6, mapping_choice::automatic), ElementsAre(pcp, upnp));
  EXPECT_THAT(protocols(ipv6, mapping_choice::nat_pmp), IsEmpty());
}

TEST(Mappers, AClaimIsForTheNextRun) {
  const mapping_request request{transport::udp, 4321, 1234, 3600s, false};
  for (const auto* access : {&ipv4, &ipv6}) {
    for (const auto& mapper : mappers_for(*access, mapping_choice::automatic)) {
      const mapping_record record = mapper->record(request);
      EXPECT_EQ(record.via, mapper->protocol());
      EXPECT_EQ(record.protocol, transport::udp);
      EXPECT_EQ(record.gateway, access->gateway);
      EXPECT_EQ(record.interface, "eth0");
      EXPECT_EQ(record.internal, (endpoint{access->from.local, 4321}));
      EXPECT_EQ(record.external_port, access->gateway.is_v6() ? 4321 : 1234);
      // A UPnP gateway may know nothing but permanent entries.
      const bool may_stay = record.via == upnp && !access->gateway.is_v6();
      EXPECT_EQ(record.lifetime, may_stay ? 0s : 3600s);
      EXPECT_EQ(record.nonce.size(), record.via == pcp ? 24U : 0U);
      const auto next = mapper_of(record, *access);
      ASSERT_TRUE(next);
      EXPECT_EQ(next->protocol(), record.via);
      EXPECT_EQ(next->record(request), record) << "whoever adopts it, claims it";
    }
  }
}

TEST(Mappers, ThereIsNoNatPmpOnIpv6) {
  mapping_record record = mappers_for(ipv4, mapping_choice::nat_pmp).front()->record({});
  EXPECT_FALSE(mapper_of(record, ipv6));
}

TEST(Grants, PortZeroIsNeverAskedFor) {
  EXPECT_EQ(first_choice({transport::tcp, 4321, 1234, 3600s, false}), 1234);
  EXPECT_EQ(first_choice({transport::tcp, 4321, 0, 3600s, true}), 4321);
}

TEST(Grants, AnotherPortThanAskedIsNamedBesideThatOne) {
  const failure clean = another_port_granted(operation_code::connecting, 80, 1024, result<void>{});
  EXPECT_EQ(clean.kind, outcome::refused);
  EXPECT_EQ(clean.refusal, mapping_refusal::granted_otherwise);
  EXPECT_EQ(to_string(clean.detail), "it granted external port 1024 instead of 80");
  const failure stuck =
      another_port_granted(operation_code::connecting, 80, 1024,
                           failure{outcome::timed_out, operation_code::connecting, "no answer", 0});
  EXPECT_THAT(to_string(stuck.detail), HasSubstr("could not be removed: no answer"));
}

TEST(Grants, AnExternalAddressIsTakenWhereItCanBeOne) {
  for (const char* none : {"", "0.0.0.0", "::"}) {
    const auto word = judge_external_address(ipv4, none);
    EXPECT_FALSE(word.usable) << none;
    EXPECT_EQ(to_string(word.doubt), "") << none;
  }
  for (const char* strange : {"127.0.0.1", "::1", "2a00::1", "router.lan", "192.168.1.1", "None"}) {
    const auto word = judge_external_address(ipv4, strange);
    EXPECT_FALSE(word.usable) << strange;
    EXPECT_THAT(to_string(word.doubt), HasSubstr(strange));
  }
  for (const char* some : {"5.5.5.5", "192.168.2.1", "100.64.0.1"}) {
    const auto word = judge_external_address(ipv4, some);
    EXPECT_EQ(word.usable, make_address(some));
    EXPECT_EQ(to_string(word.doubt), "");
  }
  mapping entry;
  set_external_address(judge_external_address(ipv4, "005.005.005.005:0"), entry);
  EXPECT_EQ(entry.external_address, make_address("5.5.5.5"));
  set_external_address(judge_external_address(ipv4, "router.lan"), entry);
  EXPECT_FALSE(entry.external_address);
  EXPECT_NE(to_string(entry.doubt), "");
}

TEST(Grants, WhatLeadsToAnAddressThatIsGoneIsOutOfReach) {
  mapping_record record = record_of(ipv4, pcp, {});
  EXPECT_FALSE(out_of_reach(ipv4, record));
  record.internal.ip = make_address("192.168.1.11");
  const auto why = out_of_reach(ipv4, record);
  ASSERT_TRUE(why);
  EXPECT_THAT(to_string(why->detail), HasSubstr("192.168.1.11"));
}

}  // namespace mappers_test
}  // namespace natcheck::portmap
