#include "outside/icmp_errors.hpp"

#include <gtest/gtest.h>

#include <charconv>
#include <ostream>
#include <string_view>
#include <vector>

namespace natcheck::outside {

void PrintTo(const icmp_error& value, std::ostream* out) {
  *out << (value.why == icmp_error::reason::unreachable ? "unreachable, " : "time exceeded, ")
       << value.code << ", " << value.from;
}

namespace {

using boost::asio::ip::make_address;
using enum icmp_error::reason;

std::vector<std::byte> from_hex(std::string_view text) {
  std::vector<std::byte> bytes;
  for (; text.size() >= 2; text.remove_prefix(2)) {
    unsigned value = 0;
    std::from_chars(text.data(), text.data() + 2, value, 16);
    bytes.push_back(static_cast<std::byte>(value));
  }
  return bytes;
}

// As a Linux 6.18 kernel gave them (64 bits, little-endian): one control message of 48 bytes, with
// cmsghdr, sock_extended_err and sockaddr_in.
constexpr std::string_view exceeded_at_gateway =
    "3000000000000000000000000b00000071000000020b0000000000000000000002000000c0a80101"
    "0000000000000000";
constexpr std::string_view port_closed =
    "3000000000000000000000000b0000006f00000002030300000000000000000002000000090900070000000000000"
    "000";
/// With SO_TIMESTAMP, IP_PKTINFO and IP_RECVTTL switched on, whose messages come before.
constexpr std::string_view behind_others =
    "2000000000000000010000001d000000ef37036b000000006efd0400000000001c00000000000000000000000800"
    "00000200000000000000c0a8010a0000000014000000000000000000000002000000400000000000000030000000"
    "00000000000000000b00000071000000020b0000000000000000000002000000c0a801010000000000000000";

TEST(IcmpError, FromCapture) {
  const icmp_error gateway{time_exceeded, 0, make_address("192.168.1.1")};
  EXPECT_EQ(read_icmp_error(from_hex(exceeded_at_gateway)), gateway);
  EXPECT_EQ(read_icmp_error(from_hex(behind_others)), gateway);
  EXPECT_EQ(read_icmp_error(from_hex(port_closed)),
            (icmp_error{unreachable, 3, make_address("9.9.0.7")}));
}

TEST(IcmpError, NothingInWhatIsCutShort) {
  for (const auto text : {exceeded_at_gateway, behind_others}) {
    auto bytes = from_hex(text);
    while (!bytes.empty()) {
      bytes.pop_back();
      EXPECT_EQ(read_icmp_error(bytes), std::nullopt) << bytes.size() << " bytes";
    }
  }
}

struct patch_row {
  const char* what;
  std::size_t offset;
  std::uint8_t value;
};

TEST(IcmpError, NothingElsePassesForOne) {
  const patch_row rows[]{
      {"no length at all", 0, 0},
      {"shorter than its header", 0, 15},
      {"longer than the buffer", 0, 49},
      {"no room for the offender's address", 0, 32},
      {"another level", 8, 1},
      {"another type", 12, 8},
      {"an error of this host (EMSGSIZE)", 20, 1},
      {"an error of ICMPv6", 20, 3},
      {"source quench", 21, 4},
      {"fragments that never came together", 22, 1},
      {"no offender", 32, 0},
      {"an offender of another family", 32, 10},
  };
  for (const auto& row : rows) {
    auto bytes = from_hex(exceeded_at_gateway);
    bytes[row.offset] = static_cast<std::byte>(row.value);
    EXPECT_EQ(read_icmp_error(bytes), std::nullopt) << row.what;
  }
}

}  // namespace
}  // namespace natcheck::outside
