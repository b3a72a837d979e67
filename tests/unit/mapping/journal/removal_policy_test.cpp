#include "mapping/journal/removal_policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace natcheck::journal {
namespace removal_policy_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

mapping_record record(mapping_protocol via, std::uint16_t external, std::uint16_t internal = 80) {
  mapping_record made;
  made.via = via;
  made.gateway = boost::asio::ip::make_address("192.168.1.1");
  made.internal = {boost::asio::ip::make_address("192.168.1.10"), internal};
  made.external_port = external;
  return made;
}

known_record known(recorded_by owner, const mapping_record& made) {
  return {made, owner, owner == recorded_by::running ? "77" : "", "", {}};
}

constexpr auto pcp = mapping_protocol::pcp;
constexpr auto nat_pmp = mapping_protocol::nat_pmp;
constexpr auto upnp = mapping_protocol::upnp;

TEST(ClaimRules, OneNumberOutsideForEachPlaceInside) {
  const struct {
    const char* name;
    known_record there;
    mapping_record wanted;
    bool any_port;
    const char* because;  ///< null: it may be asked for
  } rows[]{
      {"added", known(recorded_by::added, record(nat_pmp, 8080)), record(nat_pmp, 9090), false,
       "port 80 of this machine is already open as external port 8080 (created by natcheck "
       "mappings add; to remove it: natcheck mappings remove 8080)"},
      {"a run's", known(recorded_by::running, record(nat_pmp, 8080)), record(pcp, 9090), false,
       "in use by another natcheck, process 77"},
      {"gateways have one table", known(recorded_by::added, record(upnp, 8080)), record(pcp, 9090),
       false, "as external port 8080"},
      {"UPnP has several", known(recorded_by::added, record(upnp, 8080)), record(upnp, 9090), false,
       nullptr},
      {"the same", known(recorded_by::added, record(pcp, 8080)), record(pcp, 8080), false, nullptr},
      {"any is as good", known(recorded_by::added, record(pcp, 8080)), record(pcp, 9090), true,
       nullptr},
      {"elsewhere inside", known(recorded_by::added, record(pcp, 8080, 81)), record(pcp, 9090),
       false, nullptr},
      {"nobody's any more", known(recorded_by::dead, record(pcp, 8080)), record(pcp, 9090), false,
       nullptr},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.name);
    const auto why = open_by_another_port({row.there}, row.wanted, row.any_port);
    ASSERT_EQ(why.has_value(), row.because != nullptr);
    if (!why) continue;
    EXPECT_THAT(to_string(why->detail), HasSubstr(row.because));
    EXPECT_EQ(why->refusal, mapping_refusal::already_mapped);
  }
}

TEST(ClaimRules, WhatWasAddedIsKnownByItsProtocolAndItsNumber) {
  const std::vector<known_record> all{known(recorded_by::running, record(pcp, 8080)),
                                      known(recorded_by::added, record(pcp, 8081)),
                                      known(recorded_by::added, record(upnp, 8082))};
  EXPECT_EQ(added_before(all, record(pcp, 8081), false), &all[1]);
  EXPECT_EQ(added_before(all, record(pcp, 9090), true), &all[1]);
  EXPECT_EQ(added_before(all, record(upnp, 8082), false), &all[2]);
  EXPECT_EQ(added_before(all, record(pcp, 8080), false), nullptr) << "a run's";
  EXPECT_EQ(added_before(all, record(nat_pmp, 8081), true), nullptr) << "another protocol";
}

TEST(ClaimRules, WhatHasToStayIsKnownByItsNumber) {
  const std::vector<known_record> all{known(recorded_by::added, record(upnp, 8080)),
                                      known(recorded_by::running, record(upnp, 8081))};
  EXPECT_TRUE(has_to_stay(all, record(pcp, 8080))) << "by whatever protocol";
  EXPECT_FALSE(has_to_stay(all, record(upnp, 8081)));
  EXPECT_FALSE(has_to_stay(all, record(upnp, 8080, 81)));
}

TEST(ClaimRules, OthersHavePortsForTheSamePlaceInside) {
  const std::vector<known_record> all{known(recorded_by::added, record(upnp, 8080)),
                                      known(recorded_by::running, record(pcp, 8081)),
                                      known(recorded_by::dead, record(upnp, 8082)),
                                      known(recorded_by::added, record(upnp, 8083, 81))};
  EXPECT_THAT(ports_of_others(all, record(upnp, 9090)), ElementsAre(8080, 8081));
}

}  // namespace removal_policy_test
}  // namespace natcheck::journal
