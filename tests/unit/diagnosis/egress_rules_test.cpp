// Ways out other than by an ordinary IPv4 router.
#include "verdict_row.hpp"

namespace natcheck {
namespace egress_rules_test {

using namespace natcheck::testing;
using enum verdict_code;
using enum confidence;

void tunnel(discover_evidence& e, const char* local = "10.8.0.2") {
  e.host.ipv4 = egress_route(local, nullptr);
  e.host.ipv4->interface = "wg0";
  e.host.ipv4->kind = interface_kind::tunnel;
  e.gateway.reset();
}

const row egress_rows[] = {
    {"a VPN",
     [](auto& e) {
       tunnel(e);
       seen_as(e, "5.5.5.5");
     },
     vpn_egress, confirmed, answer::unknown, "5.5.5.5", "the Internet sees 5.5.5.5",
     "10.8.0.2 on wg0", "--interface eth0"},
    {"a VPN whose router claims something else",
     [](auto& e) {
       e.host.ipv4->kind = interface_kind::tunnel;
       nat_pmp_says(e, "6.6.6.6");
       seen_as(e, "5.5.5.5");
     },
     vpn_egress, confirmed, answer::unknown, "5.5.5.5", "tunnel", "6.6.6.6", "split tunnel"},
    {"a VPN whose router opens ports",
     [](auto& e) {
       e.host.ipv4->kind = interface_kind::tunnel;
       nat_pmp_says(e, "5.5.5.5");
       seen_as(e, "5.5.5.5");
     },
     single_nat, confirmed, answer::yes, "5.5.5.5", "5.5.5.5", "seen by", "serve --map"},
    {"a VPN that leads nowhere",
     [](auto& e) {
       tunnel(e);
       nothing_beyond(e);
       hops(e, {});
     },
     vpn_egress, likely, answer::unknown, nullptr, "nothing on the Internet answers through it",
     "no answer", "--interface eth0"},
    {"a VPN with addresses of a carrier",
     [](auto& e) {
       tunnel(e, "100.100.1.2");
       seen_as(e, "5.5.5.5");
     },
     vpn_egress, confirmed, answer::unknown, "5.5.5.5", "tunnel", "100.100.1.2", "operator"},
    {"the carrier's address on the host, proven",
     [](auto& e) {
       make_public(e, "100.70.1.2");
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "100.70.0.1", "9.9.9.1"});
     },
     cgnat, confirmed, answer::no, "5.5.5.5", "Your provider shares", "100.70.1.2", "relay"},
    {"the carrier's range on the host, which some data centres use too",
     [](auto& e) {
       make_public(e, "100.70.1.2");
       seen_as(e, "5.5.5.5");
     },
     cgnat, likely, answer::unknown, "5.5.5.5", "most likely shares", "100.70.1.2", "relay"},
    {"the carrier's range on the host, and a router that offers something",
     [](auto& e) {
       make_public(e, "100.70.1.2");
       pcp_says(e, 0);
       seen_as(e, "5.5.5.5");
     },
     cgnat, likely, answer::unknown, "5.5.5.5", "most likely shares", "100.70.1.2", "relay"},
    {"464XLAT on the host",
     [](auto& e) {
       tunnel(e, "192.0.0.4");
       add_ipv6(e);
       e.nat64 = nat64_prefix{ip("64:ff9b::"), 96};
       seen_as(e, "5.5.5.5");
       add_view(e, "2a00:9::7", "2a00:1::10");
     },
     ds_lite, confirmed, answer::no, "5.5.5.5", "464XLAT", "192.0.0.4", "2a00:1::10"},
    {"DS-Lite on the host", [](auto& e) { tunnel(e, "192.0.0.2"); }, ds_lite, likely,
     answer::unknown, nullptr, "DS-Lite", "192.0.0.2", "relay"},
    {"a router that is known by its IPv6 address alone",
     [](auto& e) {
       e.host.ipv4->gateway.reset();
       e.host.ipv4->gateway_ipv6 = ip("fe80::1");
       e.gateway.reset();
       seen_as(e, "5.5.5.5");
     },
     inconclusive, unconfirmed, answer::unknown, "5.5.5.5", "through fe80::1", "missing test",
     "--gateway ADDRESS"},
    {"a link without a router",
     [](auto& e) {
       e.host.ipv4->gateway.reset();
       e.gateway.reset();
       seen_as(e, "5.5.5.5");
     },
     inconclusive, unconfirmed, answer::unknown, "5.5.5.5", "on which no router was found",
     "missing test", "link's operator"},
};

const row ipv6_rows[] = {
    {"only IPv6, and it works",
     [](auto& e) {
       cut_off(e);
       add_ipv6(e);
       add_view(e, "2a00:9::7", "2a00:1::10");
     },
     ipv6_only, confirmed, answer::yes, nullptr, "a public address that works",
     "over UDP and IPv6: 2a00:1::10", "IPv6 firewall"},
    {"only IPv6, from an address that will change",
     [](auto& e) {
       cut_off(e);
       add_ipv6(e, "2a00:1::bad");
       e.host.interfaces.front().addresses = {{ip("2a00:1::bad"), 64, true},
                                              {ip("2a00:1::dead"), 64, false, true},
                                              {ip("2a00:1::10"), 64}};
       add_view(e, "2a00:9::7", "2a00:1::bad");
     },
     ipv6_only, confirmed, answer::yes, nullptr, "a public address that works",
     "2a00:1::10 is public", "sees this machine as 2a00:1::10"},
    {"only IPv6, and it is translated",
     [](auto& e) {
       cut_off(e);
       add_ipv6(e);
       add_view(e, "2a00:9::7", "2a00:2::10");
     },
     ipv6_only, likely, answer::yes, nullptr, "public IPv6 address", "2a00:2::10", "IPv6 firewall"},
    {"only IPv6, and an answer through NAT64",
     [](auto& e) {
       cut_off(e);
       add_ipv6(e);
       add_view(e, "64:ff9b::909:7", "2a00:1::10");
       e.stun.back().seen_as = endpoint{ip("5.5.5.5"), 40000};
     },
     ipv6_only, likely, answer::yes, nullptr, "public IPv6 address", "IPv6: 5.5.5.5",
     "IPv6 firewall"},
    {"only IPv6, and nobody answers",
     [](auto& e) {
       cut_off(e);
       add_ipv6(e);
       add_silent(e, "2a00:9::7");
     },
     no_internet, likely, answer::unknown, nullptr, "nothing on the Internet answers over IPv6",
     "over UDP and IPv6", "restart"},
    {"only IPv6, and nobody was asked to the end",
     [](auto& e) {
       cut_off(e);
       add_ipv6(e);
       e.stun = {server("2a00:9::7")};
     },
     ipv6_only, unconfirmed, answer::yes, nullptr, "public IPv6 address", "2a00:9::7",
     "IPv6 firewall"},
    {"only local IPv6, and it is translated",
     [](auto& e) {
       cut_off(e);
       add_ipv6(e, "fd00::10");
       add_view(e, "2a00:9::7", "2a00:2::10");
     },
     inconclusive, unconfirmed, answer::unknown, nullptr, "is not public",
     "the Internet sees 2a00:2::10", "give others 2a00:2::10"},
    {"the IPv4 router is dead, and IPv6 works",
     [](auto& e) {
       e.gateway->neighbor = neighbor_state::unanswered;
       add_ipv6(e);
       add_view(e, "2a00:9::7", "2a00:1::10");
     },
     ipv6_only, confirmed, answer::yes, nullptr, "the IPv4 router 192.168.1.1 does not answer",
     "2a00:1::10", "IPv6 firewall"},
    {"IPv4 leads nowhere, and IPv6 works",
     [](auto& e) {
       nothing_beyond(e);
       e.web = {};
       add_ipv6(e);
       add_view(e, "2a00:9::7", "2a00:1::10");
     },
     ipv6_only, likely, answer::yes, nullptr,
     "Nothing on the Internet answers this machine over IPv4",
     "no router upstream of yours answers", "IPv6 firewall"},
    {"IPv4 behind a carrier's NAT, and IPv6 works",
     [](auto& e) {
       upnp_says(e, "100.64.5.2");
       seen_as(e, "5.5.5.5");
       add_ipv6(e);
       add_view(e, "2a00:9::7", "2a00:1::10");
     },
     cgnat, confirmed, answer::no, "5.5.5.5", "carrier-grade NAT", "2a00:1::10",
     "use IPv6: the Internet sees this machine as 2a00:1::10"},
    {"IPv4 behind a carrier's NAT, and IPv6 behind a translation of its prefix",
     [](auto& e) {
       upnp_says(e, "100.64.5.2");
       seen_as(e, "5.5.5.5");
       add_ipv6(e, "fd00:1::10");
       add_view(e, "2a00:9::7", "2a00:1::10");
       e.stun.back().local = endpoint{ip("fd00:1::10"), 40000};
     },
     cgnat, confirmed, answer::no, "5.5.5.5", "carrier-grade NAT", "2a00:1::10",
     "use IPv6: the Internet sees this machine as 2a00:1::10"},
    {"IPv6 only, from a local address whose prefix is translated",
     [](auto& e) {
       cut_off(e);
       add_ipv6(e, "fd00:1::10");
       add_view(e, "2a00:9::7", "2a00:1::10");
       e.stun.back().local = endpoint{ip("fd00:1::10"), 40000};
     },
     inconclusive, unconfirmed, answer::unknown, nullptr, "is not public", "NPTv6",
     "natcheck probe [2a00:1::10]:1234"},
};

TEST(WayOutRules, TunnelsAndLinks) { check_all(egress_rows); }

TEST(WayOutRules, InternetByIpv6) { check_all(ipv6_rows); }

}  // namespace egress_rules_test
}  // namespace natcheck
