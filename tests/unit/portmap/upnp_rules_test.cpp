#include "portmap/upnp_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace natcheck::portmap {
namespace upnp_rules_test {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

constexpr auto week = 604'800s;

const wan_service version_1{"urn:schemas-upnp-org:service:WANIPConnection:1", {}};
const wan_service version_2{"urn:schemas-upnp-org:service:WANIPConnection:2", {}};

TEST(UpnpRules, WhatARefusalIsAbout) {
  struct {
    int code;
    bool lease;
    bool low_port;  ///< below 1024
    bool high_port;
  } const table[] = {
      {0, false, false, false},   {401, false, false, false}, {402, true, false, false},
      {501, false, true, true},   {606, false, true, false},  {714, false, false, false},
      {716, false, true, true},   {718, false, true, true},   {724, false, false, false},
      {725, true, false, false},  {728, false, false, false}, {729, false, true, true},
      {-911, true, false, false},
  };
  for (const auto& row : table) {
    const auto meaning = row.code == 0 ? mapping_refusal::none : refusal_of(row.code);
    const failure why{outcome::refused, {}, {}, row.code, meaning};
    EXPECT_EQ(refuses_lease(why), row.lease) << row.code;
    EXPECT_EQ(refuses_port(why, 1023), row.low_port) << row.code;
    EXPECT_EQ(refuses_port(why, 1024), row.high_port) << row.code;
  }
}

TEST(UpnpRules, LeaseTimesAreTriedOnceEach) {
  EXPECT_THAT(lease_times(3600s, {}), ElementsAre(3600s, week, 0s));
  EXPECT_THAT(lease_times(week, {}), ElementsAre(week, 0s));
  EXPECT_THAT(lease_times(0s, {}), ElementsAre(0s, week));
  EXPECT_THAT(lease_times(3600s, 0s), ElementsAre(0s, 3600s, week)) << "what worked, first";
  EXPECT_THAT(lease_times(3600s, 3600s), ElementsAre(3600s, week, 0s));
}

TEST(UpnpRules, AnEntryStandsAsLongAsItSays) {
  struct {
    const wan_service& service;
    std::optional<std::uint32_t> told;
    std::chrono::seconds asked;
    std::chrono::seconds stands;
  } const table[] = {
      {version_1, 3600, 3600s, 3600s}, {version_1, 86'400, 3600s, 86'400s},
      {version_1, 0, 3600s, 0s},       {version_1, {}, 3600s, 3600s},
      {version_1, {}, 0s, 0s},         {version_2, 3590, 3600s, 3590s},
      {version_2, 0, 3600s, 3600s},    {version_2, 604'800, 0s, week},
      {version_2, 0, 0s, 0s},
  };
  for (const auto& row : table) {
    EXPECT_EQ(lease_of(row.told, row.service, row.asked), row.stands)
        << row.service.type << " " << row.told.value_or(99) << " " << row.asked.count();
  }
}

}  // namespace upnp_rules_test
}  // namespace natcheck::portmap
