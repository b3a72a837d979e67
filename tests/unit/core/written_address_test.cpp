#include "core/written_address.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace natcheck {
namespace written_address_test {

using ::testing::HasSubstr;

std::string read(std::string_view text) {
  const auto found = read_written_address(text);
  return found ? found->to_string() : "none";
}

TEST(WrittenAddress, IsReadAsRoutersWriteIt) {
  using namespace std::string_view_literals;
  for (const auto text :
       {"5.5.5.5"sv, " 5.5.5.5 "sv, "\r\n\t5.5.5.5\r\n"sv, "005.005.005.005"sv, "5.05.5.005"sv,
        "5.5.5.5:0"sv, "5.5.5.5:65535"sv, "5.5.5.5 : 80"sv, "5.5.5.5/24"sv, "5.5.5.5 / 32"sv,
        "5.5.5.5/255.255.255.0"sv, "5.5.5.5/"sv, "5.5.5.5:"sv, "\"5.5.5.5\""sv, "'5.5.5.5'"sv,
        "5.5.5.5\0"sv, "::ffff:5.5.5.5"sv, "[::ffff:5.5.5.5]"sv}) {
    EXPECT_EQ(read(text), "5.5.5.5") << text;
  }
  for (const auto text : {"2a00::1"sv, " 2A00::1\n"sv, "[2a00::1]"sv, "[2a00::1]:80"sv,
                          "2a00::1/64"sv, "2a00::1%eth0"sv, "[2a00::1]/64"sv}) {
    EXPECT_EQ(read(text), "2a00::1") << text;
  }
  EXPECT_EQ(read("010.064.000.001"), "10.64.0.1") << "decimal, never octal";
}

TEST(WrittenAddress, IsNothingElse) {
  for (const char* text :
       {"",          " ",         "None",      "null",          "router.lan",
        "5.5.5",     "5.5.5.5.5", "256.1.1.1", "5.5.5.x",       "5.5.5.-5",
        "5..5.5",    "5.5.5.5:x", "5.5.5.5/x", "5.5.5.5:80:80", "5.5.5.5 6.6.6.6",
        "0x5.5.5.5", "84215045",  "[2a00::1",  "[5.5.5.5]",     "[2a00::1]x",
        ":",         "/",         "...",       "5.5.5.5a"}) {
    EXPECT_EQ(read(text), "none") << text;
  }
}

TEST(WrittenAddress, ThatIsNoExternalOneIsNamedAsWhatItIs) {
  const auto gateway = boost::asio::ip::make_address("192.168.1.1");
  struct {
    const char* text;
    const char* what;
  } const table[] = {
      {"router.lan", "a host name, not an IP address"},
      {"my-home.dyndns.org", "a host name, not an IP address"},
      {"None", "not an IP address"},
      {"1.2.3", "not an IP address"},
      {"Not available.", "not an IP address"},
      {"2a00::1", "an IPv6 address, not an IPv4 address"},
      {"192.168.1.1", "its own address on this network"},
      {" 192.168.001.001/24", "its own address on this network"},
      {"127.0.0.1", "a loopback address"},
      {"239.255.255.250", "a multicast address"},
      {"255.255.255.255", "the broadcast address"},
  };
  for (const auto& line : table) {
    EXPECT_THAT(to_string(doubt_external_address(line.text, gateway)),
                HasSubstr(std::string("as its external address, which is ") + line.what + "."))
        << line.text;
  }
  for (const char* text : {"", " ", "0.0.0.0", "::", "5.5.5.5", "100.64.0.1", "192.168.2.1"}) {
    EXPECT_TRUE(doubt_external_address(text, gateway).empty()) << text;
  }
  EXPECT_TRUE(doubt_external_address(std::string(100, '\x1b'), gateway).empty())
      << "control characters alone are nothing";
  EXPECT_THAT(to_string(doubt_external_address("a\x1b[2Jb", gateway)), HasSubstr("\"a\\x1b[2Jb\""));
  EXPECT_THAT(to_string(doubt_external_address(std::string(100, 'x'), gateway)),
              HasSubstr("\"" + std::string(64, 'x') + "...\""));
}

}  // namespace written_address_test
}  // namespace natcheck
