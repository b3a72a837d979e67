#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports.hpp"

namespace natcheck {
namespace text_discover_test {

using namespace natcheck::testing;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(DiscoverText, SingleNat) {
  auto seen = single_nat_home();
  seen.stun = {stun_saw("stun.example.org", "5.5.5.5")};
  const auto report = judged_as(verdict_code::single_nat, seen);
  EXPECT_EQ(to_text(report, fancy),
            R"(Private address   192.168.1.10   eth0, router 192.168.1.1
Public address    5.5.5.5        the router (NAT-PMP, UPnP) and stun.example.org
                                 agree
External servers  stun.example.org (21 ms)

  192.168.1.10 ───── 192.168.1.1 ╫ 5.5.5.5 ───── Internet
  this host          router (NAT)

✔ What it is.
  Next: natcheck serve --map 1234
  Why:  - what it rests on
        - what else
)");
}

TEST(DiscoverText, SeveralServersAgreeWithTheRouter) {
  auto seen = home();
  upnp_says(seen, "5.5.5.5");
  seen.stun = {stun_saw("a", "5.5.5.5"), stun_saw("b", "5.5.5.5"), stun_saw("c", "5.5.5.5")};
  const auto report = judged_as(verdict_code::single_nat, seen);
  EXPECT_THAT(to_text(report, fancy), HasSubstr("the router (UPnP), a and 2 more agree\n"));
}

TEST(DiscoverText, NobodyOutsideAsked) {
  const auto report = judged_as(verdict_code::single_nat, single_nat_home());
  const auto text = to_text(report, fancy);
  EXPECT_THAT(text, HasSubstr("5.5.5.5        reported by your router (NAT-PMP, UPnP)\n\n"));
  EXPECT_THAT(text, Not(HasSubstr("External servers")));
  EXPECT_THAT(text, Not(HasSubstr("Mapping")));
}

TEST(DiscoverText, InAsciiOnly) {
  auto seen = home();
  upnp_says(seen, "", "Disconnected");
  EXPECT_EQ(to_text(judged_as(verdict_code::gateway_wan_down, seen), plain),
            R"(Private address   192.168.1.10   eth0, router 192.168.1.1
Public address    not known      the router did not report it

  192.168.1.10 ----- 192.168.1.1 --X-- Internet
  this host          router

[no] What it is.
  Next: natcheck serve --map 1234
  Why:  - what it rests on
        - what else
)");
}

TEST(DiscoverText, CarrierGradeNatAsTheRouterTellsIt) {
  auto seen = home();
  upnp_says(seen, "100.64.5.2");
  EXPECT_THAT(to_text(judged_as(verdict_code::cgnat, seen), fancy),
              HasSubstr(
                  R"(Public address    not known      the router reports 100.64.5.2 (UPnP), which is
                                 not a public address but shared by a provider's
                                 customers (RFC 6598)

  192.168.1.10 ───── 192.168.1.1 ╫ 100.64.5.2 ───── ╫ ? ─────────── Internet
  this host          router (NAT)                   provider's NAT
)"));
}

TEST(DiscoverText, CarrierGradeNatSeenFromOutside) {
  auto seen = home();
  upnp_says(seen, "100.64.5.2");
  seen.stun = {stun_saw("stun.a", "8.8.1.1"), stun_saw("stun.b", "8.8.1.1")};
  const auto report = judged_as(verdict_code::cgnat, seen);
  EXPECT_THAT(to_text(report, fancy),
              HasSubstr(
                  R"(Public address    8.8.1.1        seen by stun.a and 1 more; your router reports
                                 100.64.5.2
External servers  stun.a (21 ms), stun.b (21 ms)

  192.168.1.10 ───── 192.168.1.1 ╫ 100.64.5.2 ───── ╫ 8.8.1.1 ───── Internet
  this host          router (NAT)                   provider's NAT
)"));
}

TEST(DiscoverText, ASecondRouterOnThePath) {
  auto seen = home();
  seen.stun = {stun_saw("stun.a", "5.5.5.5")};
  seen.path.hops = {{1, ip("192.168.1.1"), {}}, {2, {}, {}}, {3, ip("10.0.0.1"), {}}};
  auto report = judged_as(verdict_code::double_nat, seen);
  EXPECT_THAT(to_text(report, fancy), HasSubstr(
                                          R"(
  192.168.1.10 ───── 192.168.1.1 ╫ ? ───── 10.0.0.1 ╫ 5.5.5.5 ───── Internet
  this host          router (NAT)          second router
)"));
  // A public router before it: what follows is no router of this household.
  report.evidence.path.hops[1].ip = ip("7.7.7.7");
  EXPECT_THAT(to_text(judged_again(report), fancy),
              HasSubstr("192.168.1.1 ╫ ? ───── ╫ 5.5.5.5 ───── Internet"));
}

TEST(DiscoverText, EachStationIsNamedByItsAddress) {
  auto seen = home();
  seen.stun = {stun_saw("stun.a", "5.5.5.5")};
  hops(seen, {"192.168.1.1", "172.31.4.1", "100.64.5.1", "9.9.9.1"});
  EXPECT_THAT(to_text(judged_as(verdict_code::cgnat, seen), fancy), HasSubstr(R"(
  192.168.1.10           this host
  │
  192.168.1.1 ╫ ?        router (NAT)
  │
  172.31.4.1             second router
  │
  100.64.5.1 ╫ 5.5.5.5   provider's NAT
  │
  Internet
)"));
  // The router stands at the provider itself: what is private beyond is the provider's.
  nat_pmp_says(seen, "100.64.9.9");
  EXPECT_THAT(to_text(judged_as(verdict_code::cgnat, seen), fancy),
              Not(HasSubstr("second router")));
}

TEST(DiscoverText, AnAddressThatTheRouterDoesNotHaveIsNotDrawnAtIt) {
  auto seen = home();
  nat_pmp_says(seen, "5.5.5.5");
  seen.stun = {stun_saw("stun.a", "5.5.5.5")};
  hops(seen, {"192.168.1.1", "192.168.50.1"});
  disowned(seen);
  EXPECT_THAT(to_text(judged_as(verdict_code::double_nat, seen), fancy),
              HasSubstr("192.168.1.1 ╫ ? ───── 192.168.50.1 ╫ 5.5.5.5 ───── Internet"));
}

TEST(DiscoverText, PublicNumbersBehindANatAreDrawnWithIt) {
  auto seen = home("11.3.3.10");
  nat_pmp_says(seen, "5.5.5.5");
  seen.stun = {stun_saw("stun.a", "5.5.5.5")};
  EXPECT_THAT(to_text(judged_as(verdict_code::single_nat, seen), fancy), HasSubstr(R"(
  11.3.3.10 ───── 192.168.1.1 ╫ 5.5.5.5 ───── Internet
  this host       router (NAT)
)"));
}

TEST(DiscoverText, AnOwnSharedAddressIsBehindTheProvidersNat) {
  auto seen = home("100.70.1.2");
  EXPECT_THAT(to_text(judged_as(verdict_code::cgnat, seen), fancy), HasSubstr(
                                                                        R"(
  100.70.1.2 ───── 192.168.1.1 ╫ ? ───── Internet
  this host        provider's NAT
)"));
  seen.stun = {stun_saw("stun.a", "5.5.5.5")};
  EXPECT_THAT(to_text(judged_as(verdict_code::cgnat, seen), fancy),
              HasSubstr("100.70.1.2 ───── 192.168.1.1 ╫ 5.5.5.5 ───── Internet"));
}

TEST(DiscoverText, WithoutAServiceTheOutsideTellsTheRoutersAddress) {
  auto seen = home();
  seen.stun = {stun_saw("stun.a", "5.5.5.5")};
  const auto report = judged_as(verdict_code::nat_no_mapping_service, seen);
  const auto text = to_text(report, fancy);
  EXPECT_THAT(text, HasSubstr("Public address    5.5.5.5        seen by stun.a\n"));
  EXPECT_THAT(text, HasSubstr("192.168.1.1 ╫ 5.5.5.5 ───── Internet"));
}

TEST(DiscoverText, APathTooWideIsDrawnDownwards) {
  auto seen = home("192.168.100.100");
  seen.host.ipv4->gateway = seen.gateway->ip = ip("192.168.100.254");
  nat_pmp_says(seen, "172.16.100.100");
  EXPECT_THAT(to_text(judged_as(verdict_code::double_nat, seen), fancy), HasSubstr(
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
  auto seen = home("5.5.5.5");
  auto report = judged_as(verdict_code::direct, seen);
  EXPECT_THAT(to_text(report, fancy),
              HasSubstr(
                  R"(Local address     5.5.5.5        eth0, router 192.168.1.1
Public address    5.5.5.5        this machine's own

  5.5.5.5 ───── 192.168.1.1 ───── Internet
  this host     router

✔ What it is.
)"));
  report.evidence.stun = {stun_saw("stun.a", "5.5.5.5")};
  EXPECT_THAT(to_text(judged_again(report), fancy),
              HasSubstr("5.5.5.5        this machine's own, seen by stun.a\n"));
  upnp_says(report.evidence, "5.5.5.5");
  EXPECT_THAT(to_text(judged_again(report), fancy),
              HasSubstr("this machine's own; the router (UPnP) and\n"));
}

TEST(DiscoverText, APublicAddressThatIsTranslatedAgain) {
  auto seen = home("5.5.5.5");
  seen.stun = {stun_saw("stun.a", "8.8.1.1")};
  const auto report = judged_as(verdict_code::public_address_mismatch, seen);
  EXPECT_THAT(to_text(report, fancy), HasSubstr(
                                          R"(
  5.5.5.5 ───── 192.168.1.1 ───── ╫ 8.8.1.1 ───── Internet
  this host     router            another NAT
)"));
}

TEST(DiscoverText, DeadRouter) {
  EXPECT_THAT(to_text(judged_as(verdict_code::offline, home()), fancy), HasSubstr(
                                                                            R"(
  192.168.1.10 ──╳── 192.168.1.1
  this host          router
)"));
}

TEST(DiscoverText, NothingPassesTheRouter) {
  for (const auto code :
       {verdict_code::no_internet, verdict_code::captive_portal, verdict_code::gateway_wan_down}) {
    EXPECT_THAT(to_text(judged_as(code, home()), fancy),
                HasSubstr("192.168.1.10 ───── 192.168.1.1 ──╳── Internet"));
  }
}

TEST(DiscoverText, Offline) {
  EXPECT_THAT(to_text(judged_as(verdict_code::offline, {}), fancy),
              HasSubstr(
                  R"(Private address   none           no IPv4 route to the Internet
Public address    not known      no IPv4 route to the Internet

✘ What it is.
)"));
}

TEST(DiscoverText, OnlyIpv6) {
  discover_evidence seen;
  add_ipv6(seen, "2a00:1111:2222:3333:4444:5555:6666:7777");
  seen.nat64 = nat64_prefix{ip("64:ff9b::"), 96};
  EXPECT_THAT(to_text(judged_as(verdict_code::ipv6_only, seen), fancy),
              HasSubstr(
                  R"(Private address   none           no IPv4 route to the Internet
Public address    IPv6 only      no IPv4 route to the Internet
IPv6 address      2a00:1111:2222:3333:4444:5555:6666:7777
                  eth0, router fe80::1
NAT64 prefix      64:ff9b::/96   IPv4 servers are reached through it

  2a00:1111:2222:3333:4444:5555:6666:7777 ───── fe80::1 ───── Internet (IPv6)
  this host                                     router
)"));
}

TEST(DiscoverText, Ipv6BesideIpv4) {
  auto seen = single_nat_home();
  add_ipv6(seen);
  const auto text = [&] { return to_text(judged_as(verdict_code::single_nat, seen), fancy); };
  EXPECT_THAT(text(), HasSubstr("IPv6 address      2a00:1::10     eth0, router fe80::1\n"));
  seen.stun = {stun_saw("stun.a", "2a00:1::10")};
  EXPECT_THAT(text(), HasSubstr("eth0, router fe80::1; seen by stun.a\n"));
  seen.stun = {stun_saw("stun.a", "2a00:1::77")};
  EXPECT_THAT(text(), HasSubstr("eth0, router fe80::1; stun.a sees 2a00:1::77\n"));
}

TEST(DiscoverText, ATunnel) {
  auto seen = home();
  seen.host.ipv4 = egress_route("10.8.0.2", nullptr);
  seen.host.ipv4->interface = "wg0";
  seen.host.ipv4->kind = interface_kind::tunnel;
  EXPECT_THAT(to_text(judged_as(verdict_code::vpn_egress, seen), fancy), HasSubstr(
                                                                             R"(
  10.8.0.2 ───── wg0 ───── Internet
  this host      tunnel
)"));
  seen.stun = {stun_saw("stun.a", "9.9.9.9")};
  EXPECT_THAT(to_text(judged_as(verdict_code::vpn_egress, seen), fancy),
              HasSubstr("10.8.0.2 ───── wg0 ╫ 9.9.9.9 ───── Internet"));
  seen.gateway.reset();
  EXPECT_THAT(to_text(judged_as(verdict_code::inconclusive, seen), fancy),
              HasSubstr("10.8.0.2 ───── wg0 ╫ 9.9.9.9 ───── Internet"));
}

TEST(DiscoverText, ContradictingSources) {
  auto seen = home();
  nat_pmp_says(seen, "5.5.5.5");
  upnp_says(seen, "6.6.6.6");
  const auto text = to_text(judged_as(verdict_code::inconclusive, seen), fancy);
  EXPECT_THAT(text, HasSubstr("not known      NAT-PMP says 5.5.5.5, UPnP says 6.6.6.6\n"));
  EXPECT_THAT(text, HasSubstr("192.168.1.1 ╫ ? ───── Internet"));
  seen.stun = {stun_saw("stun.a", "7.7.7.7"), stun_saw("stun.b", "8.8.1.1")};
  EXPECT_THAT(to_text(judged_as(verdict_code::inconclusive, seen), fancy),
              HasSubstr(R"(not known      NAT-PMP says 5.5.5.5, UPnP says 6.6.6.6, stun.a
                                 saw 7.7.7.7, stun.b saw 8.8.1.1
)"));
}

TEST(DiscoverText, TheRouterNamesAnotherAddressThanTheHostHas) {
  auto seen = home("5.5.5.5");
  nat_pmp_says(seen, "6.6.6.6");
  EXPECT_THAT(to_text(judged_as(verdict_code::inconclusive, seen), fancy),
              HasSubstr("not known      this machine has 5.5.5.5, NAT-PMP says 6.6.6.6\n"));
  upnp_says(seen, "6.6.6.6");
  EXPECT_THAT(to_text(judged_as(verdict_code::inconclusive, seen), fancy),
              HasSubstr("this machine has 5.5.5.5, NAT-PMP, UPnP say\n"));
}

TEST(DiscoverText, OneServiceAgreesAndOneDoesNot) {
  auto seen = home();
  nat_pmp_says(seen, "5.5.5.5");
  upnp_says(seen, "6.6.6.6");
  seen.stun = {stun_saw("stun.a", "5.5.5.5")};
  const auto report = judged_as(verdict_code::single_nat, seen);
  EXPECT_THAT(to_text(report, fancy),
              AllOf(HasSubstr("5.5.5.5        the router (NAT-PMP) and stun.a agree; UPnP\n"),
                    HasSubstr("192.168.1.1 ╫ 5.5.5.5 ───── Internet")));
}

TEST(DiscoverText, ColoursTheMarkAndTheAddresses) {
  auto style = fancy;
  style.color = true;
  const auto report = judged_as(verdict_code::single_nat, single_nat_home());
  const auto text = to_text(report, style);
  EXPECT_THAT(text,
              HasSubstr("Public address    \x1b[1m5.5.5.5\x1b[0m        reported by your router"));
  EXPECT_THAT(text, HasSubstr("\n\x1b[32m✔\x1b[0m What it is."));
  EXPECT_THAT(to_text(report, fancy), Not(HasSubstr("\x1b")));
}

TEST(DiscoverText, FindingsAreNotes) {
  auto report = judged_as(verdict_code::single_nat, home());
  report.judged.findings = {{"no-hairpin", "What was seen.", "do this"}};
  EXPECT_THAT(to_text(report, fancy), HasSubstr("\n  Note: What was seen. Do this.\n"));
}

}  // namespace text_discover_test
}  // namespace natcheck
