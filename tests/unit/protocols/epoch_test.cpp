#include "protocols/lease/epoch.hpp"

#include <gtest/gtest.h>

namespace natcheck::lease {
namespace epoch_test {

using namespace std::chrono_literals;

struct epoch_row {
  std::uint32_t first;
  std::uint32_t second;
  std::chrono::milliseconds between;
  epoch_state expected;
};

TEST(NatPmpEpoch, FollowsTheClockHere) {
  using enum epoch_state;
  const epoch_row rows[]{
      {1000, 1000, 0s, runs_on},
      {1000, 1060, 60s, runs_on},
      {1000, 998, 0s, runs_on},     // 2 s of rounding
      {1000, 997, 0s, began_anew},  // the gateway began again
      {1000, 0, 60s, began_anew},
      {0, 0, 0s, runs_on},      // nothing wraps around 0
      {0, 698, 800s, runs_on},  // one part in 8 slower: 700 - 2
      {0, 697, 800s, began_anew},
      {0, 0, 3500ms, runs_on},  // 3 * 7 / 8 = 2, and 2 for rounding
      {0, 0, 5s, stands_still},
      {1000, 1000, 60s, stands_still},
      {1000, 1001, 60s, began_anew},
      {0, 0xffffffff, 0s, runs_on},  // ahead is no loss (section 3.6)
      {0xffffffff, 0, 1s, began_anew},
      {100, 5000, 60s, runs_on},
  };
  for (const auto& row : rows) {
    epoch_watch watch(mapping_protocol::nat_pmp);
    const std::chrono::nanoseconds start = 100h;
    EXPECT_EQ(watch.accept(row.first, start), epoch_state::runs_on)
        << "the first answer is believed";
    EXPECT_EQ(watch.accept(row.second, start + row.between), row.expected)
        << row.first << " -> " << row.second << " after " << row.between.count() << " ms";
  }
}

TEST(NatPmpEpoch, AnInvalidOneIsTheStartOfTheNextComparison) {
  epoch_watch watch(mapping_protocol::nat_pmp);
  const std::chrono::nanoseconds start = 100h;
  EXPECT_EQ(watch.accept(1000, start), epoch_state::runs_on);
  EXPECT_EQ(watch.accept(5, start + 60s), epoch_state::began_anew);
  EXPECT_EQ(watch.accept(65, start + 120s), epoch_state::runs_on);
}

TEST(PcpEpoch, FollowsTheClockHere) {
  using enum epoch_state;
  const epoch_row rows[]{
      {1000, 1000, 0s, runs_on},
      {1000, 1060, 60s, runs_on},
      {1000, 999, 0s, runs_on},     // reordered on the way
      {1000, 998, 0s, began_anew},  // the server began again
      {1000, 0, 60s, began_anew},
      {0, 0, 0s, runs_on},  // nothing wraps around 0
      {0, 0xffffffff, 0s, began_anew},
      {0xffffffff, 0, 1s, began_anew},
      {0, 2, 0s, runs_on},  // 2 s of rounding
      {0, 3, 0s, began_anew},
      {0, 0, 2s, runs_on},
      {0, 0, 3s, stands_still},
      {1000, 1000, 60s, stands_still},
      {1000, 1001, 60s, began_anew},  // it was restarted just now
      {0, 1600, 1500s, runs_on},      // one part in 16 slower here: 1600 - 100 = 1500
      {0, 1700, 1500s, began_anew},
      {0, 1500, 1600s, runs_on},
      {0, 1400, 1600s, began_anew},
      {0xfffffff0, 0xfffffff0, 0s, runs_on},
      {100, 101, 1900ms, runs_on},
  };
  for (const auto& row : rows) {
    epoch_watch watch(mapping_protocol::pcp);
    const std::chrono::nanoseconds start = 100h;
    EXPECT_EQ(watch.accept(row.first, start), epoch_state::runs_on)
        << "the first answer is believed";
    EXPECT_EQ(watch.accept(row.second, start + row.between), row.expected)
        << row.first << " -> " << row.second << " after " << row.between.count() << " ms";
  }
}

TEST(PcpEpoch, AnInvalidOneIsTheStartOfTheNextComparison) {
  epoch_watch watch(mapping_protocol::pcp);
  const std::chrono::nanoseconds start = 100h;
  EXPECT_EQ(watch.accept(1000, start), epoch_state::runs_on);
  EXPECT_EQ(watch.accept(5, start + 60s), epoch_state::began_anew);
  EXPECT_EQ(watch.accept(65, start + 120s), epoch_state::runs_on);
}

TEST(Epoch, OnlyWhatRunsAsTimeDoesAdvances) {
  const struct {
    std::uint32_t first, second;
    std::chrono::seconds most;
    bool expected;
  } rows[] = {
      {17, 18, 1s, true},
      {17, 19, 2s, true},
      {17, 21, 2s, true},
      {17, 17, 2s, false},
      {17, 16, 2s, false},
      {17, 0, 2s, false},
      {17, 22, 2s, false},
      {0, 0, 5s, false},
      {17, 4'000'000'000U, 2s, false},
      {4'294'967'295U, 0, 2s, false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(advances(row.first, row.second, row.most), row.expected)
        << row.first << " " << row.second;
  }
}

}  // namespace epoch_test
}  // namespace natcheck::lease
