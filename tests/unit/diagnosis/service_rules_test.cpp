// What the gateway does not say, with and without the word of somebody outside.
#include "verdict_row.hpp"

namespace natcheck {
namespace service_rules_test {

using namespace natcheck::testing;
using enum verdict_code;
using enum confidence;

void refuse(service_evidence& service) {
  service.state = service_state::refused;
  service.detail = "port unreachable (ICMP)";
}

const row hidden_rows[] = {
    {"hidden, and nothing else known of the way",
     [](auto& e) {
       upnp_says(e, "");
       seen_as(e, "5.5.5.5");
     },
     double_nat, likely, answer::unknown, "5.5.5.5", "hides its external address",
     "gives no external", "bridge mode"},
    {"hidden, and a second private router",
     [](auto& e) {
       upnp_says(e, "");
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "192.168.100.1", "9.9.9.1"});
     },
     double_nat, likely, answer::unknown, "5.5.5.5", "second router, 192.168.100.1",
     "hop 2, 192.168.100.1, is private (RFC 1918)", "http://192.168.100.1/"},
    {"hidden, and the carrier's router",
     [](auto& e) {
       upnp_says(e, "");
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "100.64.0.1", "9.9.9.1"});
     },
     cgnat, likely, answer::unknown, "5.5.5.5", "carrier-grade NAT", "hop 2, 100.64.0.1", "relay"},
    {"hidden, and a private router before the carrier's",
     [](auto& e) {
       upnp_says(e, "");
       hops(e, {"192.168.1.1", "10.0.0.1", "100.64.0.1"});
     },
     cgnat, likely, answer::unknown, nullptr, "carrier-grade NAT", "hop 3, 100.64.0.1", "relay"},
    {"hidden by PCP: an address mismatch",
     [](auto& e) {
       pcp_says(e, 12);
       seen_as(e, "5.5.5.5");
     },
     double_nat, likely, answer::unknown, "5.5.5.5", "hides", "PCP result 12", "bridge mode"},
    {"hidden by PCP: no resources, as a refusal",
     [](auto& e) {
       pcp_says(e, 8);
       e.gateway->pcp.state = service_state::refused;
     },
     double_nat, likely, answer::unknown, nullptr, "hides", "PCP result 8", "bridge mode"},
    {"a network failure, and yet the Internet answers",
     [](auto& e) {
       nat_pmp_fails(e, 3);
       seen_as(e, "5.5.5.5");
     },
     double_nat, likely, answer::unknown, "5.5.5.5", "hides", "but the Internet answers",
     "bridge mode"},
    {"a network failure by PCP, and yet a page answers",
     [](auto& e) {
       pcp_says(e, 7);
       add_silent(e, "9.9.0.7");
       web(e, web_result::expected);
     },
     double_nat, likely, answer::unknown, nullptr, "hides", "but the Internet answers",
     "bridge mode"},
    {"a network failure, and who was asked was not fully tested",
     [](auto& e) {
       nat_pmp_fails(e, 3);
       e.stun = {server("9.9.0.7")};
     },
     inconclusive, unconfirmed, answer::unknown, nullptr, "cannot report a public address",
     "result 3", "router's menu"},
    {"a network failure by PCP alone", [](auto& e) { pcp_says(e, 7); }, inconclusive, unconfirmed,
     answer::unknown, nullptr, "cannot report a public address", "PCP result 7", "router's menu"},
    {"a network failure, and nothing beyond answers",
     [](auto& e) {
       nat_pmp_fails(e, 3);
       nothing_beyond(e);
     },
     gateway_wan_down, likely, answer::unknown, nullptr, "no Internet connection",
     "network failure", "status page"},
};

const row service_rows[] = {
    {"no service, and a NAT that somebody saw", [](auto& e) { seen_as(e, "5.5.5.5"); },
     nat_no_mapping_service, likely, answer::yes, "5.5.5.5", "neither PCP nor NAT-PMP nor UPnP",
     "PCP: no answer", "turn on UPnP"},
    {"no service, and the next router is public",
     [](auto& e) {
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "9.9.9.1", "10.0.0.1"});
     },
     nat_no_mapping_service, likely, answer::yes, "5.5.5.5", "neither",
     "next router after yours has a public address", "natcheck probe 5.5.5.5:1234"},
    {"no service, and a router further on is public",
     [](auto& e) {
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", nullptr, "9.9.9.1"});
     },
     nat_no_mapping_service, likely, answer::yes, "5.5.5.5", "neither",
     "missing test: the Internet (WAN) address", "turn on"},
    {"the gateway that was named is not there, and another way out works",
     [](auto& e) {
       e.gateway->neighbor = neighbor_state::unanswered;
       seen_as(e, "5.5.5.5");
     },
     inconclusive, unconfirmed, answer::unknown, "5.5.5.5", "no router at 192.168.1.1", "seen by",
     "without --gateway"},
    {"no service, and servers that see different addresses",
     [](auto& e) {
       add_view(e, "9.9.0.7", "5.5.5.5");
       add_view(e, "9.9.1.7", "7.7.7.7");
     },
     nat_no_mapping_service, likely, answer::unknown, nullptr, "neither", "7.7.7.7", "turn on"},
    {"no service, and the carrier's router",
     [](auto& e) {
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", nullptr, "100.64.0.1"});
     },
     cgnat, likely, answer::unknown, "5.5.5.5", "carrier-grade NAT", "hop 3, 100.64.0.1", "relay"},
    {"no service, and a second router",
     [](auto& e) {
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "192.168.100.1", "9.9.9.1"});
     },
     double_nat, likely, answer::unknown, "5.5.5.5", "second router, 192.168.100.1",
     "some providers use such addresses", "192.168.100.1"},
    {"no service, and the tunnel's end of DS-Lite",
     [](auto& e) {
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "192.0.0.1", "9.9.9.1"});
       add_ipv6(e);
       add_view(e, "2a00:9::7", "2a00:1::10");
     },
     ds_lite, likely, answer::unknown, "5.5.5.5", "DS-Lite", "hop 2, 192.0.0.1", "2a00:1::10"},
    {"a private router behind the first public one is the provider's",
     [](auto& e) {
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "9.9.9.1", "100.64.0.1"});
     },
     nat_no_mapping_service, likely, answer::yes, "5.5.5.5", "neither", "3 100.64.0.1", "turn on"},
    {"a second answer from the gateway's own link is no second router",
     [](auto& e) {
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.2", "192.168.1.1", "192.168.1.3"});
     },
     nat_no_mapping_service, likely, answer::yes, "5.5.5.5", "neither", "192.168.1.3", "turn on"},
    {"the gateway answers with the address of its other side",
     [](auto& e) {
       seen_as(e, "5.5.5.5");
       hops(e, {"10.9.9.2"});
     },
     nat_no_mapping_service, likely, answer::yes, "5.5.5.5", "neither", "1 10.9.9.2", "turn on"},
    {"no service, and no external server answered",
     [](auto& e) {
       add_silent(e, "9.9.0.7");
       web(e, web_result::expected);
     },
     nat_no_mapping_service, likely, answer::unknown, nullptr, "neither", "answers as expected",
     "turn on"},
    {"a service that was cut short is no absent service",
     [](auto& e) {
       e.gateway->pcp = {};
       seen_as(e, "5.5.5.5");
     },
     inconclusive, unconfirmed, answer::unknown, "5.5.5.5", "not every test",
     "missing test: PCP, which was not fully tested", "--timeout 30"},
    {"a service that was cut short, and yet the path tells",
     [](auto& e) {
       e.gateway->upnp = {};
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "100.64.0.1"});
     },
     cgnat, likely, answer::unknown, "5.5.5.5", "carrier-grade NAT",
     "does not report its external address", "relay"},
    {"PCP alone, and the next router is public",
     [](auto& e) {
       pcp_says(e, 0);
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "9.9.9.1"});
     },
     single_nat, likely, answer::yes, "5.5.5.5", "as far as natcheck can tell",
     "PCP (0.4 ms): the router supports it", "serve --map 1234"},
    {"PCP alone, and no path",
     [](auto& e) {
       pcp_says(e, 0);
       seen_as(e, "5.5.5.5");
     },
     single_nat, unconfirmed, answer::yes, "5.5.5.5", "as far as natcheck can tell",
     "does not report its external address", "serve --map 1234"},
    {"PCP alone, and a second router",
     [](auto& e) {
       pcp_says(e, 0);
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "10.0.0.1"});
     },
     double_nat, likely, answer::unknown, "5.5.5.5", "second router", "hop 2, 10.0.0.1",
     "bridge mode"},
    {"PCP alone, and no external server was asked", [](auto& e) { pcp_says(e, 0); }, inconclusive,
     unconfirmed, answer::unknown, nullptr, "could not determine", "missing test", "router's menu"},
    {"PCP alone, and NAT-PMP was not fully tested",
     [](auto& e) {
       pcp_says(e, 0);
       e.gateway->nat_pmp = {};
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "9.9.9.1"});
     },
     inconclusive, unconfirmed, answer::unknown, "5.5.5.5", "not every test",
     "missing test: NAT-PMP", "--timeout 30"},
    {"PCP is not for us, and nothing else is there",
     [](auto& e) {
       pcp_says(e, 2);
       seen_as(e, "5.5.5.5");
     },
     nat_no_mapping_service, likely, answer::yes, "5.5.5.5", "responds to PCP, but refuses",
     "result 2", "allow it in the router"},
    {"nobody at all answers over UDP, and TCP gets through",
     [](auto& e) {
       add_silent(e, "9.9.0.7");
       e.stun.pop_back();
       add_view(e, "9.9.0.7", "5.5.5.5", transport::tcp);
     },
     inconclusive, unconfirmed, answer::unknown, "5.5.5.5", "No UDP answer reaches this machine",
     "an external server answered over UDP", "firewall"},
    {"UDP to the Internet is blocked, and the router refused by ICMP",
     [](auto& e) {
       refuse(e.gateway->pcp);
       refuse(e.gateway->nat_pmp);
       add_silent(e, "9.9.0.7");
       e.stun.pop_back();
       add_view(e, "9.9.0.7", "5.5.5.5", transport::tcp);
     },
     nat_no_mapping_service, likely, answer::yes, "5.5.5.5", "neither", "TCP", "turn on"},
    {"a silent router whose address is public is no router at home",
     [](auto& e) {
       e.gateway->ip = ip("5.5.5.1");
       e.host.ipv4->gateway = ip("5.5.5.1");
       seen_as(e, "5.5.5.5");
     },
     nat_no_mapping_service, likely, answer::yes, "5.5.5.5", "neither", "no answer",
     "ask the administrator of the router 5.5.5.1"},
    {"names lead to a sinkhole, the router is silent, and the path tells of the carrier",
     [](auto& e) {
       add_diverted(e, "0.0.0.0");
       hops(e, {"192.168.1.1", "100.64.0.1", "9.9.9.1"});
     },
     cgnat, likely, answer::unknown, nullptr, "carrier-grade NAT", "hop 2, 100.64.0.1", "relay"},
    {"everything is refused",
     [](auto& e) {
       refuse(e.gateway->pcp);
       refuse(e.gateway->nat_pmp);
       refuse(e.gateway->upnp);
       seen_as(e, "5.5.5.5");
     },
     nat_no_mapping_service, likely, answer::yes, "5.5.5.5", "neither",
     "PCP: refused: port unreachable (ICMP)", "turn on"},
};

TEST(ServiceRules, AddressThatIsHidden) { check_all(hidden_rows); }

TEST(ServiceRules, ServicesThatAreNotThere) { check_all(service_rows); }

}  // namespace service_rules_test
}  // namespace natcheck
