#include "cli/repeated_interrupt.hpp"

#include <gtest/gtest.h>

namespace natcheck::cli {
namespace repeated_interrupt_test {

using std::chrono::milliseconds;

struct arrival {
  int signal;
  int at_ms;
};

/// Whether the last of these signals ends the program at once; none before it may.
bool last_ends(std::initializer_list<arrival> arrivals) {
  repeated_interrupt waiting;
  bool ends = false;
  for (const auto& [signal, at_ms] : arrivals) {
    EXPECT_FALSE(ends);
    ends = waiting.ends_with(signal,
                             repeated_interrupt::clock::time_point(milliseconds(1000 + at_ms)));
  }
  return ends;
}

TEST(RepeatedInterrupt, EndsWithADeliberateSecondInterrupt) {
  EXPECT_TRUE(last_ends({{SIGINT, 0}, {SIGINT, 500}}));
  EXPECT_TRUE(last_ends({{SIGINT, 0}, {SIGINT, 499}, {SIGINT, 700}}));
  EXPECT_TRUE(last_ends({{SIGTERM, 0}, {SIGINT, 600}, {SIGINT, 1100}}));
}

TEST(RepeatedInterrupt, OutlastsEverythingElse) {
  EXPECT_FALSE(last_ends({{SIGINT, 0}}));
  EXPECT_FALSE(last_ends({{SIGINT, 0}, {SIGINT, 0}}));
  EXPECT_FALSE(last_ends({{SIGINT, 0}, {SIGINT, 499}}));
  EXPECT_FALSE(last_ends({{SIGTERM, 0}, {SIGTERM, 2000}, {SIGTERM, 4000}}));
  EXPECT_FALSE(last_ends({{SIGHUP, 0}, {SIGHUP, 2000}}));
  EXPECT_FALSE(last_ends({{SIGHUP, 0}, {SIGTERM, 2000}, {SIGINT, 4000}}));
}

}  // namespace repeated_interrupt_test
}  // namespace natcheck::cli
