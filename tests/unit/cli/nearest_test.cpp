#include "cli/nearest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/interfaces.hpp"

namespace natcheck::cli {
namespace nearest_test {

using testing::Contains;

TEST(EditDistance, CountsTheFourEdits) {
  struct row {
    const char *a, *b;
    std::size_t distance;
  };
  const row rows[] = {{"", "", 0},           {"", "abc", 3},
                      {"abc", "", 3},        {"json", "json", 0},
                      {"jsn", "json", 1},    {"jsonn", "json", 1},
                      {"jxon", "json", 1},   {"josn", "json", 1},
                      {"ab", "ba", 1},       {"abcd", "badc", 2},
                      {"ca", "abc", 3},      {"kitten", "sitting", 3},
                      {"serve", "probe", 4}, {"discvoer", "discover", 1}};
  for (const row& r : rows) {
    EXPECT_EQ(edit_distance(r.a, r.b), r.distance) << r.a << " and " << r.b;
    EXPECT_EQ(edit_distance(r.b, r.a), r.distance) << r.b << " and " << r.a;
  }
}

TEST(Nearest, IsCloseOrNothing) {
  struct row {
    const char *word, *expected;
  };
  const std::vector<std::string> words = {"discover", "serve", "probe", "--json", "--interface"};
  const row rows[] = {{"serve", "serve"},
                      {"serv", "serve"},
                      {"sevre", "serve"},
                      {"prboe", "probe"},
                      {"discovr", "discover"},
                      {"disc", "discover"},
                      {"--inter", "--interface"},
                      {"--jsn", "--json"},
                      {"dance", ""},
                      {"", ""},
                      {"s", ""},
                      {"probably", ""},
                      {"--verbatim", ""}};
  for (const row& r : rows) EXPECT_EQ(nearest(r.word, words), r.expected) << r.word;
}

TEST(Nearest, PrefersTheNearerOverTheFirst) {
  const std::vector<std::string> words = {"abcdxy", "abcdef"};
  EXPECT_EQ(nearest("abcdeg", words), "abcdef");
}

TEST(OneOf, JoinsWords) {
  EXPECT_EQ(one_of({}), "");
  EXPECT_EQ(one_of(std::vector<std::string>{"a"}), "a");
  EXPECT_EQ(one_of(std::vector<std::string>{"a", "b"}), "a or b");
  EXPECT_EQ(one_of(std::vector<std::string>{"a", "b", "c"}), "a, b or c");
  EXPECT_EQ(all_of(std::vector<std::string>{"a", "b", "c"}), "a, b and c");
}

TEST(Interfaces, KernelKnowsLoopback) { EXPECT_THAT(interface_names(), Contains("lo")); }

TEST(Interfaces, MessageNamesTheNearestOrAll) {
  const std::vector<std::string> existing = {"lo", "eth0", "wlan0"};
  EXPECT_EQ(wrong_interface("eth0", existing), "");
  EXPECT_EQ(wrong_interface("", existing), "");
  EXPECT_EQ(wrong_interface("eht0", existing), "no interface eht0; did you mean eth0?");
  EXPECT_EQ(wrong_interface("tun7", existing), "no interface tun7; expected lo, eth0 or wlan0");
}

}  // namespace nearest_test
}  // namespace natcheck::cli
