#include <gtest/gtest.h>

#include "protocols/lease/schedule.hpp"

namespace natcheck {
namespace lease_schedule_test {

using namespace std::chrono_literals;

const lease_schedule::time_point start{1000h};

lease_schedule granted(mapping_protocol via, std::chrono::seconds lifetime, double chance = 0) {
  lease_schedule value;
  value.granted(via, lifetime, start, chance);
  return value;
}

TEST(LeaseSchedule, RenewsAtHalf) {
  for (const auto via : {mapping_protocol::nat_pmp, mapping_protocol::upnp}) {
    for (const double chance : {0.0, 0.5, 0.99}) {
      EXPECT_EQ(granted(via, 3600s, chance).due(), start + 1800s);
    }
  }
}

TEST(LeaseSchedule, PcpSpreadsItsClients) {
  EXPECT_EQ(granted(mapping_protocol::pcp, 3600s, 0).due(), start + 1800s);
  EXPECT_EQ(granted(mapping_protocol::pcp, 3600s, 0.5).due(), start + 2025s);
  EXPECT_LT(granted(mapping_protocol::pcp, 3600s, 0.999).due(), start + 2250s) << "5/8";
}

TEST(LeaseSchedule, ALeaseWithoutAnEndIsNeverRenewedAndNeverOver) {
  const auto forever = granted(mapping_protocol::upnp, 0s);
  EXPECT_EQ(forever.due(), lease_schedule::time_point::max());
  EXPECT_FALSE(forever.over(start + 100'000h));
  EXPECT_EQ(forever.left(start), 0s);
}

TEST(LeaseSchedule, RetriesUntilTheEnd) {
  struct {
    std::chrono::seconds lifetime;
    lease_schedule::duration at, next;
  } const table[] = {
      {3600s, 1800s, 30s},                          // an eighth of 30 min is above the longest
      {3600s, 3500s, 12500ms}, {3600s, 3590s, 4s},  // never sooner
      {3600s, 3700s, 4s},                           // also when it is over
      {32s, 16s, 2s},          {8s, 4s, 1s},       {2s, 1s, 1s},
  };
  for (const auto& row : table) {
    auto value = granted(mapping_protocol::nat_pmp, row.lifetime);
    value.failed(start + row.at);
    EXPECT_EQ(value.due() - (start + row.at), row.next) << row.lifetime.count();
  }
}

TEST(LeaseSchedule, IsOverAtItsEnd) {
  const auto value = granted(mapping_protocol::pcp, 100s);
  EXPECT_FALSE(value.over(start + 99s));
  EXPECT_TRUE(value.over(start + 100s));
  EXPECT_EQ(value.left(start + 40s), 60s);
  EXPECT_EQ(value.left(start + 100s), 0s);
}

TEST(LeaseSchedule, AsksOnceASecondHoweverShortTheLease) {
  for (const auto lifetime : {1s, 2s}) {
    auto value = granted(mapping_protocol::pcp, lifetime);
    EXPECT_EQ(value.due(), start + 1s);
    EXPECT_FALSE(value.over(value.due())) << "there is time for the renewal";
    EXPECT_EQ(value.end(), start + 2s);
    value.failed(start + 1s);
    EXPECT_EQ(value.due(), start + 2s);
  }
}

TEST(LeaseSchedule, AGrantBeginsAnew) {
  auto value = granted(mapping_protocol::nat_pmp, 100s);
  value.failed(start + 60s);
  value.granted(mapping_protocol::nat_pmp, 200s, start + 70s, 0);
  EXPECT_EQ(value.due(), start + 170s);
  EXPECT_EQ(value.end(), start + 270s);
}

}  // namespace lease_schedule_test
}  // namespace natcheck
