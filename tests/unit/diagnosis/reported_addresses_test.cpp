// What this host and its gateway say, and what somebody outside saw.
#include "verdict_row.hpp"

namespace natcheck {
namespace reported_addresses_test {

using namespace natcheck::testing;
using enum verdict_code;
using enum confidence;

const row direct_rows[] = {
    {"its own address on the host, and a server that sees another",
     [](auto& e) {
       make_public(e, "5.5.5.5");
       add_view(e, "9.9.0.7", "5.5.5.5");
       add_view(e, "9.9.1.7", "8.8.0.1");
     },
     direct, likely, answer::yes, "5.5.5.5", "No NAT", "8.8.0.1", "--port 1234"},
    {"the Internet sees our own address",
     [](auto& e) {
       make_public(e, "5.5.5.5");
       seen_as(e, "5.5.5.5");
     },
     direct, confirmed, answer::yes, "5.5.5.5", "No NAT",
     "seen by 9.9.0.7:3478 (21 ms), 9.9.1.7:3478 (21 ms) over UDP: 5.5.5.5",
     "natcheck probe 5.5.5.5:1234"},
    {"one server is enough, over TCP",
     [](auto& e) {
       make_public(e, "5.5.5.5");
       add_view(e, "9.9.0.7", "5.5.5.5", transport::tcp);
     },
     direct, confirmed, answer::yes, "5.5.5.5", "No NAT", "over TCP: 5.5.5.5", "--port 1234"},
    {"whatever the services say, and through a tunnel",
     [](auto& e) {
       make_public(e, "5.5.5.5");
       e.host.ipv4->kind = interface_kind::tunnel;
       nat_pmp_says(e, "100.64.5.2");
       seen_as(e, "5.5.5.5");
     },
     direct, confirmed, answer::yes, "5.5.5.5", "No NAT", "100.64.5.2", "firewall"},
    {"public, and translated nevertheless",
     [](auto& e) {
       make_public(e, "5.5.5.5");
       seen_as(e, "6.6.6.6");
     },
     public_address_mismatch, confirmed, answer::unknown, "6.6.6.6", "the Internet sees 6.6.6.6",
     "5.5.5.5 on eth0", "--interface"},
    {"public on the LAN, and the router has the address that is seen",
     [](auto& e) {
       make_public(e, "5.5.5.5");
       nat_pmp_says(e, "6.6.6.6");
       seen_as(e, "6.6.6.6");
     },
     single_nat, confirmed, answer::yes, "6.6.6.6", "6.6.6.6", "5.5.5.5 on eth0", "serve --map"},
    {"public, somebody was asked, and only the page answers",
     [](auto& e) {
       make_public(e, "5.5.5.5");
       add_silent(e, "9.9.0.7");
       web(e, web_result::expected);
     },
     direct, unconfirmed, answer::yes, "5.5.5.5", "no NAT was seen", "answers as expected",
     "natcheck probe 5.5.5.5:1234"},
};

const row report_rows[] = {
    {"the router's word holds",
     [](auto& e) {
       nat_pmp_says(e, "5.5.5.5");
       upnp_says(e, "5.5.5.5");
       seen_as(e, "5.5.5.5");
     },
     single_nat, confirmed, answer::yes, "5.5.5.5", "the public address 5.5.5.5", "seen by",
     "only a probe proves that a port is open"},
    {"one server is wrong, two agree with the router",
     [](auto& e) {
       upnp_says(e, "5.5.5.5");
       seen_as(e, "5.5.5.5");
       add_view(e, "9.9.2.7", "7.7.7.7");
     },
     single_nat, confirmed, answer::yes, "5.5.5.5", "5.5.5.5", "9.9.2.7", "serve --map"},
    {"one of two servers agrees with the router",
     [](auto& e) {
       upnp_says(e, "5.5.5.5");
       add_view(e, "9.9.2.7", "7.7.7.7");
       add_view(e, "9.9.0.7", "5.5.5.5");
     },
     single_nat, likely, answer::yes, "5.5.5.5", "5.5.5.5", "9.9.2.7", "serve --map"},
    {"the services contradict each other, and one is right",
     [](auto& e) {
       nat_pmp_says(e, "192.168.100.2");
       upnp_says(e, "5.5.5.5");
       seen_as(e, "5.5.5.5");
     },
     single_nat, likely, answer::yes, "5.5.5.5", "5.5.5.5", "192.168.100.2", "serve --map"},
    {"the router's word, and routers behind it that may translate",
     [](auto& e) {
       upnp_says(e, "5.5.5.5");
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "10.0.0.1", "100.64.0.1"});
     },
     single_nat, likely, answer::yes, "5.5.5.5", "5.5.5.5", "2 10.0.0.1, 3 100.64.0.1",
     "serve --map"},
    {"nobody outside answered, a page did",
     [](auto& e) {
       nat_pmp_says(e, "5.5.5.5");
       add_silent(e, "9.9.0.7");
       web(e, web_result::expected);
     },
     single_nat, unconfirmed, answer::yes, "5.5.5.5", "reports 5.5.5.5",
     "9.9.0.7:3478 over UDP: no answer to 3 requests in 1750 ms", "natcheck probe 5.5.5.5:1234"},
    {"a server in a private network is nobody outside",
     [](auto& e) {
       nat_pmp_says(e, "5.5.5.5");
       add_view(e, "10.1.1.1", "192.168.1.10");
     },
     single_nat, unconfirmed, answer::yes, "5.5.5.5", "reports 5.5.5.5",
     "192.168.1.10, but the server is not on the Internet", "serve --map"},
    {"a router that names its inner address",
     [](auto& e) {
       nat_pmp_says(e, "192.168.1.1");
       seen_as(e, "5.5.5.5");
     },
     single_nat, unconfirmed, answer::yes, "5.5.5.5", "the Internet sees 5.5.5.5",
     "does not report its external address", "serve --map"},
    {"behind two routers, proven",
     [](auto& e) {
       nat_pmp_says(e, "192.168.100.2");
       seen_as(e, "5.5.5.5");
     },
     double_nat, confirmed, answer::no, "5.5.5.5", "Your router is behind a second router",
     "192.168.100.2 is private (RFC 1918)", "to 192.168.100.2:1234"},
    {"behind two routers and the provider's",
     [](auto& e) {
       nat_pmp_says(e, "192.168.100.2");
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "192.168.100.1", "100.64.0.1"});
     },
     double_nat, confirmed, answer::no, "5.5.5.5", "second router", "100.64.0.1",
     "100.64.0.1 on the path looks like the provider's own NAT"},
    {"carrier-grade NAT, proven",
     [](auto& e) {
       upnp_says(e, "100.64.5.2");
       seen_as(e, "5.5.5.5");
     },
     cgnat, confirmed, answer::no, "5.5.5.5", "Your provider shares one public address",
     "100.64.5.2 is in 100.64.0.0/10", "use a relay"},
    {"DS-Lite, proven",
     [](auto& e) {
       upnp_says(e, "192.0.0.2");
       add_view(e, "9.9.0.7", "5.5.5.5");
     },
     ds_lite, confirmed, answer::no, "5.5.5.5", "Your provider carries IPv4", "192.0.0.0/29",
     "ask the provider"},
    {"a public-looking address that is translated again",
     [](auto& e) {
       nat_pmp_says(e, "6.6.6.6");
       seen_as(e, "5.5.5.5");
     },
     public_address_mismatch, confirmed, answer::unknown, "5.5.5.5",
     "the external address 6.6.6.6, but the Internet sees 5.5.5.5", "seen by",
     "two Internet connections"},
    {"the same, as one server says, which may be wrong",
     [](auto& e) {
       nat_pmp_says(e, "6.6.6.6");
       add_view(e, "9.9.0.7", "5.5.5.5");
     },
     public_address_mismatch, likely, answer::unknown, "5.5.5.5", "the Internet sees 5.5.5.5",
     "9.9.0.7", "ask the provider"},
    {"the same server by two names is one server",
     [](auto& e) {
       nat_pmp_says(e, "6.6.6.6");
       seen_as(e, "5.5.5.5");
       e.stun.back().address = e.stun.front().address;
     },
     public_address_mismatch, likely, answer::unknown, "5.5.5.5", "the Internet sees 5.5.5.5",
     "9.9.1.7", "ask the provider"},
    {"a public-looking address, and the carrier on the path",
     [](auto& e) {
       nat_pmp_says(e, "6.6.6.6");
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", nullptr, "100.64.0.1"});
     },
     public_address_mismatch, confirmed, answer::unknown, "5.5.5.5",
     "most likely your provider translates it", "hop 3, 100.64.0.1", "use a relay"},
    {"every server sees another address, and the router names a third",
     [](auto& e) {
       nat_pmp_says(e, "6.6.6.6");
       add_view(e, "9.9.0.7", "5.5.5.5");
       add_view(e, "9.9.1.7", "7.7.7.7");
     },
     public_address_mismatch, likely, answer::unknown, nullptr, "sees several others", "7.7.7.7",
     "two Internet connections"},
    {"two public addresses, and neither is seen",
     [](auto& e) {
       nat_pmp_says(e, "6.6.6.6");
       upnp_says(e, "7.7.7.7");
       seen_as(e, "5.5.5.5");
     },
     public_address_mismatch, confirmed, answer::unknown, "5.5.5.5", "5.5.5.5", "7.7.7.7",
     "Internet connections"},
    {"a public and a private address, and neither is seen",
     [](auto& e) {
       nat_pmp_says(e, "192.168.100.2");
       upnp_says(e, "6.6.6.6");
       seen_as(e, "5.5.5.5");
     },
     inconclusive, unconfirmed, answer::unknown, "5.5.5.5", "different external addresses",
     "missing test", "router's menu"},
    {"an address that cannot be one, and the path tells",
     [](auto& e) {
       upnp_says(e, "203.0.113.7");
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "100.64.0.1"});
     },
     cgnat, likely, answer::unknown, "5.5.5.5", "carrier-grade NAT", "hop 2, 100.64.0.1", "relay"},
    {"an address that cannot be one, and nothing else tells",
     [](auto& e) {
       upnp_says(e, "203.0.113.7");
       seen_as(e, "5.5.5.5");
     },
     inconclusive, unconfirmed, answer::unknown, "5.5.5.5", "cannot be public",
     "missing test: the router's real external address", "router's menu"},
};

TEST(ClaimsSeen, OnThisHost) { check_all(direct_rows); }

TEST(ClaimsSeen, OfTheGateway) { check_all(report_rows); }

}  // namespace reported_addresses_test
}  // namespace natcheck
