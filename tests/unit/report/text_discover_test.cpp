#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports.hpp"

namespace natcheck {
namespace {

using namespace natcheck::testing;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(DiscoverText, SingleNat) {
  EXPECT_EQ(to_text(report_on(single_nat_home()), fancy),
            R"(Private address   192.168.1.10   eth0, router 192.168.1.1
Public address    5.5.5.5        your router says so (NAT-PMP, UPnP)

  192.168.1.10 ───── 192.168.1.1 ╫ 5.5.5.5 ───── Internet
  this host          router (NAT)

✔ One NAT: your router says that 5.5.5.5, a public address, is its own.
  Next: natcheck serve --map 1234
  Why:  - local address 192.168.1.10 on eth0 is private (RFC 1918)
        - nobody outside was asked: this is what the router says
        - NAT-PMP (0.4 ms): the router says that its outside address is 5.5.5.5,
          public
        - UPnP (12 ms): the router says that its outside address is 5.5.5.5,
          public, connection status "Connected"
        - 192.168.1.1 answers on the local network (ARP)
)");
}

TEST(DiscoverText, InAsciiOnly) {
  auto seen = home();
  upnp_says(seen, "", "Disconnected");
  EXPECT_EQ(to_text(report_on(seen), plain),
            R"(Private address   192.168.1.10   eth0, router 192.168.1.1
Public address    not known      the router did not say

  192.168.1.10 ----- 192.168.1.1 --X-- Internet
  this host          router

[no] Your router answers and says that it has no connection to the Internet.
  Next: - check the router's Internet connection: its cable or line, and its
          status page http://192.168.1.1/
        - when the router is online again, run: natcheck discover
  Why:  - UPnP connection status: "Disconnected"
        - nothing beyond the router was tested
        - NAT-PMP: no answer to 3 requests in 1750 ms
        - UPnP (12 ms): the router gives an empty outside address, connection
          status "Disconnected"
        - 192.168.1.1 answers on the local network (ARP)
)");
}

TEST(DiscoverText, CarrierGradeNat) {
  auto seen = home();
  upnp_says(seen, "100.64.5.2");
  EXPECT_THAT(to_text(report_on(seen), fancy),
              HasSubstr(
                  R"(Private address   192.168.1.10   eth0, router 192.168.1.1
Public address    not known      the router says 100.64.5.2 (UPnP), which is not
                                 a public address, but shared by a carrier's
                                 customers (RFC 6598)

  192.168.1.10 ───── 192.168.1.1 ╫ 100.64.5.2 ───── ╫ ? ─────────── Internet
  this host          router (NAT)                   provider's NAT

✘ Your provider most likely shares one public address among many customers
  (carrier-grade NAT): a port opened on your router stays unreachable from the
  Internet.
  Next: - ask the provider for a public IPv4 address
)"));
}

TEST(DiscoverText, AnOwnSharedAddressIsBehindTheProvidersNat) {
  EXPECT_THAT(to_text(report_on(home("100.70.1.2")), fancy), HasSubstr(
                                                                 R"(
  100.70.1.2 ───── 192.168.1.1 ╫ ? ───── Internet
  this host        provider's NAT
)"));
}

TEST(DiscoverText, APathTooWideIsDrawnDownwards) {
  auto seen = home("192.168.100.100");
  seen.host.ipv4->gateway = seen.gateway->ip = ip("192.168.100.254");
  nat_pmp_says(seen, "172.16.100.100");
  EXPECT_THAT(to_text(report_on(seen), fancy), HasSubstr(
                                                   R"(
  192.168.100.100                    this host
  │
  192.168.100.254 ╫ 172.16.100.100   router (NAT)
  │
  ╫ ?                                second router
  │
  Internet
)"));
}

TEST(DiscoverText, PublicAddressOnTheHost) {
  EXPECT_THAT(to_text(report_on(home("5.5.5.5")), fancy),
              HasSubstr(
                  R"(Local address     5.5.5.5        eth0, router 192.168.1.1
Public address    5.5.5.5        this machine's own

  5.5.5.5 ───── 192.168.1.1 ───── Internet
  this host     router

✔ This machine itself has the public address 5.5.5.5; no NAT was seen.
)"));
}

TEST(DiscoverText, DeadRouter) {
  auto seen = home();
  seen.gateway->neighbor = neighbor_state::unanswered;
  EXPECT_THAT(to_text(report_on(seen), fancy), HasSubstr(
                                                   R"(
  192.168.1.10 ──╳── 192.168.1.1
  this host          router

✘ The router 192.168.1.1 does not answer on the local network.
)"));
}

TEST(DiscoverText, Offline) {
  EXPECT_EQ(to_text(report_on({}), fancy),
            R"(Private address   none           no IPv4 way out of this machine
Public address    not known      no IPv4 way out of this machine

✘ This machine is not connected to the Internet: no network interface is up.
  Next: plug in the network cable, or join a Wi-Fi network
  Why:  - no network interface is up
        - no IPv4 route, and no public IPv6 address with a route
)");
}

TEST(DiscoverText, OnlyIpv6) {
  discover_evidence seen;
  add_ipv6(seen, "2a00:1111:2222:3333:4444:5555:6666:7777");
  EXPECT_THAT(to_text(report_on(seen), fancy),
              HasSubstr(
                  R"(Private address   none           no IPv4 way out of this machine
Public address    by IPv6 only   no IPv4 way out of this machine
IPv6 address      2a00:1111:2222:3333:4444:5555:6666:7777
                  eth0, router fe80::1

  2a00:1111:2222:3333:4444:5555:6666:7777 ───── fe80::1 ───── Internet (IPv6)
  this host                                     router

✔ This machine has no way to the IPv4 Internet; it has a public IPv6 address.
)"));
}

TEST(DiscoverText, Ipv6BesideIpv4) {
  auto seen = single_nat_home();
  add_ipv6(seen);
  EXPECT_THAT(to_text(report_on(seen), fancy),
              HasSubstr("IPv6 address      2a00:1::10     eth0, router fe80::1\n"));
}

TEST(DiscoverText, ATunnelWithoutARouter) {
  auto seen = home();
  seen.gateway.reset();
  seen.host.ipv4 = way_out("10.8.0.2", nullptr);
  seen.host.ipv4->interface = "wg0";
  seen.host.ipv4->kind = interface_kind::tunnel;
  EXPECT_THAT(to_text(report_on(seen), fancy),
              HasSubstr(
                  R"(Private address   10.8.0.2       wg0, no router
Public address    not known      there is no router to ask

  10.8.0.2 ───── wg0 ───── Internet
  this host      tunnel

? Traffic to the Internet leaves by wg0, a tunnel that no router was found on.
)"));
}

TEST(DiscoverText, ContradictingSources) {
  auto seen = home();
  nat_pmp_says(seen, "5.5.5.5");
  upnp_says(seen, "6.6.6.6");
  const auto text = to_text(report_on(seen), fancy);
  EXPECT_THAT(text, HasSubstr("not known      NAT-PMP says 5.5.5.5, UPnP says 6.6.6.6\n"));
  EXPECT_THAT(text, HasSubstr("192.168.1.1 ╫ ? ───── Internet"));
  EXPECT_THAT(text,
              HasSubstr("  Note: Not everybody names the same outside address: NAT-PMP says"));
}

TEST(DiscoverText, TheRouterNamesAnotherAddressThanTheHostHas) {
  auto seen = home("5.5.5.5");
  nat_pmp_says(seen, "6.6.6.6");
  EXPECT_THAT(to_text(report_on(seen), fancy),
              HasSubstr("not known      this machine has 5.5.5.5, NAT-PMP says 6.6.6.6\n"));
}

TEST(DiscoverText, ColoursTheMarkAndTheAddresses) {
  auto style = fancy;
  style.color = true;
  const auto text = to_text(report_on(single_nat_home()), style);
  EXPECT_THAT(text, HasSubstr("Public address    \x1b[1m5.5.5.5\x1b[0m        your router"));
  EXPECT_THAT(text, HasSubstr("\n\x1b[32m✔\x1b[0m One NAT"));
  EXPECT_THAT(to_text(report_on(single_nat_home()), fancy), Not(HasSubstr("\x1b")));
}

}  // namespace
}  // namespace natcheck
