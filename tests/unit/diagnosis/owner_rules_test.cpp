// What the owner test proves: packets with TTL 1 to the address that STUN saw.
#include "verdict_row.hpp"

namespace natcheck {
namespace owner_rules_test {

using namespace natcheck::testing;
using enum verdict_code;
using enum confidence;

const row rows[] = {
    {"owned, and named",
     [](auto& e) {
       upnp_says(e, "5.5.5.5");
       seen_as(e, "5.5.5.5");
       owned(e);
     },
     single_nat, confirmed, answer::yes, "5.5.5.5", "One NAT", "it is the router's own",
     "serve --map"},
    {"owned, whatever the provider's routers are called",
     [](auto& e) {
       upnp_says(e, "5.5.5.5");
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "10.0.0.1", "9.9.9.1"});
       owned(e);
     },
     single_nat, confirmed, answer::yes, "5.5.5.5", "One NAT", "the router's own", "serve --map"},
    {"named, and a private router stands behind",
     [](auto& e) {
       upnp_says(e, "5.5.5.5");
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "192.168.50.1", "9.9.9.1"});
     },
     single_nat, likely, answer::yes, "5.5.5.5", "One NAT", "hop 2, 192.168.50.1",
     "http://192.168.1.1/"},
    {"named, and a carrier's router stands behind",
     [](auto& e) {
       upnp_says(e, "5.5.5.5");
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "100.64.0.1", "9.9.9.1"});
     },
     single_nat, likely, answer::yes, "5.5.5.5", "One NAT", "hop 2, 100.64.0.1", "probe fails"},
    {"the outer router's address named by the inner one (override WAN)",
     [](auto& e) {
       upnp_says(e, "5.5.5.5");
       nat_pmp_says(e, "5.5.5.5");
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "192.168.50.1", "9.9.9.1"});
       disowned(e);
     },
     double_nat, likely, answer::unknown, "5.5.5.5", "does not have it", "hop 2, 192.168.50.1",
     "http://192.168.50.1/"},
    {"the same, and the outer one does not answer",
     [](auto& e) {
       upnp_says(e, "5.5.5.5");
       seen_as(e, "5.5.5.5");
       disowned(e);
     },
     double_nat, likely, answer::unknown, "5.5.5.5", "does not have it", "not the router's own",
     "router's menu"},
    {"the carrier's address named by the router",
     [](auto& e) {
       upnp_says(e, "5.5.5.5");
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "100.64.0.1", "9.9.9.1"});
       disowned(e);
     },
     cgnat, likely, answer::unknown, "5.5.5.5", "carrier-grade NAT", "hop 2, 100.64.0.1", "relay"},
    {"a squatted WAN number, translated again",
     [](auto& e) {
       upnp_says(e, "11.3.3.3");
       seen_as(e, "5.5.5.5");
       disowned(e);
     },
     public_address_mismatch, confirmed, answer::unknown, "5.5.5.5", "looks public",
     "not the router's own", "ask the provider"},
    {"the router's word is out of date",
     [](auto& e) {
       upnp_says(e, "5.5.6.9");
       seen_as(e, "5.5.5.5");
       owned(e);
     },
     public_address_mismatch, confirmed, answer::unknown, "5.5.5.5", "out of date",
     "the router's own", "give others the address 5.5.5.5"},
    {"a second line is behind another router",
     [](auto& e) {
       upnp_says(e, "192.168.100.2");
       add_view(e, "9.9.0.7", "5.5.5.5");
       owned(e);
     },
     public_address_mismatch, confirmed, answer::unknown, "5.5.5.5", "another of its Internet",
     "the router's own", "natcheck probe 5.5.5.5:1234"},
    {"no services, and the address is the router's",
     [](auto& e) {
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "10.0.0.1", "9.9.9.1"});
       owned(e);
     },
     nat_no_mapping_service, confirmed, answer::yes, "5.5.5.5", "neither PCP nor NAT-PMP nor UPnP",
     "the router's own", "turn on UPnP"},
    {"no services, and no UDP answer reaches this machine",
     [](auto& e) {
       add_view(e, "9.9.0.7", "5.5.5.5", transport::tcp);
       owned(e);
     },
     nat_no_mapping_service, likely, answer::yes, "5.5.5.5", "neither", "the router's own",
     "turn on UPnP"},
    {"no services, and the address is somebody else's",
     [](auto& e) {
       seen_as(e, "5.5.5.5");
       disowned(e);
     },
     double_nat, likely, answer::unknown, "5.5.5.5", "another NAT upstream of it",
     "not the router's own", "router's menu"},
    {"no services, and the carrier's router does not own it either",
     [](auto& e) {
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "100.64.0.1", "9.9.9.1"});
       disowned(e);
     },
     cgnat, likely, answer::unknown, "5.5.5.5", "carrier-grade NAT", "hop 2, 100.64.0.1", "relay"},
    {"an answer from somebody else proves nothing",
     [](auto& e) {
       seen_as(e, "5.5.5.5");
       owner_says(e, "5.5.5.5", "192.168.1.2", true);
     },
     nat_no_mapping_service, likely, answer::yes, "5.5.5.5", "neither", "which proves nothing",
     "turn on UPnP"},
    {"the gateway refuses, and lets nothing expire",
     [](auto& e) {
       upnp_says(e, "5.5.5.5");
       seen_as(e, "5.5.5.5");
       owner_says(e, "5.5.5.5", "192.168.1.1", false);
     },
     single_nat, confirmed, answer::yes, "5.5.5.5", "One NAT", "which proves nothing",
     "serve --map"},
    {"a gateway that raises the TTL lets others answer",
     [](auto& e) {
       seen_as(e, "5.5.5.5");
       hops(e, {"9.9.9.1"});
       owned(e);
     },
     nat_no_mapping_service, likely, answer::yes, "5.5.5.5", "neither", "proves nothing",
     "turn on UPnP"},
    {"the gateway answers with its public address, on the path too",
     [](auto& e) {
       seen_as(e, "5.5.5.5");
       hops(e, {"5.5.5.5", "9.9.9.1"});
       owned(e);
     },
     nat_no_mapping_service, confirmed, answer::yes, "5.5.5.5", "neither", "the router's own",
     "turn on UPnP"},
    {"the test was about another address",
     [](auto& e) {
       upnp_says(e, "5.5.5.5");
       seen_as(e, "5.5.5.5");
       disowned(e, "7.7.7.7");
     },
     single_nat, confirmed, answer::yes, "5.5.5.5", "One NAT", "7.7.7.7", "serve --map"},
    {"the address expired on its own owner (a DMZ host behind it)",
     [](auto& e) {
       upnp_says(e, "5.5.5.5");
       seen_as(e, "5.5.5.5");
       owner_says(e, "5.5.5.5", "5.5.5.5", true);
     },
     single_nat, confirmed, answer::yes, "5.5.5.5", "One NAT", "the router's own", "serve --map"},
    {"a router that hides its address, and has the one that is seen",
     [](auto& e) {
       upnp_says(e, "");
       seen_as(e, "5.5.5.5");
       owned(e);
     },
     single_nat, likely, answer::yes, "5.5.5.5", "One NAT", "the router's own", "serve --map"},
};

const row line_rows[] = {
    {"the line that the services speak of is down, traffic leaves by another",
     [](auto& e) {
       upnp_says(e, "", "Disconnected");
       nat_pmp_fails(e, 3);
       pcp_says(e, 7);
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "9.9.9.1"});
     },
     single_nat, likely, answer::yes, "5.5.5.5", "another line, which is down",
     "next router after yours has a public address", "main Internet connection"},
    {"the same, by NAT-PMP alone, and the owner test",
     [](auto& e) {
       nat_pmp_fails(e, 3);
       seen_as(e, "5.5.5.5");
       owned(e);
     },
     single_nat, likely, answer::yes, "5.5.5.5", "another line, which is down", "network failure",
     "forward TCP port"},
    {"a private address is named, and the next router is public",
     [](auto& e) {
       upnp_says(e, "192.168.100.2");
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "9.9.9.1"});
     },
     double_nat, likely, answer::unknown, "5.5.5.5", "second router", "192.168.100.2 is private",
     "bridge mode"},
    {"the same, and the router does not have the address that is seen",
     [](auto& e) {
       upnp_says(e, "192.168.100.2");
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "9.9.9.1"});
       disowned(e);
     },
     double_nat, confirmed, answer::no, "5.5.5.5", "second router", "not the router's own",
     "bridge mode"},
    {"a network failure alone, beside a public next router, may be a carrier's NAT",
     [](auto& e) {
       nat_pmp_fails(e, 3);
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "9.9.9.1"});
     },
     double_nat, likely, answer::unknown, "5.5.5.5", "hides", "network failure", "bridge mode"},
    {"a public router further on proves nothing of that",
     [](auto& e) {
       nat_pmp_fails(e, 3);
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", nullptr, "9.9.9.1"});
     },
     double_nat, likely, answer::unknown, "5.5.5.5", "hides", "network failure", "bridge mode"},
};

void same_prefix_behind(discover_evidence& e, neighbor_state asked) {
  hops(e, {"192.168.1.254", "192.168.1.1", "9.9.9.1"});
  e.host.ipv4->gateway = e.gateway->ip = ip("192.168.1.254");
  e.path.hops[1].neighbor = asked;
}

const row prefix_rows[] = {
    {"both routers use one prefix",
     [](auto& e) {
       same_prefix_behind(e, neighbor_state::unanswered);
       nat_pmp_says(e, "192.168.1.23");
       seen_as(e, "5.5.5.5");
     },
     double_nat, confirmed, answer::no, "5.5.5.5", "second router", "192.168.1.23 is private",
     "bridge mode"},
    {"both routers use one prefix, and the inner one says nothing",
     [](auto& e) {
       same_prefix_behind(e, neighbor_state::unanswered);
       seen_as(e, "5.5.5.5");
     },
     double_nat, likely, answer::unknown, "5.5.5.5", "second router, 192.168.1.1",
     "hop 2, 192.168.1.1, is private", "http://192.168.1.1/"},
    {"a neighbour has the address of hop 2",
     [](auto& e) {
       same_prefix_behind(e, neighbor_state::reachable);
       nat_pmp_says(e, "192.168.1.23");
       seen_as(e, "5.5.5.5");
     },
     inconclusive, unconfirmed, answer::unknown, "5.5.5.5", "cannot be public", "192.168.1.23",
     "router's menu"},
    {"the router names its own inner address",
     [](auto& e) {
       same_prefix_behind(e, neighbor_state::unanswered);
       upnp_says(e, "192.168.1.254");
     },
     double_nat, likely, answer::unknown, nullptr, "second router, 192.168.1.1", "192.168.1.254",
     "http://192.168.1.1/"},
};

const row public_lan_rows[] = {
    {"a LAN with public numbers behind a NAT",
     [](auto& e) {
       make_public(e, "11.3.3.10");
       nat_pmp_says(e, "5.5.5.5");
       seen_as(e, "5.5.5.5");
     },
     single_nat, confirmed, answer::yes, "5.5.5.5", "One NAT", "11.3.3.10", "serve --map"},
    {"the same, and the router stands behind another one",
     [](auto& e) {
       make_public(e, "11.3.3.10");
       nat_pmp_says(e, "192.168.50.2");
       seen_as(e, "5.5.5.5");
     },
     double_nat, confirmed, answer::no, "5.5.5.5", "second router", "192.168.50.2", "bridge mode"},
    {"the same without services: the router has the address that is seen",
     [](auto& e) {
       make_public(e, "11.3.3.10");
       seen_as(e, "5.5.5.5");
       owned(e);
     },
     nat_no_mapping_service, confirmed, answer::yes, "5.5.5.5", "neither", "the router's own",
     "turn on UPnP"},
    {"the gateway has a public number too, and the address that is seen",
     [](auto& e) {
       make_public(e, "11.3.3.10");
       e.host.ipv4->gateway = e.gateway->ip = ip("11.3.3.1");
       seen_as(e, "5.5.5.5");
       hops(e, {"11.3.3.1", "9.9.9.1"});
       owned(e);
     },
     nat_no_mapping_service, confirmed, answer::yes, "5.5.5.5", "neither", "the router's own",
     "turn on UPnP"},
    {"the gateway has a service, and names no address",
     [](auto& e) {
       make_public(e, "11.3.3.10");
       pcp_says(e, 0);
       seen_as(e, "5.5.5.5");
     },
     public_address_mismatch, likely, answer::unknown, "5.5.5.5", "something in between",
     "11.3.3.10", "--interface NAME"},
    {"nothing on the gateway explains it",
     [](auto& e) {
       make_public(e, "11.3.3.10");
       seen_as(e, "5.5.5.5");
     },
     public_address_mismatch, confirmed, answer::unknown, "5.5.5.5", "something in between",
     "11.3.3.10", "--interface NAME"},
};

TEST(OwnerRules, TellWhoseTheAddressIs) { check_all(rows); }
TEST(OwnerRules, TellASecondLineFromASecondRouter) { check_all(line_rows); }
TEST(OwnerRules, KnowOnePrefixInTwoNetworks) { check_all(prefix_rows); }
TEST(OwnerRules, KnowPublicNumbersBehindANat) { check_all(public_lan_rows); }

TEST(OwnerTest, NeedsAGatewayAndAnAnswer) {
  auto seen = home();
  seen_as(seen, "5.5.5.5");
  EXPECT_EQ(diagnose(seen).gateway_owns_address, tested::not_tested);
  owned(seen);
  EXPECT_EQ(diagnose(seen).gateway_owns_address, tested::yes);
  seen.owner.state = service_state::silent;
  EXPECT_EQ(diagnose(seen).gateway_owns_address, tested::not_tested);
  disowned(seen);
  EXPECT_EQ(diagnose(seen).gateway_owns_address, tested::no);
  seen.gateway.reset();
  EXPECT_EQ(diagnose(seen).gateway_owns_address, tested::not_tested);
}

TEST(OwnerRules, AdviseNoBridgeModeWhereNoSecondRouterIs) {
  for (const row& r : rows) {
    if (r.code != single_nat && r.code != public_address_mismatch && r.code != cgnat) continue;
    for (const auto& text : diagnose(evidence_of(r)).main.advice) {
      EXPECT_EQ(text.find("bridge mode"), std::string::npos) << r.name << ": " << text;
    }
  }
}

}  // namespace owner_rules_test
}  // namespace natcheck
