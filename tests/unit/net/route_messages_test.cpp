#include "net/route_messages.hpp"

#include <gmock/gmock.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <random>

#include "unit/net/captures.hpp"
#include "unit/net/from_hex.hpp"

namespace natcheck::net {
namespace route_messages_test {

using boost::asio::ip::make_address;

constexpr std::array every_capture{
    captures::link_lo,
    captures::link_eth0,
    captures::link_br0,
    captures::link_tun9,
    captures::link_tap9,
    captures::address_lo,
    captures::address_secondary,
    captures::address_peer,
    captures::address_temporary,
    captures::address_deprecated,
    captures::address_managing,
    captures::address_link_local,
    captures::route_policy_table,
    captures::route_metric,
    captures::route_multipath,
    captures::route_via_ipv6,
    captures::route_multipath_via_ipv6,
    captures::route_unreachable,
    captures::route_blackhole,
    captures::route_ipv6,
    captures::route_ipv6_multipath,
    captures::decision_ipv4,
    captures::decision_by_wlan0,
    captures::entry_by_wlan0,
    captures::decision_ipv6,
    captures::neighbor_stale,
    captures::neighbor_permanent,
};

/// What all parsers together make of a message.
struct parsed {
  std::optional<link> as_link;
  std::optional<link_address> as_address;
  std::optional<route> as_route;
  std::optional<neighbor> as_neighbor;

  friend bool operator==(const parsed&, const parsed&) = default;

  int successes() const {
    return as_link.has_value() + as_address.has_value() + as_route.has_value() +
           as_neighbor.has_value();
  }
};

parsed parse_as_everything(message_view bytes) {
  return {parse_link(bytes), parse_address(bytes), parse_route(bytes), parse_neighbor(bytes)};
}

void set_length(message& bytes, std::size_t length) {
  const auto value = static_cast<std::uint32_t>(length);
  if (bytes.size() >= sizeof(value)) std::memcpy(bytes.data(), &value, sizeof(value));
}

next_hop hop(unsigned index, const char* gateway = nullptr) {
  return {index, gateway == nullptr ? std::nullopt : std::optional{make_address(gateway)}};
}

// --- captures --------------------------------------------------------------------------------

TEST(ParseLink, FromCapture) {
  constexpr std::uint32_t up = IFF_UP | IFF_RUNNING | IFF_LOWER_UP;
  constexpr std::uint32_t ethernet = IFF_BROADCAST | IFF_MULTICAST;
  const std::pair<std::string_view, link> rows[] = {
      {captures::link_lo, {1, "lo", ARPHRD_LOOPBACK, up | IFF_LOOPBACK, ""}},
      {captures::link_eth0, {3, "eth0", ARPHRD_ETHER, up | ethernet, "veth"}},
      {captures::link_br0, {6, "br0", ARPHRD_ETHER, ethernet, "bridge"}},
      {captures::link_tun9,
       {8, "tun9", ARPHRD_NONE, up | IFF_POINTOPOINT | IFF_NOARP | IFF_MULTICAST, "tun"}},
      {captures::link_tap9, {9, "tap9", ARPHRD_ETHER, ethernet, "tun"}},
  };
  for (const auto& [hex, expected] : rows) {
    EXPECT_EQ(parse_link(from_hex(hex)), expected) << expected.name;
  }
}

TEST(ParseAddress, FromCapture) {
  const std::pair<std::string_view, link_address> rows[] = {
      {captures::address_lo, {1, make_address("127.0.0.1"), 8, IFA_F_PERMANENT}},
      {captures::address_secondary,
       {3, make_address("192.168.1.11"), 24, IFA_F_PERMANENT | IFA_F_SECONDARY}},
      {captures::address_peer, {8, make_address("10.8.0.2"), 32, IFA_F_PERMANENT}},
      {captures::address_temporary,
       {3, make_address("2a00:1:2:3:ad91:67f:2d07:b5f9"), 64, IFA_F_TEMPORARY}},
      {captures::address_deprecated,
       {3, make_address("2a00:1:2:4::1"), 64, IFA_F_DEPRECATED | IFA_F_NODAD}},
      {captures::address_managing,
       {3, make_address("2a00:1:2:3::1"), 64,
        IFA_F_PERMANENT | IFA_F_NODAD | IFA_F_MANAGETEMPADDR}},
      {captures::address_link_local, {3, make_address("fe80::ff:fe00:4"), 64, IFA_F_PERMANENT}},
  };
  for (const auto& [hex, expected] : rows) {
    EXPECT_EQ(parse_address(from_hex(hex)), expected) << expected.ip;
  }
}

TEST(ParseRoute, DefaultsFromCapture) {
  constexpr std::uint32_t main = RT_TABLE_MAIN;
  const std::pair<std::string_view, route> rows[] = {
      {captures::route_policy_table, {AF_INET, RTN_UNICAST, 0, 51820, 0, std::nullopt, {hop(8)}}},
      {captures::route_metric,
       {AF_INET, RTN_UNICAST, 0, main, 100, make_address("192.168.1.11"), {hop(3, "192.168.1.1")}}},
      {captures::route_multipath,
       {AF_INET,
        RTN_UNICAST,
        0,
        main,
        200,
        std::nullopt,
        {hop(3, "192.168.1.1"), hop(5, "10.0.0.1")}}},
      {captures::route_via_ipv6,
       {AF_INET, RTN_UNICAST, 0, main, 300, std::nullopt, {hop(5, "fe80::1")}}},
      {captures::route_multipath_via_ipv6,
       {AF_INET, RTN_UNICAST, 0, main, 400, std::nullopt, {hop(3, "fe80::1"), hop(5, "10.0.0.1")}}},
      {captures::route_ipv6,
       {AF_INET6, RTN_UNICAST, 0, main, 100, std::nullopt, {hop(3, "fe80::1")}}},
      {captures::route_ipv6_multipath,
       {AF_INET6, RTN_UNICAST, 0, main, 200, std::nullopt, {hop(3, "fe80::1"), hop(5, "fe80::2")}}},
      {captures::route_unreachable, {AF_INET, RTN_UNREACHABLE, 0, main, 500, std::nullopt, {}}},
      {captures::route_blackhole, {AF_INET, RTN_BLACKHOLE, 15, main, 0, std::nullopt, {}}},
  };
  for (const auto& [hex, expected] : rows) EXPECT_EQ(parse_route(from_hex(hex)), expected) << hex;
}

TEST(ParseRoute, LookupsFromCapture) {
  constexpr std::uint32_t main = RT_TABLE_MAIN;
  const std::pair<std::string_view, route> rows[] = {
      {captures::decision_ipv4,
       {AF_INET, RTN_UNICAST, 32, main, 0, make_address("192.168.1.11"), {hop(3, "192.168.1.1")}}},
      {captures::decision_by_wlan0,
       {AF_INET, RTN_UNICAST, 32, main, 0, make_address("10.0.0.5"), {hop(5, "10.0.0.1")}}},
      {captures::entry_by_wlan0,
       {AF_INET,
        RTN_UNICAST,
        0,
        main,
        200,
        std::nullopt,
        {hop(3, "192.168.1.1"), hop(5, "10.0.0.1")}}},
      {captures::decision_ipv6,
       {AF_INET6,
        RTN_UNICAST,
        128,
        main,
        100,
        make_address("2a00:1:2:3:ad91:67f:2d07:b5f9"),
        {hop(3, "fe80::1")}}},
  };
  for (const auto& [hex, expected] : rows) EXPECT_EQ(parse_route(from_hex(hex)), expected) << hex;
}

TEST(ParseNeighbor, FromCapture) {
  EXPECT_EQ(parse_neighbor(from_hex(captures::neighbor_stale)),
            (neighbor{neighbor_state::resolved, "02:00:00:00:00:01"}));
  EXPECT_EQ(parse_neighbor(from_hex(captures::neighbor_permanent)),
            (neighbor{neighbor_state::reachable, "02:00:00:00:00:01"}));
}

TEST(ParseNeighbor, EveryState) {
  const std::pair<int, neighbor_state> rows[] = {
      {NUD_NONE, neighbor_state::unknown},        {NUD_INCOMPLETE, neighbor_state::unanswered},
      {NUD_REACHABLE, neighbor_state::reachable}, {NUD_STALE, neighbor_state::resolved},
      {NUD_DELAY, neighbor_state::resolved},      {NUD_PROBE, neighbor_state::resolved},
      {NUD_FAILED, neighbor_state::unanswered},   {NUD_NOARP, neighbor_state::unknown},
      {NUD_PERMANENT, neighbor_state::reachable},
  };
  for (const auto& [state, expected] : rows) {
    message bytes = from_hex(captures::neighbor_stale);
    const auto value = static_cast<std::uint16_t>(state);
    std::memcpy(bytes.data() + sizeof(nlmsghdr) + offsetof(ndmsg, ndm_state), &value,
                sizeof(value));
    EXPECT_EQ(parse_neighbor(bytes).value_or(neighbor{}).state, expected) << state;
  }
}

// --- hostile bytes ---------------------------------------------------------------------------

TEST(Parsers, OnlyTheOneForTheTypeAccepts) {
  for (const auto hex : every_capture) {
    EXPECT_EQ(parse_as_everything(from_hex(hex)).successes(), 1) << hex;
  }
}

TEST(Parsers, RefuseEveryTruncatedMessage) {
  for (const auto hex : every_capture) {
    const message whole = from_hex(hex);
    for (std::size_t length = 0; length < whole.size(); ++length) {
      const message cut{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)};
      EXPECT_EQ(parse_as_everything(cut).successes(), 0) << length << " bytes of " << hex;
    }
  }
}

/// The message is cut and its header says so. What is left is read, nothing behind it.
TEST(Parsers, ReadNothingBehindTheLengthInTheHeader) {
  for (const auto hex : every_capture) {
    const message whole = from_hex(hex);
    for (std::size_t length = 0; length < whole.size(); ++length) {
      message exact{whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length)};
      set_length(exact, length);
      message followed = whole;
      set_length(followed, length);
      EXPECT_EQ(parse_as_everything(exact), parse_as_everything(followed))
          << length << " bytes of " << hex;
    }
  }
}

TEST(Parsers, SurviveMutations) {
  std::mt19937 random{20240607};
  for (const auto hex : every_capture) {
    const message whole = from_hex(hex);
    for (int round = 0; round < 2000; ++round) {
      message bytes = whole;
      for (int change = 0; change < 3; ++change) {
        bytes[random() % bytes.size()] = static_cast<std::byte>(random());
      }
      const parsed found = parse_as_everything(bytes);
      EXPECT_LT(found.as_link.value_or(link{}).name.size(), bytes.size());
      EXPECT_LE(found.as_route.value_or(route{}).hops.size(), bytes.size() / 8);
    }
  }
}

TEST(Parsers, AnImpossibleAttributeLengthEndsTheList) {
  for (const std::uint16_t length : std::array<std::uint16_t, 4>{0, 1, 3, 0xffff}) {
    message bytes = from_hex(captures::decision_by_wlan0);
    constexpr std::size_t gateway = 60;
    std::memcpy(bytes.data() + gateway, &length, sizeof(length));
    const auto found = parse_route(bytes);
    ASSERT_TRUE(found) << length;
    EXPECT_EQ(found->source, make_address("10.0.0.5")) << length;
    EXPECT_EQ(found->hops, std::vector{hop(5)}) << length;
  }
}

TEST(Parsers, AnImpossibleHopLengthEndsTheHops) {
  for (const std::uint16_t length : std::array<std::uint16_t, 3>{0, 7, 0xffff}) {
    message bytes = from_hex(captures::route_multipath);
    constexpr std::size_t second_hop = 64;
    std::memcpy(bytes.data() + second_hop, &length, sizeof(length));
    const auto found = parse_route(bytes);
    ASSERT_TRUE(found) << length;
    EXPECT_EQ(found->hops, std::vector{hop(3, "192.168.1.1")}) << length;
  }
}

TEST(ParseRoute, ForeignFamilyIsNone) {
  message bytes = from_hex(captures::route_metric);
  bytes[sizeof(nlmsghdr)] = std::byte{AF_MPLS};
  EXPECT_EQ(parse_route(bytes), std::nullopt);
}

// --- kinds -----------------------------------------------------------------------------------

TEST(KindOf, HardwareAndDriver) {
  struct row {
    std::uint16_t hardware;
    const char* kind;
    interface_kind expected;
  };
  constexpr row rows[] = {
      {ARPHRD_LOOPBACK, "", interface_kind::loopback},
      {ARPHRD_ETHER, "", interface_kind::ethernet},
      {ARPHRD_ETHER, "veth", interface_kind::ethernet},
      {ARPHRD_ETHER, "vlan", interface_kind::ethernet},
      {ARPHRD_ETHER, "tun", interface_kind::ethernet},  // tap
      {ARPHRD_NONE, "tun", interface_kind::tunnel},
      {ARPHRD_NONE, "wireguard", interface_kind::tunnel},
      {ARPHRD_NONE, "xfrm", interface_kind::tunnel},
      {ARPHRD_PPP, "ppp", interface_kind::other},
      {ARPHRD_TUNNEL, "ipip", interface_kind::tunnel},
      {ARPHRD_TUNNEL, "vti", interface_kind::tunnel},
      {ARPHRD_TUNNEL6, "ip6tnl", interface_kind::tunnel},
      {ARPHRD_SIT, "sit", interface_kind::tunnel},
      {ARPHRD_IPGRE, "gre", interface_kind::tunnel},
      {ARPHRD_ETHER, "gretap", interface_kind::tunnel},
      {ARPHRD_ETHER, "vxlan", interface_kind::tunnel},
      {ARPHRD_ETHER, "bridge", interface_kind::bridge},
      {ARPHRD_ETHER, "openvswitch", interface_kind::bridge},
      {ARPHRD_INFINIBAND, "", interface_kind::other},
  };
  for (const row& each : rows) {
    EXPECT_EQ(kind_of({1, "x", each.hardware, 0, each.kind}), each.expected)
        << each.hardware << " " << each.kind;
  }
}

// --- requests: in the byte order of the captures ------------------------------------------------

TEST(Requests, AsBytes) {
  const auto address_v4 = make_address("198.41.0.4");
  const auto address_v6 = make_address("fe80::1");
  const std::pair<message, std::string_view> rows[] = {
      {links_request(),
       "20000000120001030000000000000000"
       "00000000000000000000000000000000"},
      {addresses_request(),
       "18000000160001030000000000000000"
       "0000000000000000"},
      {routes_request(),
       "1c0000001a0001030000000000000000"
       "000000000000000000000000"},
      {lookup_request({address_v4, 0, {}}, lookup::decision),
       "240000001a0001000000000000000000"
       "022000000000000000100000"
       "08000100c6290004"},
      {lookup_request({address_v4, 5, {}}, lookup::entry),
       "2c0000001a0001000000000000000000"
       "022000000000000000300000"
       "08000100c6290004"
       "0800040005000000"},
      {lookup_request({address_v6, 3, {}}, lookup::decision),
       "380000001a0001000000000000000000"
       "0a8000000000000000100000"
       "14000100fe800000000000000000000000000001"
       "0800040003000000"},
      {lookup_request({address_v4, 0, make_address("192.168.77.10")}, lookup::decision),
       "2c0000001a0001000000000000000000"
       "022020000000000000100000"
       "08000100c6290004"
       "08000200c0a84d0a"},
      {lookup_request({address_v4, 5, {}, transport::udp, 3478}, lookup::entry),
       "3c0000001a0001000000000000000000"
       "022000000000000000300000"
       "08000100c6290004"
       "0800040005000000"
       "05001b0011000000"
       "06001d000d960000"},
      {nexthops_request(),
       "180000006a0001030000000000000000"
       "0000000000000000"},
      {neighbor_request(make_address("192.168.1.1"), 3),
       "240000001e0001000000000000000000"
       "020000000300000000000000"
       "08000100c0a80101"},
  };
  for (const auto& [request, hex] : rows) EXPECT_EQ(request, from_hex(hex)) << hex;
}

}  // namespace route_messages_test
}  // namespace natcheck::net
