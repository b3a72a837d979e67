#include "net/socket_errors.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <string_view>

#include "unit/net/from_hex.hpp"

namespace natcheck::net {
namespace socket_errors_test {

using boost::asio::ip::make_address;

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

std::optional<icmp_notice> notice_in(message_view control) {
  const auto error = read_socket_error(control);
  return error ? error->icmp : std::nullopt;
}

TEST(SocketError, FromCapture) {
  const icmp_notice gateway{make_address("192.168.1.1"), 11, 0};
  const auto exceeded = read_socket_error(from_hex(exceeded_at_gateway));
  ASSERT_TRUE(exceeded);
  EXPECT_EQ(exceeded->error.value(), EHOSTUNREACH);
  EXPECT_EQ(exceeded->icmp, gateway);
  EXPECT_EQ(notice_in(from_hex(behind_others)), gateway);
  const auto closed = read_socket_error(from_hex(port_closed));
  ASSERT_TRUE(closed);
  EXPECT_EQ(closed->error.value(), ECONNREFUSED);
  EXPECT_EQ(closed->icmp, (icmp_notice{make_address("9.9.0.7"), 3, 3}));
}

TEST(SocketError, NothingInWhatIsCutShort) {
  for (const auto text : {exceeded_at_gateway, behind_others}) {
    auto bytes = from_hex(text);
    while (!bytes.empty()) {
      bytes.pop_back();
      EXPECT_FALSE(read_socket_error(bytes)) << bytes.size() << " bytes";
    }
  }
}

struct patch_row {
  const char* what;
  std::size_t offset;
  std::uint8_t value;
};

TEST(SocketError, NothingElsePassesForOne) {
  const patch_row rows[]{
      {"no length at all", 0, 0},        {"shorter than its header", 0, 15},
      {"longer than the buffer", 0, 49}, {"no room for the error", 0, 31},
      {"another level", 8, 1},           {"another type", 12, 8},
  };
  for (const auto& row : rows) {
    auto bytes = from_hex(exceeded_at_gateway);
    bytes[row.offset] = static_cast<std::byte>(row.value);
    EXPECT_FALSE(read_socket_error(bytes)) << row.what;
  }
}

TEST(SocketError, OnlyWhatCameByIcmpHasASender) {
  const patch_row rows[]{
      {"no room for the offender's address", 0, 32},    {"an error of this host (EMSGSIZE)", 20, 1},
      {"an error of ICMPv6 by an IPv4 address", 20, 3}, {"no offender", 32, 0},
      {"an offender of another family", 32, 10},
  };
  for (const auto& row : rows) {
    auto bytes = from_hex(exceeded_at_gateway);
    bytes[row.offset] = static_cast<std::byte>(row.value);
    const auto error = read_socket_error(bytes);
    ASSERT_TRUE(error) << row.what;
    EXPECT_EQ(error->error.value(), EHOSTUNREACH) << row.what;
    EXPECT_EQ(error->icmp, std::nullopt) << row.what;
  }
}

}  // namespace socket_errors_test
}  // namespace natcheck::net
