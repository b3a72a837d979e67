#include "report/qr.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "report/printable.hpp"

namespace natcheck::report {
namespace qr_test {

constexpr std::string_view url = "http://5.5.5.5:1234/";
constexpr int modules = 25;  // version 2: ISO/IEC 18004 table 1

using matrix = std::vector<std::vector<bool>>;  ///< dark or not, by row and column

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines(1);
  for (const char c : text) {
    if (c == '\n') lines.emplace_back();
    if (c != '\n') lines.back() += c;
  }
  lines.pop_back();
  return lines;
}

std::string without_colors(std::string line) {
  for (auto at = line.find('\x1b'); at != line.npos; at = line.find('\x1b')) {
    line.erase(at, line.find('m', at) - at + 1);
  }
  return line;
}

/// What a camera sees: with colours the glyphs are dark on light, without light on dark.
matrix seen_in(const std::string& text, bool color) {
  matrix seen;
  for (std::string line : lines_of(text)) {
    line = without_colors(line);
    std::vector<bool> upper, lower;
    while (!line.empty()) {
      const auto one = decode(line);
      const bool top = one.value == U'█' || one.value == U'▀';
      const bool bottom = one.value == U'█' || one.value == U'▄';
      upper.push_back(top == color);
      lower.push_back(bottom == color);
      line.erase(0, one.length);
    }
    seen.push_back(upper);
    seen.push_back(lower);
  }
  return seen;
}

text_style style(bool color, unsigned width = 80) { return {color, true, width}; }

/// A finder pattern: 7 by 7 dark, in it 5 by 5 light, in it 3 by 3 dark.
bool is_finder(const matrix& seen, int row, int column) {
  bool right = true;
  for (int y = 0; y < 7; ++y) {
    for (int x = 0; x < 7; ++x) {
      const int ring = std::max(std::abs(y - 3), std::abs(x - 3));
      const bool dark =
          seen.at(static_cast<std::size_t>(row + y)).at(static_cast<std::size_t>(column + x));
      right = right && dark == (ring != 2);
    }
  }
  return right;
}

TEST(Qr, HasItsFinderAndTimingPatternsAndAQuietZone) {
  for (const bool color : {true, false}) {
    const auto seen = seen_in(qr_text(url, style(color)), color);
    ASSERT_EQ(seen.at(0).size(), modules + 8U);
    ASSERT_EQ(seen.size(), modules + 9U) << "an odd number of rows, and half a line";
    EXPECT_TRUE(is_finder(seen, 4, 4));
    EXPECT_TRUE(is_finder(seen, 4, 4 + modules - 7));
    EXPECT_TRUE(is_finder(seen, 4 + modules - 7, 4));
    for (std::size_t i = 8; i < modules - 8; ++i) EXPECT_EQ(seen.at(10).at(4 + i), i % 2 == 0) << i;
    const auto is_dark = [](bool dark) { return dark; };
    for (const std::size_t row : {0U, 1U, 2U, 3U, 29U, 30U, 31U, 32U}) {
      EXPECT_TRUE(std::none_of(seen.at(row).begin(), seen.at(row).end(), is_dark)) << row;
    }
    for (const auto& row : seen) {
      if (&row == &seen.back()) continue;
      EXPECT_TRUE(std::none_of(row.begin(), row.begin() + 4, is_dark));
      EXPECT_TRUE(std::none_of(row.end() - 4, row.end(), is_dark));
    }
  }
}

TEST(Qr, IsTheSameCodeWithAndWithoutColors) {
  auto with = seen_in(qr_text(url, style(true)), true);
  auto without = seen_in(qr_text(url, style(false)), false);
  with.pop_back();
  without.pop_back();
  EXPECT_EQ(with, without);
}

// zbarimg reads "http://5.5.5.5:1234/" from this.
TEST(Qr, AsItWasReadByAScanner) {
  const auto seen = lines_of(qr_text(url, style(false, modules + 4)));
  const std::vector<std::string> expected{
      "█████████████████████████████", "██ ▄▄▄▄▄ █ ▄▄ █ ██▄█ ▄▄▄▄▄ ██",
      "██ █   █ ██▄█▀▀ ██ █ █   █ ██", "██ █▄▄▄█ █ ▀▀▄ ▄▀█ █ █▄▄▄█ ██",
      "██▄▄▄▄▄▄▄█ ▀▄█▄█▄█▄█▄▄▄▄▄▄▄██", "██▄▄ █▀▄▄▀▄▄█▄ ▀▄ █  ▄▄▀█  ██",
      "██▀▄▀█▄█▄  ▄ ▀ █▀ ▄▀▄ ▀ ▄█▄██", "███▀▀▀█▀▄▄▄▄ ██ ▄▀█▄ ▄███▀ ██",
      "██▄▄ ▀▀ ▄▄▀▄▀▄█▀█▄▀█▀▀▄▄▄█▄██", "██▄▄▄█▄█▄█ ▀▄▄ ▄█  ▄▄▄ █▀▄▀██",
      "██ ▄▄▄▄▄ █▀█▄▀ ▄ █ █▄█ ▄██▄██", "██ █   █ ██▀███  ▄ ▄▄   ▀▀▄██",
      "██ █▄▄▄█ █  ▄▄█▀██▀▀█  ██▄▄██", "██▄▄▄▄▄▄▄█▄██▄▄▄█▄▄█▄██▄██▄██",
      "▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀▀",
  };
  EXPECT_EQ(seen, expected);
}

TEST(Qr, NarrowerTerminals) {
  for (const bool color : {true, false}) {
    const auto columns_at = [&](unsigned width) {
      const auto text = qr_text(url, style(color, width));
      return text.empty() ? 0 : columns(lines_of(text).front());
    };
    EXPECT_EQ(columns_at(modules + 8), modules + 8U);
    EXPECT_EQ(columns_at(modules + 7), modules + 4U);
    EXPECT_EQ(columns_at(modules + 4), modules + 4U);
    EXPECT_EQ(columns_at(modules + 3), 0U);
    EXPECT_EQ(columns_at(0), 0U);
  }
}

TEST(Qr, NothingWhereItCannotBeDrawn) {
  EXPECT_EQ(qr_text(url, {true, false, 80}), "") << "no Unicode";
  EXPECT_EQ(qr_text("", style(true)), "");
  EXPECT_EQ(qr_text(std::string(4000, 'x'), style(true, 1000)), "") << "too long";
}

TEST(Qr, ColorsEndWithTheLine) {
  for (const auto& line : lines_of(qr_text(url, style(true)))) {
    EXPECT_TRUE(line.starts_with("\x1b[38;5;16;48;5;231m"));
    EXPECT_TRUE(line.ends_with("\x1b[0m"));
  }
}

}  // namespace qr_test
}  // namespace natcheck::report
