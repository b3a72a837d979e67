#include "arrivals/packets.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <random>

#include "unit/arrivals/packet_captures.hpp"

namespace natcheck::arrivals {
namespace packets_test {

using captures::both;
using captures::bytes_of;
using captures::capture;
using bytes = std::vector<std::uint8_t>;

const capture& named(std::string_view name) {
  return *std::find_if(std::begin(captures::packets), std::end(captures::packets),
                       [&](const capture& one) { return name == one.name; });
}

bool is_ipv6(const bytes& packet) { return packet[0] >> 4 == 6; }

/// What the capture has to be read as.
seen_packet expected(const capture& one) {
  const bool ipv6 = is_ipv6(bytes_of(one.hex));
  const auto ip = [](const char* text) { return boost::asio::ip::make_address(text); };
  return {one.kind,
          one.protocol,
          {ip(ipv6 ? "fd00:7::2" : "192.168.7.2"), one.peer_port},
          {ip(ipv6 ? "fd00:7::1" : "192.168.7.1"), 1234}};
}

/// The packet with options in its IPv4 header: no-operations, as many as fit.
bytes with_ipv4_options(bytes packet) {
  packet.insert(packet.begin() + 20, 40, 1);
  packet[0] = 0x4f;
  return packet;
}

TEST(Packets, FromCapture) {
  for (const capture& one : captures::packets) {
    const auto seen = parse_packet(bytes_of(one.hex), one.way, both);
    ASSERT_TRUE(seen) << one.name;
    EXPECT_EQ(*seen, expected(one)) << one.name;
  }
}

TEST(Packets, HaveTheSameMeaningWithIpOptions) {
  for (const capture& one : captures::packets) {
    bytes packet = bytes_of(one.hex);
    if (is_ipv6(packet)) continue;
    const auto seen = parse_packet(with_ipv4_options(packet), one.way, both);
    ASSERT_TRUE(seen) << one.name;
    EXPECT_EQ(*seen, expected(one)) << one.name;
  }
}

TEST(Packets, TheOtherWayRoundTheyAreNobodys) {
  for (const capture& one : captures::packets) {
    const auto way = one.way == direction::incoming ? direction::outgoing : direction::incoming;
    EXPECT_FALSE(parse_packet(bytes_of(one.hex), way, both)) << one.name;
  }
}

TEST(Packets, OfOtherPortsAndProtocolsAreNobodys) {
  for (const capture& one : captures::packets) {
    const bool tcp = one.protocol == transport::tcp;
    EXPECT_FALSE(parse_packet(bytes_of(one.hex), one.way, {1235, true, true})) << one.name;
    EXPECT_FALSE(parse_packet(bytes_of(one.hex), one.way, {1234, !tcp, tcp})) << one.name;
  }
}

TEST(Packets, EveryTruncatedOneIsTheSameOrNothing) {
  for (const capture& one : captures::packets) {
    const bytes whole = bytes_of(one.hex);
    bool was_read = false;
    for (std::size_t length = 0; length <= whole.size(); ++length) {
      const bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
      const auto seen = parse_packet(cut, one.way, both);
      EXPECT_EQ(seen.value_or(expected(one)), expected(one)) << one.name << ' ' << length;
      EXPECT_TRUE(seen || !was_read) << one.name << ' ' << length;
      was_read = seen.has_value();
    }
    EXPECT_TRUE(was_read) << one.name;
  }
}

TEST(Packets, WhatTheSocketCapturesIsEnough) {
  for (const capture& one : captures::packets) {
    bytes packet = bytes_of(one.hex);
    if (!is_ipv6(packet)) packet = with_ipv4_options(packet);
    packet.resize(std::min(packet.size(), captured_bytes));
    EXPECT_TRUE(parse_packet(packet, one.way, both)) << one.name;
  }
}

struct spoilt {
  const char* name;
  const char* capture;
  std::size_t offset;
  std::uint8_t value;
};

TEST(Packets, OfOtherKindsAreNobodys) {
  const spoilt table[] = {
      {"a later fragment", "SYN", 7, 1},
      {"a header that is too short", "SYN", 0, 0x44},
      {"another version of IP", "SYN", 0, 0x55},
      {"another protocol", "SYN", 9, 50},
      {"an ACK", "SYN", 33, 0x10},
      {"a FIN", "SYN", 33, 0x11},
      {"SYN and ACK from a server elsewhere", "SYN", 33, 0x12},
      {"an ACK that leaves", "SYN and ACK", 33, 0x10},
      {"an IPv6 extension header", "IPv6 SYN", 6, 0},
      {"rubbish over UDP", "UDP greeting", 28, 'h'},
      {"rubbish at the end of a greeting", "UDP greeting", 41, '?'},
      {"ICMP: too big", "ICMP administratively prohibited, about TCP", 21, 4},
      {"ICMP: time exceeded", "ICMP administratively prohibited, about TCP", 20, 11},
      {"ICMP about another protocol", "ICMP administratively prohibited, about TCP", 37, 50},
      {"ICMP about another port", "ICMP administratively prohibited, about TCP", 51, 0},
      {"ICMPv6: too big", "ICMPv6 port unreachable, about UDP", 40, 2},
  };
  for (const spoilt& row : table) {
    const capture& one = named(row.capture);
    bytes packet = bytes_of(one.hex);
    ASSERT_NE(packet.at(row.offset), row.value) << row.name;
    packet[row.offset] = row.value;
    EXPECT_FALSE(parse_packet(packet, one.way, both)) << row.name;
  }
}

TEST(Packets, AResetThatComesInIsTheClientsFarewell) {
  const capture& syn = named("SYN");
  bytes packet = bytes_of(syn.hex);
  packet[33] = 0x04;
  const auto seen = parse_packet(packet, direction::incoming, both);
  ASSERT_TRUE(seen);
  EXPECT_EQ(seen->kind, packet_kind::abandoned);
  EXPECT_EQ(seen->peer, expected(syn).peer);
}

TEST(Packets, SurviveMutations) {
  std::mt19937 random{20240607};
  for (int round = 0; round < 50'000; ++round) {
    const capture& one = captures::packets[random() % std::size(captures::packets)];
    bytes packet = bytes_of(one.hex);
    for (int change = 0; change < 3; ++change) {
      packet[random() % packet.size()] = static_cast<std::uint8_t>(random());
    }
    packet.resize(random() % (packet.size() + 1));
    const auto seen = parse_packet(packet, one.way, both);
    EXPECT_EQ(seen ? seen->local.port : 1234, 1234);
  }
}

}  // namespace packets_test
}  // namespace natcheck::arrivals
