#include "portmap/epoch_check.hpp"

#include <gtest/gtest.h>

namespace natcheck::portmap {
namespace {

using namespace std::chrono_literals;

TEST(EpochCheck, OnlyWhatRunsAsTimeDoesAdvances) {
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

}  // namespace
}  // namespace natcheck::portmap
