#include "cli/terminal.hpp"

#include <gtest/gtest.h>

namespace natcheck::cli {
namespace terminal_test {

using namespace std::chrono_literals;

environment with_term(const char* term, const char* no_color = "") {
  environment variables;
  variables.term = term;
  variables.no_color = no_color;
  return variables;
}

TEST(Color, AutomaticNeedsACapableTerminalAndNoObjection) {
  using enum color_choice;
  EXPECT_TRUE(use_color(automatic, true, with_term("xterm")));
  EXPECT_FALSE(use_color(automatic, false, with_term("xterm")));
  EXPECT_FALSE(use_color(automatic, true, with_term("dumb")));
  EXPECT_FALSE(use_color(automatic, true, with_term("")));
  EXPECT_FALSE(use_color(automatic, true, with_term("xterm", "1")));
}

TEST(Color, AnExplicitChoiceOverridesAll) {
  EXPECT_TRUE(use_color(color_choice::always, false, with_term("dumb", "1")));
  EXPECT_FALSE(use_color(color_choice::never, true, with_term("xterm")));
}

TEST(Locale, TheMostSpecificVariableDecides) {
  struct row {
    const char *lc_all, *lc_ctype, *lang;
    bool utf8;
  };
  const row rows[] = {{"", "", "", false},
                      {"", "", "C", false},
                      {"", "", "C.UTF-8", true},
                      {"", "", "de_DE.utf8", true},
                      {"", "", "en_US.UTF-8@variant", true},
                      {"", "", "de_DE", false},
                      {"", "C", "en_US.UTF-8", false},
                      {"", "en_US.UTF-8", "C", true},
                      {"POSIX", "en_US.UTF-8", "en_US.UTF-8", false},
                      {"en_US.UTF-8", "C", "C", true}};
  for (const row& r : rows) {
    EXPECT_EQ(names_utf8({"", "", r.lc_all, r.lc_ctype, r.lang}), r.utf8)
        << r.lc_all << "|" << r.lc_ctype << "|" << r.lang;
  }
}

TEST(Progress, LineNamesTheWaitAndItsLength) {
  EXPECT_EQ(progress_line("asking the router", 0s, true), "asking the router …");
  EXPECT_EQ(progress_line("asking the router", 12s, true), "asking the router … 12 s");
  EXPECT_EQ(progress_line("asking the router", 1s, false), "asking the router ... 1 s");
}

}  // namespace terminal_test
}  // namespace natcheck::cli
