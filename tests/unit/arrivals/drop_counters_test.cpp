#include "arrivals/drop_counters.hpp"

#include <gmock/gmock.h>

#include <string>

namespace natcheck::arrivals {
namespace drop_counters_test {

constexpr std::string_view netstat =
    "TcpExt: SyncookiesSent ListenOverflows ListenDrops IPReversePathFilter TCPTimeouts\n"
    "TcpExt: 1 2 3 4 5\n"
    "IpExt: InNoRoutes ListenDrops\n"
    "IpExt: 77 88\n";
constexpr std::string_view snmp =
    "Tcp: ActiveOpens PassiveOpens\n"
    "Tcp: 9 8\n"
    "Udp: InDatagrams RcvbufErrors SndbufErrors\n"
    "Udp: 100 20 0\n"
    "UdpLite: InDatagrams RcvbufErrors\n"
    "UdpLite: 0 55\n";
constexpr std::string_view snmp6 =
    "Udp6InDatagrams                 \t7\n"
    "Udp6RcvbufErrors                \t2\n"
    "UdpLite6RcvbufErrors            \t66\n";

TEST(DropCounters, AsTheKernelWritesThem) {
  EXPECT_EQ(parse_drop_counters(netstat, snmp, snmp6), (drop_counters{3, 22, 4}));
}

TEST(DropCounters, WhatIsNotThereIsNone) {
  EXPECT_EQ(parse_drop_counters("", "", ""), drop_counters{});
  EXPECT_EQ(parse_drop_counters("TcpExt: A B\nTcpExt: 1 2\n", "Udp:", "Udp6RcvbufErrors"),
            drop_counters{});
  EXPECT_EQ(parse_drop_counters("TcpExt: ListenDrops\nTcpExt: x\n", "Udp: RcvbufErrors\nUdp:", ""),
            drop_counters{});
}

TEST(DropCounters, EveryTruncatedTextIsRead) {
  for (std::size_t length = 0; length < netstat.size(); ++length) {
    EXPECT_LE(parse_drop_counters(netstat.substr(0, length), {}, {}).requests, 3U) << length;
  }
}

}  // namespace drop_counters_test
}  // namespace natcheck::arrivals
