#include "report/printable.hpp"

#include <gtest/gtest.h>

namespace natcheck::report {
namespace printable_test {

TEST(Printable, KeepsTextAndEscapesTheRest) {
  const std::pair<std::string, const char*> rows[] = {
      {"plain", "plain"},
      {"Küche ✔", "Küche ✔"},
      {"a\nb", "a\\nb"},
      {"\x1b[31m", "\\x1b[31m"},
      {"\x7f", "\\x7f"},
      {"\xc2\x9b", "\\xc2\\x9b"},                    // C1: CSI in one code point
      {"\xe2\x80\xae", "\\xe2\\x80\\xae"},           // right-to-left override
      {"\xff\xfe", "\\xff\\xfe"},                    // no UTF-8
      {"\xc0\xaf", "\\xc0\\xaf"},                    // overlong "/"
      {"\xed\xa0\x80", "\\xed\\xa0\\x80"},           // surrogate
      {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80"},  // beyond U+10FFFF
      {"ok\xe2\x9c", "ok\\xe2\\x9c"},                // cut short
      {std::string(1, '\0'), "\\x00"},
      {"\u00ad", "\\xc2\\xad"},                // soft hyphen
      {"\u061c", "\\xd8\\x9c"},                // Arabic letter mark
      {"\u200b", "\\xe2\\x80\\x8b"},           // zero width space
      {"\u2060", "\\xe2\\x81\\xa0"},           // word joiner
      {"\u2028", "\\xe2\\x80\\xa8"},           // line separator
      {"\u3164", "\\xe3\\x85\\xa4"},           // Hangul filler
      {"\ufe0f", "\\xef\\xb8\\x8f"},           // variation selector
      {"\ue000", "\\xee\\x80\\x80"},           // private use
      {"\uffff", "\\xef\\xbf\\xbf"},           // noncharacter
      {"\U000e0001", "\\xf3\\xa0\\x80\\x81"},  // tags
      {"\U000e007f", "\\xf3\\xa0\\x81\\xbf"},  //
      {"\U000e0100", "\\xf3\\xa0\\x84\\x80"},  // variation selector
      {"\U0001f600", "\U0001f600"},            // a face is visible
      {"back\\slash", "back\\slash"},          // what was escaped before stays as it is
  };
  for (const auto& [text, expected] : rows) EXPECT_EQ(printable(text, true), expected);
}

TEST(Printable, WithoutUnicodeOnlyAsciiIsLeft) {
  EXPECT_EQ(printable("Küche", false), "K\\xc3\\xbcche");
}

TEST(Printable, EveryPairOfBytesBecomesHarmless) {
  for (unsigned a = 0; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      const std::string text{static_cast<char>(a), static_cast<char>(b)};
      const auto out = printable(text, true);
      for (std::string_view rest = out; !rest.empty();) {
        const auto next = decode(rest);
        ASSERT_TRUE(next.valid && !is_control(next.value)) << a << ' ' << b;
        rest.remove_prefix(next.length);
      }
    }
  }
}

TEST(Columns, CountsCodePointsAndNoColours) {
  EXPECT_EQ(columns(""), 0U);
  EXPECT_EQ(columns("abc"), 3U);
  EXPECT_EQ(columns("✔ ╫"), 3U);
  EXPECT_EQ(columns("\x1b[32m✔\x1b[0m ok"), 4U);
  EXPECT_EQ(columns("\x1b["), 0U);
}

TEST(Clipped, EndsBetweenCodePoints) {
  EXPECT_EQ(clipped("short", 5), "short");
  EXPECT_EQ(clipped("longer", 5), "longe...");
  EXPECT_EQ(clipped("aüb", 2), "a...");
}

}  // namespace printable_test
}  // namespace natcheck::report
