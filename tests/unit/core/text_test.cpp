#include "core/text.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace natcheck {
namespace text_test {

using namespace std::string_view_literals;

TEST(EscapeBytes, KeepsPrintableText) {
  EXPECT_EQ(escape_bytes("SSH-2.0-OpenSSH_9.2 ~"), "SSH-2.0-OpenSSH_9.2 ~");
  EXPECT_EQ(escape_bytes(""), "");
}

TEST(EscapeBytes, NamesOrNumbersTheRest) {
  EXPECT_EQ(escape_bytes("a\r\nb\tc"), R"(a\r\nb\tc)");
  EXPECT_EQ(escape_bytes("\x16\x03\x01\0\x7f\xff"sv), R"(\x16\x03\x01\x00\x7f\xff)");
  EXPECT_EQ(escape_bytes(R"(\n)"), R"(\\n)") << "two bytes must not look like a line feed";
}

TEST(EscapeBytes, LeavesNoControlCharacterOfAnyByte) {
  for (int byte = 0; byte < 256; ++byte) {
    const std::string shown = escape_bytes(std::string(1, static_cast<char>(byte)));
    EXPECT_TRUE(std::all_of(shown.begin(), shown.end(), [](char c) {
      return c >= ' ' && c <= '~';
    })) << byte;
  }
}

TEST(EqualIgnoringCase, ComparesAsciiLettersAlone) {
  EXPECT_TRUE(equal_ignoring_case("LOCATION", "Location"));
  EXPECT_TRUE(equal_ignoring_case("", ""));
  EXPECT_FALSE(equal_ignoring_case("LOCATION", "LOCATIO"));
  EXPECT_FALSE(equal_ignoring_case("ST", "USN"));
  EXPECT_FALSE(equal_ignoring_case("@", "`")) << "32 apart, and no letters";
}

TEST(ContainsIgnoringCase, FindsItAnywhere) {
  EXPECT_TRUE(contains_ignoring_case("urn:WANIPConnection:1", "wanipconnection"));
  EXPECT_TRUE(contains_ignoring_case("a", ""));
  EXPECT_FALSE(contains_ignoring_case("", "a"));
  EXPECT_FALSE(contains_ignoring_case("WANIPConnectio", "WANIPConnection"));
}

TEST(Trimmed, OfWhiteSpaceAlone) {
  EXPECT_EQ(trimmed(" \t\r\n a b \n"), "a b");
  EXPECT_EQ(trimmed(" \n"), "");
  EXPECT_EQ(trimmed(""), "");
  EXPECT_EQ(trimmed("\"a\""), "\"a\"");
}

}  // namespace text_test
}  // namespace natcheck
