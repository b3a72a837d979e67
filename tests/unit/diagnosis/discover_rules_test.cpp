#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <natcheck/diagnosis.hpp>

#include "evidence_builder.hpp"
#include "verdict_row.hpp"

namespace natcheck {
namespace discover_rules_test {

using namespace natcheck::testing;
using ::testing::Contains;
using enum verdict_code;
using enum confidence;

const row rows[] = {
    {"no interface is up",
     [](auto& e) {
       cut_off(e);
       e.host.interfaces.front().up = false;
     },
     offline, confirmed, answer::no, nullptr, "no network interface is up", "no IPv4 route",
     "cable"},
    {"only loopback is up",
     [](auto& e) {
       cut_off(e);
       e.host.interfaces = {nic("lo", "127.0.0.1", false)};
       e.host.interfaces.front().kind = interface_kind::loopback;
     },
     offline, confirmed, answer::no, nullptr, "no network interface is up", "no IPv4 route",
     "Wi-Fi"},
    {"no address",
     [](auto& e) {
       cut_off(e);
       e.host.interfaces = {nic("eth0", nullptr, false)};
     },
     offline, confirmed, answer::no, nullptr, "no IPv4 address on eth0", "no IPv4 address", "DHCP"},
    {"an address that the host gave itself",
     [](auto& e) {
       cut_off(e);
       e.host.interfaces = {nic("eth0", "169.254.7.7", false)};
     },
     offline, confirmed, answer::no, nullptr, "no IPv4 address on eth0", "no IPv4 address", "DHCP"},
    {"no IPv4 default route", cut_off, offline, confirmed, answer::no, nullptr,
     "no IPv4 default route on eth0", "no IPv4 route", "default gateway"},
    {"only unique local IPv6",
     [](auto& e) {
       cut_off(e);
       add_ipv6(e, "fd00::10");
     },
     offline, confirmed, answer::no, nullptr, "no IPv4 default route", "no public IPv6 address",
     "default gateway"},
    {"only IPv6",
     [](auto& e) {
       cut_off(e);
       add_ipv6(e);
     },
     ipv6_only, unconfirmed, answer::yes, nullptr, "no route to the IPv4 Internet", "2a00:1::10",
     "IPv6 firewall"},
    {"the chosen interface has no way out, another has",
     [](auto& e) {
       cut_off(e);
       e.host.interfaces.push_back(nic("wlan0", "10.0.0.5"));
     },
     inconclusive, unconfirmed, answer::unknown, nullptr, "wlan0 may have one", "wlan0",
     "natcheck discover --interface wlan0"},
    {"the only default route is IPv6's, without a public address",
     [](auto& e) {
       cut_off(e);
       e.host.interfaces.front().default_route = true;
       add_ipv6(e, "fd00::10");
     },
     offline, confirmed, answer::no, nullptr, "no IPv4 default route on eth0", "no IPv4 route",
     "default gateway"},
    {"another interface has a default route, and no IPv4 address",
     [](auto& e) {
       cut_off(e);
       e.host.interfaces.push_back(nic("wlan0", nullptr));
     },
     offline, confirmed, answer::no, nullptr, "no IPv4 default route on eth0", "no IPv4 route",
     "default gateway"},
    {"another interface has an IPv4 default route in a table of its own",
     [](auto& e) {
       cut_off(e);
       e.host.interfaces.push_back(nic("eth1", "10.0.0.5", false));
       e.host.ipv4_defaults = {"eth1"};
     },
     inconclusive, unconfirmed, answer::unknown, nullptr, "eth1 may have one", "eth1",
     "natcheck discover --interface eth1"},
    {"IPv6 alone by default, and an IPv4 default route in a table of its own",
     [](auto& e) {
       cut_off(e);
       add_ipv6(e);
       add_view(e, "2a00:9::7", "2a00:1::10");
       e.host.interfaces.front().addresses.push_back({ip("2a00:1::10"), 64});
       e.host.ipv4_defaults = {"eth0"};
     },
     ipv6_only, confirmed, answer::yes, nullptr, "eth0 may have one", "2a00:1::10",
     "IPv6 firewall"},
    {"the default route refuses packets",
     [](auto& e) {
       cut_off(e);
       e.host.ipv4_forbidden = "unreachable";
     },
     offline, confirmed, answer::no, nullptr, "has the type \"unreachable\"", "no IPv4 route",
     "kill switch"},
    {"nothing was read",
     [](auto& e) { e = {}; }, inconclusive, unconfirmed, answer::unknown, nullptr,
     "could not be read", "missing test", "sandbox"},
    {"the routes were not read",
     [](auto& e) {
       cut_off(e);
       e.host.unread = "asking the kernel for its routes: Operation not permitted";
     },
     inconclusive, unconfirmed, answer::unknown, nullptr, "could not be read",
     "Operation not permitted", "sandbox"},
    {"the public address is on an interface that is down, and the router offers nothing",
     [](auto& e) {
       e.host.interfaces.push_back(nic("kube-ipvs0", "5.5.5.5", false));
       e.host.interfaces.back().up = false;
       seen_as(e, "5.5.5.5");
     },
     nat_no_mapping_service, likely, answer::yes, "5.5.5.5", "", "5.5.5.5", "turn on UPnP"},
    {"the public address is on loopback too, and the router has it",
     [](auto& e) {
       e.host.interfaces.push_back(nic("lo", "5.5.5.5", false));
       nat_pmp_says(e, "5.5.5.5");
       seen_as(e, "5.5.5.5");
     },
     single_nat, confirmed, answer::yes, "5.5.5.5", "One NAT", "5.5.5.5", "serve --map"},
    {"router does not answer ARP",
     [](auto& e) { e.gateway->neighbor = neighbor_state::unanswered; }, offline, likely,
     answer::unknown, nullptr, "192.168.1.1 does not answer on the local network",
     "does not answer ARP", "switched on"},
    {"router does not answer ARP, one service cut short",
     [](auto& e) {
       e.gateway->neighbor = neighbor_state::unanswered;
       e.gateway->upnp = {};
     },
     offline, likely, answer::unknown, nullptr, "does not answer", "UPnP: not tried",
     "switched on"},
    {"router does not answer ARP, and nothing on the Internet answers",
     [](auto& e) {
       nothing_beyond(e);
       e.gateway->neighbor = neighbor_state::unanswered;
     },
     offline, confirmed, answer::no, nullptr, "does not answer", "no answer", "switched on"},
    {"router does not answer ARP, but every schedule was cut short",
     [](auto& e) {
       e.gateway->neighbor = neighbor_state::unanswered;
       e.gateway->pcp = {};
       e.gateway->nat_pmp = {};
       e.gateway->upnp = {};
     },
     inconclusive, unconfirmed, answer::unknown, nullptr, "not every test", "missing test: NAT-PMP",
     "--timeout 30"},
    {"router does not answer ARP, IPv6 is there",
     [](auto& e) {
       e.gateway->neighbor = neighbor_state::unanswered;
       add_ipv6(e);
     },
     inconclusive, unconfirmed, answer::unknown, nullptr, "IPv6 was not tested",
     "2a00:1::10", "natcheck probe [2a00:1::10]:1234"},
    {"ARP failed, and yet a service refused",
     [](auto& e) {
       e.gateway->neighbor = neighbor_state::unanswered;
       nat_pmp_fails(e, 2);
     },
     nat_no_mapping_service, likely, answer::unknown, nullptr, "responds to NAT-PMP, but refuses",
     "NAT-PMP: refused", "allow it in the router"},
    {"public address on the host", [](auto& e) { make_public(e, "5.5.5.5"); }, direct, unconfirmed,
     answer::yes, "5.5.5.5", "public address 5.5.5.5", "no external server was asked",
     "natcheck serve --port 1234"},
    {"public address on the host, on a link without a router",
     [](auto& e) {
       make_public(e, "5.5.5.5");
       e.host.ipv4->gateway.reset();
       e.gateway.reset();
     },
     direct, unconfirmed, answer::yes, "5.5.5.5", "public address", "eth0", "firewall"},
    {"public address on the host, the router agrees",
     [](auto& e) {
       make_public(e, "5.5.5.5");
       upnp_says(e, "5.5.5.5");
     },
     direct, unconfirmed, answer::yes, "5.5.5.5", "public address", "UPnP (12 ms): the router reports",
     "firewall"},
    {"public address on the host, the router names another",
     [](auto& e) {
       make_public(e, "5.5.5.5");
       nat_pmp_says(e, "6.6.6.6");
     },
     inconclusive, unconfirmed, answer::unknown, nullptr, "reports a different one", "missing test",
     "6.6.6.6"},
    {"public address by both",
     [](auto& e) {
       nat_pmp_says(e, "5.5.5.5");
       upnp_says(e, "5.5.5.5");
     },
     single_nat, unconfirmed, answer::yes, "5.5.5.5", "One NAT", "no external server was asked",
     "natcheck serve --map 1234"},
    {"public address by NAT-PMP", [](auto& e) { nat_pmp_says(e, "5.5.5.5"); }, single_nat,
     unconfirmed, answer::yes, "5.5.5.5", "5.5.5.5", "UPnP: no answer to 3 requests in 1750 ms",
     "natcheck serve"},
    {"public address by NAT-PMP, UPnP is garbage",
     [](auto& e) {
       nat_pmp_says(e, "5.5.5.5");
       e.gateway->upnp.state = service_state::malformed;
       e.gateway->upnp.detail = "HTTP 200 without an envelope";
     },
     single_nat, unconfirmed, answer::yes, "5.5.5.5", "5.5.5.5",
     "UPnP: unusable answer: HTTP 200 without an envelope", "natcheck serve"},
    {"public address by NAT-PMP, UPnP says disconnected",
     [](auto& e) {
       nat_pmp_says(e, "5.5.5.5");
       upnp_says(e, "0.0.0.0", "Disconnected");
     },
     single_nat, unconfirmed, answer::yes, "5.5.5.5", "5.5.5.5", "\"Disconnected\"",
     "natcheck serve"},
    {"two public addresses",
     [](auto& e) {
       nat_pmp_says(e, "5.5.5.5");
       upnp_says(e, "6.6.6.6");
     },
     inconclusive, unconfirmed, answer::unknown, nullptr, "different external addresses",
     "missing test: an external server", "router's menu"},
    {"a public and a private address",
     [](auto& e) {
       nat_pmp_says(e, "192.168.100.2");
       upnp_says(e, "6.6.6.6");
     },
     inconclusive, unconfirmed, answer::unknown, nullptr, "different external addresses",
     "missing test", "router's menu"},
    {"carrier-grade NAT", [](auto& e) { upnp_says(e, "100.64.5.2"); }, cgnat, likely, answer::unknown,
     nullptr, "carrier-grade NAT", "100.64.5.2 is in 100.64.0.0/10", "ask the provider"},
    {"carrier-grade NAT with IPv6",
     [](auto& e) {
       upnp_says(e, "100.64.5.2");
       add_ipv6(e);
       add_view(e, "2a00:9::7", "2a00:1::10");
     },
     cgnat, likely, answer::unknown, nullptr, "carrier-grade NAT", "RFC 6598", "2a00:1::10"},
    {"a shared address that is our own VPN's",
     [](auto& e) {
       upnp_says(e, "100.64.5.2");
       e.host.interfaces.push_back(nic("tailscale0", "100.64.5.2", false));
     },
     inconclusive, unconfirmed, answer::unknown, nullptr, "that address is this machine's own", "VPN", "VPN"},
    {"a shared address on the host itself", [](auto& e) { make_public(e, "100.70.1.2"); }, cgnat,
     likely, answer::unknown, nullptr, "carrier-grade NAT", "100.70.1.2 on eth0", "ask the provider"},
    {"DS-Lite", [](auto& e) { nat_pmp_says(e, "192.0.0.2"); }, ds_lite, likely, answer::unknown, nullptr,
     "DS-Lite", "192.0.0.0/29", "ask the provider"},
    {"double NAT", [](auto& e) { nat_pmp_says(e, "192.168.100.2"); }, double_nat, likely,
     answer::unknown, nullptr, "second router", "192.168.100.2", "bridge mode"},
    {"double NAT, two private addresses",
     [](auto& e) {
       nat_pmp_says(e, "192.168.100.2");
       upnp_says(e, "10.0.0.2");
     },
     double_nat, likely, answer::unknown, nullptr, "second router", "10.0.0.2", "192.168.1.10:1234"},
    {"link-local outside", [](auto& e) { nat_pmp_says(e, "169.254.3.4"); }, double_nat, likely,
     answer::unknown, nullptr, "second router", "link-local", "bridge mode"},
    {"connected, with an empty address", [](auto& e) { upnp_says(e, ""); }, double_nat, likely,
     answer::unknown, nullptr, "hides its external address", "gives no external address", "bridge mode"},
    {"up, with error 501",
     [](auto& e) {
       upnp_says(e, "", "Up");
       e.gateway->upnp.external_address_text.reset();
       e.gateway->upnp.result = 501;
       e.gateway->upnp.refusal = mapping_refusal::no_reason;
     },
     double_nat, likely, answer::unknown, nullptr, "hides", "error 501", "bridge mode"},
    {"empty by UPnP, result 3 by NAT-PMP",
     [](auto& e) {
       upnp_says(e, "");
       nat_pmp_fails(e, 3);
     },
     double_nat, likely, answer::unknown, nullptr, "hides", "empty external address", "bridge mode"},
    {"empty by UPnP, public by NAT-PMP",
     [](auto& e) {
       upnp_says(e, "");
       nat_pmp_says(e, "5.5.5.5");
     },
     single_nat, unconfirmed, answer::yes, "5.5.5.5", "5.5.5.5", "empty external address",
     "natcheck serve"},
    {"disconnected", [](auto& e) { upnp_says(e, "", "Disconnected"); }, gateway_wan_down,
     unconfirmed, answer::unknown, nullptr, "no Internet connection", "\"Disconnected\"",
     "status page"},
    {"0.0.0.0", [](auto& e) { nat_pmp_says(e, "0.0.0.0"); }, gateway_wan_down, unconfirmed,
     answer::unknown, nullptr, "no Internet connection", "0.0.0.0", "status page"},
    {"NAT-PMP result 3 alone", [](auto& e) { nat_pmp_fails(e, 3); }, inconclusive, unconfirmed,
     answer::unknown, nullptr, "no Internet connection, or is behind another router",
     "result 3", "Internet (WAN) address"},
    {"a documentation address", [](auto& e) { nat_pmp_says(e, "203.0.113.7"); }, inconclusive,
     unconfirmed, answer::unknown, nullptr, "203.0.113.7, which cannot be public",
     "reserved for documentation", "router's menu"},
    {"a loopback address", [](auto& e) { upnp_says(e, "127.0.0.1"); }, inconclusive, unconfirmed,
     answer::unknown, nullptr, "could not determine", "missing test", "natcheck discover"},
    {"no service, the router is there", [](auto&) {}, nat_no_mapping_service, likely,
     answer::unknown, nullptr, "neither PCP nor NAT-PMP nor UPnP", "192.168.1.1 answers", "http://192.168.1.1/"},
    {"no service, the router was there",
     [](auto& e) { e.gateway->neighbor = neighbor_state::resolved; }, nat_no_mapping_service,
     unconfirmed, answer::unknown, nullptr, "neither", "was seen", "192.168.1.10:1234"},
    {"no service, refused by ICMP",
     [](auto& e) {
       e.gateway->neighbor = neighbor_state::unknown;
       e.gateway->nat_pmp.state = service_state::refused;
       e.gateway->nat_pmp.detail = "port unreachable (ICMP)";
     },
     nat_no_mapping_service, likely, answer::unknown, nullptr, "neither",
     "NAT-PMP: refused: port unreachable (ICMP)", "virtual server"},
    {"not authorised by both",
     [](auto& e) {
       nat_pmp_fails(e, 2);
       e.gateway->nat_pmp.state = service_state::answered;
       upnp_says(e, "");
       e.gateway->upnp.external_address_text.reset();
       e.gateway->upnp.result = 606;
       e.gateway->upnp.refusal = mapping_refusal::not_authorized;
     },
     nat_no_mapping_service, likely, answer::unknown, nullptr, "to NAT-PMP and UPnP, but refuses",
     "error 606", "allow it in the router"},
    {"all silent, and nothing shows that the router lives",
     [](auto& e) { e.gateway->neighbor = neighbor_state::unknown; }, inconclusive, unconfirmed,
     answer::unknown, nullptr, "could not determine", "missing test", "router's menu"},
    {"cut short",
     [](auto& e) {
       e.gateway->upnp = {};
       e.gateway->upnp.detail = "the time was over after 300 ms";
     },
     inconclusive, unconfirmed, answer::unknown, nullptr, "not every test",
     "UPnP: not tried: the time was over after 300 ms", "--timeout 30"},
    {"malformed only",
     [](auto& e) { e.gateway->nat_pmp.state = service_state::malformed; }, inconclusive, unconfirmed,
     answer::unknown, nullptr, "responds to NAT-PMP, but", "missing test: NAT-PMP, which gave no "
     "usable answer", "router's menu"},
    {"NAT-PMP answers PCP, and not its own question",
     [](auto& e) {
       e.gateway->pcp.state = service_state::refused;
       e.gateway->pcp.version = std::uint8_t{0};
     },
     inconclusive, unconfirmed, answer::unknown, nullptr,
     "Your router supports NAT-PMP, but does not report its external address",
     "NAT-PMP is available: it answers the PCP request", "natcheck serve --map 1234"},
    {"this machine does not send NAT-PMP's question",
     [](auto& e) {
       e.gateway->nat_pmp = {};
       e.gateway->nat_pmp.local_fault = true;
       e.gateway->nat_pmp.detail = "this machine does not send it: its routing rules prohibit it";
     },
     inconclusive, unconfirmed, answer::unknown, nullptr, "not every test finished",
     "missing test: NAT-PMP, which this machine could not ask",
     "make this machine's routes and firewall allow these requests"},
    {"this machine does not send NAT-PMP's question, and UPnP is unusable",
     [](auto& e) {
       e.gateway->nat_pmp = {};
       e.gateway->nat_pmp.local_fault = true;
       e.gateway->upnp.state = service_state::malformed;
     },
     inconclusive, unconfirmed, answer::unknown, nullptr, "responds to UPnP, but",
     "missing test: NAT-PMP, which this machine could not ask", "discover --timeout 30"},
    {"NAT-PMP answers PCP, and the Internet sees the router",
     [](auto& e) {
       e.gateway->pcp.state = service_state::refused;
       e.gateway->pcp.version = std::uint8_t{0};
       seen_as(e, "5.5.5.5");
     },
     single_nat, unconfirmed, answer::yes, "5.5.5.5", "has a port mapping service",
     "does not report its external address", "natcheck serve --map 1234"},
    {"UPnP answered the search, and then was too slow",
     [](auto& e) {
       e.gateway->upnp.rtt = millis(3);
       e.gateway->upnp.detail = "timed out after 5 s while waiting for the answer";
     },
     inconclusive, unconfirmed, answer::unknown, nullptr, "responds to UPnP, but its answers were too slow",
     "missing test: UPnP, which answered, but then was too slow", "restart the router"},
    {"UPnP answered the search, and its description cannot be read",
     [](auto& e) {
       e.gateway->upnp.state = service_state::malformed;
       e.gateway->upnp.rtt = millis(3);
       e.gateway->upnp.detail = "HTTP 404";
     },
     inconclusive, unconfirmed, answer::unknown, nullptr, "responds to UPnP, but its answers",
     "HTTP 404", "restart the router"},
    {"UPnP answered the search, and its service refused everything",
     [](auto& e) {
       e.gateway->upnp.state = service_state::refused;
       e.gateway->upnp.rtt = millis(3);
       e.gateway->upnp.detail = "HTTP 401";
     },
     nat_no_mapping_service, likely, answer::unknown, nullptr, "responds to UPnP, but refuses",
     "HTTP 401", "allow it in the router"},
    {"the way was chosen, and advised commands choose it too",
     [](auto& e) {
       e.asked = {"eth0", ip("192.168.1.1")};
       upnp_says(e, "5.5.5.5");
     },
     single_nat, unconfirmed, answer::yes, "5.5.5.5", "One NAT", "5.5.5.5",
     "natcheck serve --map 1234 --interface eth0 --gateway 192.168.1.1"},
    {"the router is another one than the route names, and advised commands name it",
     [](auto& e) {
       e.gateway->ip = ip("192.168.1.254");
       upnp_says(e, "5.5.5.5");
       seen_as(e, "5.5.5.5");
     },
     single_nat, confirmed, answer::yes, "5.5.5.5", "One NAT", "5.5.5.5",
     "natcheck serve --map 1234 --gateway 192.168.1.254"},
    {"UPnP answers and tells nothing",
     [](auto& e) {
       e.gateway->upnp = {};
       e.gateway->upnp.state = service_state::answered;
     },
     inconclusive, unconfirmed, answer::unknown, nullptr, "could not determine",
     "does not report its external address", "router's menu"},
    {"a tunnel without a router",
     [](auto& e) {
       e.host.ipv4 = egress_route("10.8.0.2", nullptr);
       e.host.ipv4->interface = "wg0";
       e.host.ipv4->kind = interface_kind::tunnel;
       e.gateway.reset();
     },
     vpn_egress, likely, answer::unknown, nullptr, "leaves through wg0, a tunnel",
     "10.8.0.2 on wg0", "natcheck discover --interface eth0"},
    {"a tunnel whose far end is silent",
     [](auto& e) { e.host.ipv4->kind = interface_kind::tunnel; }, vpn_egress, likely,
     answer::unknown, nullptr, "tunnel", "missing test", "tunnel's operator"},
    {"a tunnel whose far end opens ports",
     [](auto& e) {
       e.host.ipv4->kind = interface_kind::tunnel;
       nat_pmp_says(e, "5.5.5.5");
     },
     single_nat, unconfirmed, answer::yes, "5.5.5.5", "5.5.5.5", "no external server",
     "natcheck serve"},
};

TEST(DiscoverRules, GiveOneVerdictARow) { check_all(rows); }

TEST(DiscoverRules, NameWhatEachServiceSaid) {
  for (const auto& r : rows) {
    SCOPED_TRACE(r.name);
    auto seen = home();
    r.bend(seen);
    if (!seen.gateway) continue;
    const auto lines = diagnose(seen).main.evidence;
    EXPECT_THAT(lines, Contains(::testing::MatchesRegex("PCP( \\(.* ms\\))?: .+")));
    EXPECT_THAT(lines, Contains(::testing::MatchesRegex("NAT-PMP( \\(.* ms\\))?: .+")));
    EXPECT_THAT(lines, Contains(::testing::MatchesRegex("UPnP( \\(.* ms\\))?: .+")));
  }
}

}  // namespace discover_rules_test
}  // namespace natcheck
