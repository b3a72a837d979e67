#include "net/egress_route.hpp"

#include <gmock/gmock.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <string>

#include "unit/net/captures.hpp"
#include "unit/net/from_hex.hpp"

namespace natcheck {

// Readable failures: gtest finds these by argument-dependent lookup.
std::ostream& operator<<(std::ostream& out, const interface_address& value) {
  return out << value.ip << "/" << value.prefix_length << (value.temporary ? " temporary" : "")
             << (value.deprecated ? " deprecated" : "");
}

namespace net {
namespace egress_route_test {

using boost::asio::ip::make_address;
using testing::ElementsAre;

std::optional<address> maybe(const char* text) {
  return text == nullptr ? std::nullopt : std::optional{make_address(text)};
}

next_hop hop(unsigned index, const char* gateway = nullptr) { return {index, maybe(gateway)}; }

route default_route(std::uint8_t family, std::uint32_t metric, std::vector<next_hop> hops,
                    std::uint32_t table = RT_TABLE_MAIN) {
  return {family, RTN_UNICAST, 0, table, metric, std::nullopt, std::move(hops)};
}

route decision(std::uint8_t family, const char* source, next_hop next) {
  const unsigned length = family == AF_INET ? 32 : 128;
  return {family, RTN_UNICAST, length, RT_TABLE_MAIN, 0, maybe(source), {std::move(next)}};
}

interface_address plain(const char* ip, unsigned length) { return {make_address(ip), length}; }
interface_address temporary(const char* ip) { return {make_address(ip), 64, true, false}; }
interface_address deprecated(const char* ip) { return {make_address(ip), 64, false, true}; }

interface_info make_interface(unsigned index, const char* name, interface_kind kind,
                              std::vector<interface_address> addresses) {
  interface_info info;
  info.name = name;
  info.index = index;
  info.kind = kind;
  info.addresses = std::move(addresses);
  return info;
}

// --- interfaces ------------------------------------------------------------------------------

kernel_tables captured_tables() {
  kernel_tables tables;
  for (const auto hex : {captures::link_lo, captures::link_eth0, captures::link_tun9}) {
    tables.links.push_back(parse_link(from_hex(hex)).value());
  }
  for (const auto hex :
       {captures::address_lo, captures::address_secondary, captures::address_peer,
        captures::address_temporary, captures::address_deprecated, captures::address_managing}) {
    tables.addresses.push_back(parse_address(from_hex(hex)).value());
  }
  for (const auto hex : {captures::route_policy_table, captures::route_multipath,
                         captures::route_metric, captures::route_ipv6}) {
    tables.routes.push_back(parse_route(from_hex(hex)).value());
  }
  return tables;
}

TEST(InterfacesOf, FromCapture) {
  const auto interfaces = interfaces_of(captured_tables());
  ASSERT_EQ(interfaces.size(), 3U);

  interface_info lo = make_interface(1, "lo", interface_kind::loopback, {plain("127.0.0.1", 8)});
  lo.up = true;
  EXPECT_EQ(interfaces[0], lo);

  interface_info eth0 =
      make_interface(3, "eth0", interface_kind::ethernet,
                     {plain("192.168.1.11", 24), temporary("2a00:1:2:3:ad91:67f:2d07:b5f9"),
                      deprecated("2a00:1:2:4::1"), plain("2a00:1:2:3::1", 64)});
  eth0.up = true;
  eth0.default_route = true;
  eth0.metric = 100;
  EXPECT_EQ(interfaces[1], eth0);

  // Its default route is in another table than main.
  interface_info tun9 = make_interface(8, "tun9", interface_kind::tunnel, {plain("10.8.0.2", 32)});
  tun9.up = true;
  EXPECT_EQ(interfaces[2], tun9);
}

TEST(InterfacesOf, UpWantsTheCarrier) {
  constexpr std::uint32_t all = IFF_UP | IFF_RUNNING | IFF_LOWER_UP;
  for (const std::uint32_t missing :
       {std::uint32_t{IFF_UP}, std::uint32_t{IFF_RUNNING}, std::uint32_t{IFF_LOWER_UP}}) {
    kernel_tables tables;
    tables.links = {{1, "a", ARPHRD_ETHER, all & ~missing, ""}, {2, "b", ARPHRD_ETHER, all, ""}};
    const auto interfaces = interfaces_of(tables);
    EXPECT_FALSE(interfaces.at(0).up) << missing;
    EXPECT_TRUE(interfaces.at(1).up);
  }
}

TEST(InterfacesOf, OnlyAddressesThatCanBeUsed) {
  struct row {
    std::uint32_t flags;
    bool listed;
  };
  constexpr row rows[] = {{0, true},
                          {IFA_F_PERMANENT, true},
                          {IFA_F_TENTATIVE, false},
                          {IFA_F_TENTATIVE | IFA_F_OPTIMISTIC, true},
                          {IFA_F_DADFAILED | IFA_F_PERMANENT, false}};
  for (const row& each : rows) {
    kernel_tables tables;
    tables.links = {{1, "a", ARPHRD_ETHER, 0, ""}};
    tables.addresses = {{1, make_address("2a00::1"), 64, each.flags}};
    EXPECT_EQ(interfaces_of(tables).at(0).addresses.size(), each.listed ? 1U : 0U) << each.flags;
  }
}

TEST(InterfacesOf, BestMetricOfTheMainTable) {
  struct row {
    const char* what;
    std::vector<route> routes;
    std::optional<std::uint32_t> metric;
  };
  route subnet = default_route(AF_INET, 5, {hop(1)});
  subnet.prefix_length = 8;
  route blocked = default_route(AF_INET, 5, {hop(1)});
  blocked.type = RTN_UNREACHABLE;
  const row rows[] = {
      {"none", {}, std::nullopt},
      {"metric 0", {default_route(AF_INET, 0, {hop(1)})}, 0},
      {"the smaller one",
       {default_route(AF_INET, 600, {hop(1)}), default_route(AF_INET, 100, {hop(1)})},
       100},
      {"of another interface", {default_route(AF_INET, 100, {hop(2)})}, std::nullopt},
      {"the second next hop", {default_route(AF_INET, 7, {hop(2), hop(1)})}, 7},
      {"another table", {default_route(AF_INET, 7, {hop(1)}, 100)}, std::nullopt},
      {"no default", {subnet}, std::nullopt},
      {"unreachable", {blocked}, std::nullopt},
      {"IPv4 before IPv6",
       {default_route(AF_INET6, 10, {hop(1)}), default_route(AF_INET, 600, {hop(1)})},
       600},
      {"IPv6 alone", {default_route(AF_INET6, 1024, {hop(1)})}, 1024},
  };
  for (const row& each : rows) {
    kernel_tables tables;
    tables.links = {{1, "a", ARPHRD_ETHER, 0, ""}};
    tables.routes = each.routes;
    const auto found = interfaces_of(tables).at(0);
    EXPECT_EQ(found.metric, each.metric) << each.what;
    EXPECT_EQ(found.default_route, each.metric.has_value()) << each.what;
  }
}

// --- default routes --------------------------------------------------------------------------

TEST(BestDefault, ByInterfaceAndMetric) {
  const std::vector<route> routes{
      default_route(AF_INET, 600, {hop(1, "10.0.0.1")}),
      default_route(AF_INET, 100, {hop(1, "10.0.0.2")}, 51820),
      default_route(AF_INET, 50, {hop(2, "10.1.0.1"), hop(3, "10.2.0.1")}),
      default_route(AF_INET, 50, {hop(2, "10.1.0.9")}),
      default_route(AF_INET6, 10, {hop(1, "fe80::1")}),
  };
  struct row {
    std::uint8_t family;
    unsigned index;
    std::optional<next_hop> expected;
  };
  const row rows[] = {
      {AF_INET, 1, hop(1, "10.0.0.2")},  // whatever the table
      {AF_INET, 2, hop(2, "10.1.0.1")},  // the first of two equals
      {AF_INET, 3, hop(3, "10.2.0.1")},  // alone, though it is the second hop
      {AF_INET, 4, std::nullopt},       {AF_INET6, 1, hop(1, "fe80::1")},
      {AF_INET6, 2, std::nullopt},
  };
  for (const row& each : rows) {
    const auto found = best_default(routes, each.family, each.index);
    ASSERT_EQ(found.has_value(), each.expected.has_value()) << each.index;
    if (!found) continue;
    EXPECT_THAT(found->hops, ElementsAre(*each.expected)) << each.index;
  }
}

TEST(BestDefault, PassesOverWhatIsNoWayOut) {
  route blocked = default_route(AF_INET, 1, {hop(1)});
  blocked.type = RTN_UNREACHABLE;
  route subnet = default_route(AF_INET, 1, {hop(1)});
  subnet.prefix_length = 1;
  EXPECT_EQ(best_default({blocked, subnet}, AF_INET, 1), std::nullopt);
}

TEST(CarriesPackets, ByType) {
  const std::pair<int, bool> rows[] = {
      {RTN_UNICAST, true},    {RTN_LOCAL, true},      {RTN_BROADCAST, false},
      {RTN_MULTICAST, false}, {RTN_BLACKHOLE, false}, {RTN_UNREACHABLE, false},
      {RTN_PROHIBIT, false},  {RTN_THROW, false},     {RTN_UNSPEC, false},
  };
  for (const auto& [type, expected] : rows) {
    route value = decision(AF_INET, "10.0.0.5", hop(1));
    value.type = static_cast<std::uint8_t>(type);
    EXPECT_EQ(carries_packets(value), expected) << type;
  }
  EXPECT_FALSE(carries_packets(default_route(AF_INET, 0, {})));
}

// --- the way out -----------------------------------------------------------------------------

std::vector<interface_info> home() {
  return {
      make_interface(1, "lo", interface_kind::loopback,
                     {plain("127.0.0.1", 8), plain("203.0.113.5", 32), plain("::1", 128)}),
      make_interface(2, "eth0", interface_kind::ethernet,
                     {plain("169.254.7.7", 16), plain("192.168.1.10", 24), plain("10.9.0.2", 8),
                      plain("fe80::10", 64)}),
      make_interface(3, "wg0", interface_kind::tunnel, {plain("10.8.0.2", 32)}),
      make_interface(4, "eth1", interface_kind::ethernet, {}),
  };
}

struct way_row {
  const char* what;
  route decided;
  const char* expected;  ///< as `describe` writes it
};

std::string describe(const std::optional<route_info>& way) {
  if (!way) return "none";
  return way->local.to_string() + "/" + std::to_string(way->prefix_length) + " " + way->interface +
         " " + std::to_string(way->interface_index) + " " +
         (way->gateway ? way->gateway->to_string() : "-");
}

TEST(WayOut, Ipv4) {
  route blocked = decision(AF_INET, "192.168.1.10", hop(2, "192.168.1.1"));
  blocked.type = RTN_PROHIBIT;
  route own = decision(AF_INET, "127.0.0.1", hop(1));
  own.type = RTN_LOCAL;
  const way_row rows[] = {
      {"as decided", decision(AF_INET, "10.9.0.2", hop(2, "192.168.1.1")),
       "10.9.0.2/8 eth0 2 192.168.1.1"},
      {"tunnel without a gateway", decision(AF_INET, "10.8.0.2", hop(3)), "10.8.0.2/32 wg0 3 -"},
      {"an IPv6 router is no IPv4 gateway", decision(AF_INET, "192.168.1.10", hop(2, "fe80::1")),
       "192.168.1.10/24 eth0 2 -"},
      {"source of another interface", decision(AF_INET, "203.0.113.5", hop(2, "192.168.1.1")),
       "203.0.113.5/32 eth0 2 192.168.1.1"},
      {"source of no interface", decision(AF_INET, "198.51.100.1", hop(2, "192.168.1.1")),
       "198.51.100.1/32 eth0 2 192.168.1.1"},
      {"no source: the gateway's network", decision(AF_INET, nullptr, hop(2, "10.1.2.3")),
       "10.9.0.2/8 eth0 2 10.1.2.3"},
      {"no source, foreign gateway", decision(AF_INET, nullptr, hop(2, "172.16.0.1")),
       "192.168.1.10/24 eth0 2 172.16.0.1"},
      {"no source, no gateway", decision(AF_INET, nullptr, hop(3)), "10.8.0.2/32 wg0 3 -"},
      {"no address", decision(AF_INET, nullptr, hop(4, "10.1.2.3")), "none"},
      {"no such interface", decision(AF_INET, "10.1.2.4", hop(9, "10.1.2.3")), "none"},
      {"prohibited", blocked, "none"},
      {"no next hop", default_route(AF_INET, 0, {}), "none"},
      {"loopback is no source", decision(AF_INET, "127.0.0.1", hop(2)), "none"},
      {"except to itself", own, "127.0.0.1/8 lo 1 -"},
  };
  for (const way_row& each : rows) {
    EXPECT_EQ(describe(egress_route(each.decided, home())), each.expected) << each.what;
  }
}

TEST(WayOut, KindOfItsInterface) {
  EXPECT_EQ(egress_route(decision(AF_INET, "10.8.0.2", hop(3)), home())->kind,
            interface_kind::tunnel);
}

TEST(WayOut, LinkLocalAddressesCarryTheirScope) {
  const auto way = egress_route(decision(AF_INET6, "fe80::10", hop(2, "fe80::1")), home());
  ASSERT_TRUE(way);
  EXPECT_EQ(way->prefix_length, 64U);
  EXPECT_EQ(way->local.to_v6().scope_id(), 2U);
  EXPECT_EQ(way->gateway.value().to_v6().scope_id(), 2U);
  const auto global = egress_route(decision(AF_INET6, "2a00::1", hop(2, "2a00::2")), home());
  EXPECT_EQ(global->gateway.value(), make_address("2a00::2"));
}

TEST(WayOut, Ipv6SourceIsAStableOne) {
  struct row {
    const char* what;
    const char* source;  ///< the kernel's
    std::vector<interface_address> addresses;
    const char* expected;
  };
  const row rows[] = {
      {"stable already", "2a00::1", {plain("2a00:1::1", 64), plain("2a00::1", 64)}, "2a00::1"},
      {"temporary", "2a00::99", {temporary("2a00::99"), plain("2a00::1", 64)}, "2a00::1"},
      {"deprecated", "2a00::99", {deprecated("2a00::99"), plain("2a00::1", 64)}, "2a00::1"},
      {"of the same prefix",
       "2a00::99",
       {plain("2a00:1::1", 64), temporary("2a00::99"), plain("2a00::1", 64)},
       "2a00::1"},
      {"of another prefix",
       "2a00::99",
       {temporary("2a00::99"), plain("2a00:1::1", 64)},
       "2a00:1::1"},
      {"never another passing one",
       "2a00::99",
       {deprecated("2a00::1"), temporary("2a00::99")},
       "2a00::99"},
      {"never a unique local one",
       "2a00::99",
       {temporary("2a00::99"), plain("fd00::1", 64)},
       "2a00::99"},
      {"never a link-local one",
       "2a00::99",
       {temporary("2a00::99"), plain("fe80::1", 64)},
       "2a00::99"},
      {"unique local alone", "fd00::1", {plain("fd00::1", 64)}, "fd00::1"},
      {"of another interface", "2a00::5", {plain("fe80::1", 64)}, "2a00::5"},
      {"::1 is what the kernel takes when there is none", "::1", {}, nullptr},
      {"none named: the global one",
       nullptr,
       {plain("fe80::1", 64), plain("fd00::1", 64), temporary("2a00::99"), plain("2a00::1", 64)},
       "2a00::1"},
      {"none named: unique local before temporary",
       nullptr,
       {temporary("2a00::99"), plain("fd00::1", 64)},
       "fd00::1"},
      {"none named, none of the family", nullptr, {plain("10.0.0.1", 8)}, nullptr},
  };
  for (const row& each : rows) {
    const std::vector interfaces{
        make_interface(2, "eth0", interface_kind::ethernet, each.addresses)};
    const auto way = egress_route(decision(AF_INET6, each.source, hop(2, "fe80::ff")), interfaces);
    const auto local = way ? std::optional{way->local} : std::nullopt;
    EXPECT_EQ(local, maybe(each.expected)) << each.what;
  }
}

TEST(WayOut, AnIpv6RouterOfAnIpv4RouteIsNamedWithItsScope) {
  const auto way = egress_route(decision(AF_INET, "192.168.1.10", hop(2, "fe80::1")), home());
  ASSERT_TRUE(way && way->gateway_ipv6);
  EXPECT_EQ(way->gateway_ipv6->to_v6().scope_id(), 2U);
  EXPECT_FALSE(
      egress_route(decision(AF_INET6, "fe80::10", hop(2, "fe80::1")), home())->gateway_ipv6);
}

TEST(WayOut, TheKernelsSourceWhereTheLastingOneHasNoWay) {
  const std::vector interfaces{make_interface(2, "eth0", interface_kind::ethernet,
                                              {temporary("2a00::99"), plain("2a00:1::1", 64)})};
  const route decided = decision(AF_INET6, "2a00::99", hop(2, "fe80::1"));
  EXPECT_EQ(egress_route(decided, interfaces, source_choice::lasting)->local,
            make_address("2a00:1::1"));
  EXPECT_EQ(egress_route(decided, interfaces, source_choice::kernels)->local,
            make_address("2a00::99"));
}

// --- sources, nexthop objects, other tables ------------------------------------------------------

TEST(UsableSources, TheBestForAServerFirst) {
  std::vector interfaces{
      make_interface(1, "lo", interface_kind::loopback, {plain("127.0.0.1", 8)}),
      make_interface(2, "eth0", interface_kind::ethernet,
                     {plain("169.254.7.7", 16), plain("192.168.1.10", 24), plain("fe80::10", 64),
                      plain("fd00::10", 64), temporary("2a00::99"), plain("2a00::1", 64)}),
      make_interface(3, "eth1", interface_kind::ethernet, {plain("10.0.0.5", 8)}),
      make_interface(4, "eth2", interface_kind::ethernet, {plain("10.9.0.5", 8)}),
  };
  for (auto& each : interfaces) each.up = each.name != "eth2";
  EXPECT_THAT(usable_sources(interfaces, AF_INET, 0),
              ElementsAre(make_address("192.168.1.10"), make_address("10.0.0.5")));
  EXPECT_THAT(usable_sources(interfaces, AF_INET, 3), ElementsAre(make_address("10.0.0.5")));
  EXPECT_THAT(usable_sources(interfaces, AF_INET, 4), ElementsAre());
  EXPECT_THAT(
      usable_sources(interfaces, AF_INET6, 0),
      ElementsAre(make_address("2a00::1"), make_address("fd00::10"), make_address("2a00::99")));
}

TEST(ResolveNexthops, OneAGroupAndWhatIsNotThere) {
  const std::vector<nexthop_object> objects{{1, hop(2, "10.0.0.1"), {}},
                                            {2, hop(3, "fe80::1"), {}},
                                            {3, std::nullopt, {}},
                                            {10, std::nullopt, {2, 1, 3, 99}}};
  struct row {
    std::uint32_t id;
    std::vector<next_hop> expected;
  };
  const row rows[] = {{0, {}},
                      {1, {hop(2, "10.0.0.1")}},
                      {3, {}},  // a blackhole
                      {10, {hop(3, "fe80::1"), hop(2, "10.0.0.1")}},
                      {98, {}}};
  for (const row& each : rows) {
    route value = default_route(AF_INET, 0, {});
    value.nexthop_id = each.id;
    resolve_nexthops(value, objects);
    EXPECT_EQ(value.hops, each.expected) << each.id;
  }
  route told = default_route(AF_INET, 0, {hop(7)});
  told.nexthop_id = 1;
  resolve_nexthops(told, objects);
  EXPECT_THAT(told.hops, ElementsAre(hop(7))) << "the kernel's own word stands";
}

TEST(Ipv4Defaults, OfEveryTable) {
  kernel_tables tables;
  tables.links = {
      {1, "a", ARPHRD_ETHER, 0, ""}, {2, "b", ARPHRD_ETHER, 0, ""}, {3, "c", ARPHRD_ETHER, 0, ""}};
  route subnet = default_route(AF_INET, 0, {hop(3)});
  subnet.prefix_length = 8;
  tables.routes = {default_route(AF_INET, 0, {hop(2)}, 100), default_route(AF_INET6, 0, {hop(1)}),
                   subnet};
  EXPECT_THAT(ipv4_defaults(tables), ElementsAre("b"));
}

TEST(Ipv4Forbidden, ByType) {
  const std::pair<int, const char*> rows[] = {{RTN_UNICAST, ""},
                                              {RTN_UNREACHABLE, "unreachable"},
                                              {RTN_PROHIBIT, "prohibit"},
                                              {RTN_BLACKHOLE, "blackhole"},
                                              {RTN_THROW, ""}};
  for (const auto& [type, expected] : rows) {
    route value = default_route(AF_INET, 0, {});
    value.type = static_cast<std::uint8_t>(type);
    EXPECT_EQ(ipv4_forbidden({value}), expected) << type;
    value.family = AF_INET6;
    EXPECT_EQ(ipv4_forbidden({value}), "") << type;
  }
}

TEST(OtherGateways, ThoseThatWereNotTaken) {
  const auto way = egress_route(decision(AF_INET, "192.168.1.10", hop(2, "192.168.1.1")), home());
  const route entry =
      default_route(AF_INET, 0, {hop(2, "192.168.1.1"), hop(2, "192.168.1.2"), hop(3)});
  EXPECT_THAT(other_gateways(entry, *way), ElementsAre(make_address("192.168.1.2")));
  EXPECT_THAT(other_gateways(decision(AF_INET, nullptr, hop(2, "192.168.1.1")), *way),
              ElementsAre());
}

}  // namespace egress_route_test
}  // namespace net
}  // namespace natcheck
