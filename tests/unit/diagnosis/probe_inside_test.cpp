#include "diagnosis/probe_inside.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <natcheck/diagnosis.hpp>

namespace natcheck {
namespace probe_inside_test {

using boost::asio::ip::make_address;
using enum inside_reason;

/// From behind a NAT, 192.168.50.10 behind 192.168.50.1, to a server that was reached at `target`
/// and saw `seen`.
probe_evidence probed(const char* target, const char* seen) {
  handshake_evidence one;
  one.result = probe_result::reached;
  one.path = translation::mapped;
  if (seen != nullptr) one.seen_as = endpoint{make_address(seen), 40000};
  probe_evidence evidence;
  evidence.target = target;
  evidence.address = endpoint{make_address(target), 4567};
  evidence.handshakes = {one};
  auto& here = evidence.visitor_location;
  here.local = make_address("192.168.50.10");
  here.gateway = make_address("192.168.50.1");
  here.on_link = {{make_address("192.168.50.10"), 24}};
  here.others = {{make_address("172.17.0.1"), 16}};
  return evidence;
}

struct row {
  const char* what;
  const char* target;
  const char* seen;
  std::optional<inside_reason> reason;
  void (*bend)(probe_evidence&) = [](probe_evidence&) {};
};

void say_network(probe_evidence& e) { e.handshakes.front().near = proximity::network; }
void say_gateway(probe_evidence& e) { e.handshakes.front().near = proximity::gateway; }

/// Who answers with a TTL of 1, 2 and 3; null: nobody.
void say_hops(probe_evidence& e, std::initializer_list<const char*> hops) {
  std::size_t at = 0;
  for (const char* hop : hops) {
    if (hop != nullptr) e.visitor_location.hops.at(at) = make_address(hop);
    ++at;
  }
}
/// Who answers on the way to the address that the server saw.
void say_seen_hops(probe_evidence& e, std::initializer_list<const char*> hops) {
  std::size_t at = 0;
  for (const char* hop : hops) {
    if (hop != nullptr) e.visitor_location.seen_hops.at(at) = make_address(hop);
    ++at;
  }
}
/// So many routers took one from the TTL of what arrived.
void say_routers(probe_evidence& e, unsigned number) {
  e.visitor_location.ttl = 64;
  e.handshakes.front().ttl = 64 - number;
}
void from_internet(probe_evidence& e) { say_hops(e, {"192.168.50.1", "8.8.4.1"}); }

const row rows[] = {
    {"outside", "5.5.5.5", "9.9.0.7", std::nullopt},
    {"an old server that tells nothing", "5.5.5.5", nullptr, std::nullopt},
    {"hairpin with the outer address", "5.5.5.5", "5.5.5.5", hairpin},
    {"the same, mapped", "5.5.5.5", "::ffff:5.5.5.5", hairpin},
    {"the same through a translator", "64:ff9b::505:505", "5.5.5.5", hairpin},
    {"through a translator with a prefix of 64 bits", "2a00:64:0:0:5:505:500::", "5.5.5.5",
     hairpin},
    {"through a translator, from outside", "64:ff9b::505:505", "9.9.0.7", std::nullopt},
    {"hairpin with our router's inner address", "5.5.5.5", "192.168.50.1", seen_own_router},
    {"the same, as the server says", "5.5.5.5", "192.168.50.1", seen_own_router, say_gateway},
    {"the same, although the router has another address", "5.5.5.5", "192.168.50.1",
     seen_own_router, [](auto& e) { say_hops(e, {"192.168.50.1"}); }},
    {"a router over there that translates what comes in", "5.5.5.5", "192.168.77.1", std::nullopt,
     [](auto& e) {
       say_gateway(e);
       from_internet(e);
     }},
    {"the same, asked with a public address of our own", "5.5.5.5", "192.168.77.1", std::nullopt,
     [](auto& e) {
       say_gateway(e);
       e.visitor_location.local = make_address("9.9.0.7");
       e.visitor_location.on_link.clear();
     }},
    {"the same behind a carrier's NAT", "5.5.5.5", "192.168.77.1", std::nullopt,
     [](auto& e) {
       say_gateway(e);
       say_hops(e, {"192.168.50.1", "100.64.0.1", "8.8.4.1"});
     }},
    {"a way of its own for the port, through a VPN to their router", "5.5.5.5", "192.168.77.1",
     not_from_outside,
     [](auto& e) {
       say_gateway(e);
       from_internet(e);
       say_routers(e, 1);
     }},
    {"the same, and the VPN ends at an inner router", "5.5.5.5", "192.168.77.1", not_from_outside,
     [](auto& e) {
       from_internet(e);
       say_routers(e, 2);
     }},
    {"the same, with more routers than that, and the way outside has more", "5.5.5.5",
     "192.168.77.1", not_from_outside,
     [](auto& e) {
       say_hops(e, {"192.168.50.1", "8.8.4.1", "8.8.5.1"});
       say_routers(e, 3);
     }},
    {"a way of its own for the port, and a public address of our own", "5.5.5.5", "192.168.77.1",
     not_from_outside,
     [](auto& e) {
       e.visitor_location.local = make_address("9.9.0.7");
       say_routers(e, 1);
     }},
    {"a public host, one router away from one that translates what comes in", "5.5.5.5",
     "192.168.77.1", std::nullopt,
     [](auto& e) {
       e.visitor_location.local = make_address("9.9.0.7");
       say_routers(e, 2);
     }},
    {"a router over there that translates what comes in, as far as the datagrams say", "5.5.5.5",
     "192.168.77.1", std::nullopt,
     [](auto& e) {
       from_internet(e);
       say_routers(e, 3);
     }},
    {"our router leads the port to a server of ours, in its public name", "5.5.5.5", "9.9.0.7",
     few_routers,
     [](auto& e) {
       from_internet(e);
       say_seen_hops(e, {"9.9.0.7"});
       say_routers(e, 1);
     }},
    {"a way of its own through a VPN, and their router's second address", "5.5.5.5", "5.5.5.6",
     few_routers,
     [](auto& e) {
       from_internet(e);
       say_routers(e, 2);
     }},
    {"somebody else sent it, and the way says outside", "5.5.5.5", "192.168.77.1", std::nullopt,
     [](auto& e) {
       from_internet(e);
       e.visitor_location.ttl = 64;
       e.handshakes.front().ttl = 128;
     }},
    {"a guest network whose router stays silent", "5.5.5.5", "192.168.77.1", not_from_outside,
     say_gateway},
    {"a carrier's routers alone", "5.5.5.5", "192.168.77.1", not_from_outside,
     [](auto& e) {
       say_gateway(e);
       say_hops(e, {"192.168.50.1", "100.64.0.1"});
     }},
    {"a plain greeter, asked by a virtual machine in its LAN", "5.5.5.5", nullptr, near_target,
     [](auto& e) {
       e.handshakes.front().result = probe_result::reached_plain;
       say_hops(e, {"192.168.50.1", "5.5.5.5"});
     }},
    {"a silent router before the target", "5.5.5.5", nullptr, std::nullopt,
     [](auto& e) {
       say_hops(e, {"192.168.50.1", nullptr, "5.5.5.5"});
     }},
    {"a customer of the same carrier", "5.5.5.5", nullptr, std::nullopt,
     [](auto& e) {
       say_hops(e, {"192.168.50.1", "100.64.0.1", "5.5.5.5"});
     }},
    {"a provider with private routers, or three routers of a house", "5.5.5.5", "5.5.6.7",
     near_target,
     [](auto& e) {
       say_hops(e, {"192.168.50.1", "10.0.0.1", "5.5.5.5"});
     }},
    {"a neighbour whose own router has the address that was seen", "5.5.5.5", "5.5.5.6",
     std::nullopt,
     [](auto& e) {
       say_hops(e, {"192.168.50.1", "10.0.0.1", "5.5.5.5"});
       say_seen_hops(e, {"5.5.5.6", "5.5.5.6"});
       say_routers(e, 3);
     }},
    {"a neighbour on the same segment of the provider", "5.5.5.5", "5.5.5.6", std::nullopt,
     [](auto& e) {
       say_hops(e, {"192.168.50.1", "5.5.5.5"});
       say_seen_hops(e, {"5.5.5.6"});
       say_routers(e, 2);
     }},
    {"our router leads us back in the name of its second address", "5.5.5.5", "5.5.5.6", own_router,
     [](auto& e) {
       say_hops(e, {"5.5.5.5"});
       say_seen_hops(e, {"5.5.5.6"});
     }},
    {"the same, from behind an inner router", "5.5.5.5", "5.5.5.6", near_target,
     [](auto& e) {
       say_hops(e, {"192.168.50.1", "5.5.5.5"});
       say_seen_hops(e, {"192.168.50.1", "5.5.5.6"});
     }},
    {"the same, and the target is silent at the TTL that reaches both", "5.5.5.5", "5.5.6.6",
     few_routers,
     [](auto& e) {
       say_hops(e, {"192.168.50.1"});
       say_seen_hops(e, {"192.168.50.1", "5.5.6.6"});
       say_routers(e, 2);
     }},
    {"the same, and no router answers anything", "5.5.5.5", "5.5.6.6", few_routers,
     [](auto& e) { say_routers(e, 1); }},
    {"the same, and the server is too old to tell", "5.5.5.5", "5.5.5.6", same_pool},
    {"a carrier's NAT with a pool of addresses", "5.5.5.5", "5.5.5.6", same_pool,
     [](auto& e) {
       say_hops(e, {"192.168.50.1", "100.64.0.1", "10.0.0.1"});
       say_routers(e, 7);
     }},
    {"the same, and the pool is large", "5.5.5.5", "5.5.9.6", same_pool,
     [](auto& e) {
       say_hops(e, {"192.168.50.1", "100.64.0.1", "10.0.0.1"});
     }},
    {"another provider with an address like it", "5.5.5.5", "5.5.9.6", std::nullopt,
     [](auto& e) {
       say_hops(e, {"192.168.50.1", "10.0.0.1", "10.0.0.2"});
     }},
    {"a customer of a carrier's NAT elsewhere", "5.5.5.5", "5.9.9.6", std::nullopt,
     [](auto& e) {
       say_hops(e, {"192.168.50.1", "100.64.0.1", "10.0.0.1"});
     }},
    {"a carrier's NAT, and it has the target's address too", "5.5.5.5", "5.5.6.6", near_target,
     [](auto& e) {
       say_hops(e, {"192.168.50.1", "100.64.0.1", "5.5.5.5"});
       say_seen_hops(e, {"192.168.50.1", "100.64.0.1", "5.5.6.6"});
     }},
    {"a cloud's machine, where no router answers", "5.5.5.5", "9.9.0.7", std::nullopt,
     [](auto& e) { say_routers(e, 9); }},
    {"a neighbour in the same pool, and a router of the provider's", "5.5.5.5", "5.5.5.6",
     std::nullopt,
     [](auto& e) {
       say_hops(e, {"192.168.50.1", "5.5.5.1", "5.5.5.5"});
       say_routers(e, 3);
     }},
    {"a public host, one router away", "5.5.5.5", "9.9.0.7", std::nullopt,
     [](auto& e) {
       e.visitor_location.local = make_address("9.9.0.7");
       say_routers(e, 2);
     }},
    {"behind a NAT, to a public host next to it", "5.5.5.5", "9.9.0.7", few_routers,
     [](auto& e) {
       e.handshakes.front().path = translation::direct;
       say_routers(e, 1);
     }},
    {"behind a NAT, to a public host two routers away", "5.5.5.5", "9.9.0.7", std::nullopt,
     [](auto& e) {
       e.handshakes.front().path = translation::direct;
       say_routers(e, 2);
     }},
    {"somebody else sent it, whose TTL begins at 255", "5.5.5.5", "9.9.0.7", std::nullopt,
     [](auto& e) {
       e.visitor_location.ttl = 64;
       e.handshakes.front().ttl = 250;
     }},
    {"a proxy on this machine that leads into the server's network", "5.5.5.5", "192.168.77.5",
     proxy,
     [](auto& e) {
       say_network(e);
       from_internet(e);
       e.visitor_location.proxy = true;
     }},
    {"the same, asked with a public address of our own", "5.5.5.5", "192.168.77.1", proxy,
     [](auto& e) {
       say_gateway(e);
       e.visitor_location.local = make_address("9.9.0.7");
       e.visitor_location.proxy = true;
     }},
    {"a proxy that ends at the server's router, which has two addresses", "5.5.5.5", "5.5.5.6",
     same_pool,
     [](auto& e) {
       from_internet(e);
       e.visitor_location.proxy = true;
     }},
    {"a provider's proxy", "5.5.5.5", "9.9.0.9", std::nullopt,
     [](auto& e) {
       from_internet(e);
       e.visitor_location.proxy = true;
     }},
    {"IPv6 whose prefix is translated, in the target's /48", "2a00:7:0:2::5", "2a00:7:0:1::9",
     same_pool,
     [](auto& e) {
       e.visitor_location.local = make_address("fd00::9");
       e.visitor_location.on_link = {{make_address("fd00::9"), 64}};
     }},
    {"a public router behind the target's is none before it", "5.5.5.5", "192.168.77.1",
     not_from_outside,
     [](auto& e) {
       say_hops(e, {nullptr, "5.5.5.5", "5.5.5.1"});
     }},
    {"a travel router with a VPN", "5.5.5.5", "10.6.0.2", not_from_outside},
    {"an address of a carrier's NAT", "5.5.5.5", "100.64.3.2", not_from_outside},
    {"a translator on their router", "64:ff9b::505:505", "192.168.77.1", not_from_outside,
     [](auto& e) {
       say_gateway(e);
       e.visitor_location.local = make_address("2a00:7:0:1::9");
       e.visitor_location.on_link = {{make_address("2a00:7:0:1::9"), 64}};
       say_hops(e, {"2a00:7:0:1::1", "64:ff9b::808:401"});
     }},
    {"a translator of the provider", "64:ff9b::505:505", "192.168.77.1", std::nullopt,
     [](auto& e) {
       say_gateway(e);
       e.visitor_location.local = make_address("2a00:7:0:1::9");
       e.visitor_location.on_link = {{make_address("2a00:7:0:1::9"), 64}};
       say_hops(e, {"2a00:7:0:1::1", "2a00:8::1"});
     }},
    {"hairpin without translation", "5.5.5.5", "192.168.50.10", seen_ourselves},
    {"another address of our network", "5.5.5.5", "192.168.50.77", seen_own_network},
    {"a container's network here", "5.5.5.5", "172.17.0.1", seen_own_network},
    {"a container's network there", "5.5.5.5", "172.17.0.1", std::nullopt, from_internet},
    {"behind a second router in the server's network", "5.5.5.5", "192.168.77.5", near_server,
     say_network},
    {"a relay in the server's network", "5.5.5.5", "192.168.77.5", std::nullopt,
     [](auto& e) {
       say_network(e);
       e.visitor_location.local = make_address("9.9.0.7");
       e.visitor_location.on_link.clear();
     }},
    {"a LAN with public numbers", "5.5.5.5", "11.3.3.20", seen_ourselves,
     [](auto& e) {
       say_network(e);
       e.visitor_location.local = make_address("11.3.3.20");
     }},
    {"a public host that is seen as itself", "5.5.5.5", "9.9.0.7", std::nullopt,
     [](auto& e) { e.visitor_location.local = make_address("9.9.0.7"); }},
    {"the first router has the target's address", "5.5.5.5", "9.9.0.7", own_router,
     [](auto& e) { say_hops(e, {"5.5.5.5"}); }},
    {"a plain greeter behind our own router", "5.5.5.5", nullptr, own_router,
     [](auto& e) {
       e.handshakes.front().result = probe_result::reached_plain;
       say_hops(e, {"5.5.5.5"});
     }},
    {"a tunnel, and their router", "5.5.5.5", "192.168.77.1", tunnel,
     [](auto& e) {
       say_gateway(e);
       e.visitor_location.tunnel = true;
     }},
    {"a tunnel to elsewhere", "5.5.5.5", "9.9.0.7", std::nullopt,
     [](auto& e) { e.visitor_location.tunnel = true; }},
    {"a target on the link", "9.9.0.5", "9.9.0.7", own_network,
     [](auto& e) {
       e.visitor_location.local = make_address("9.9.0.7");
       e.visitor_location.on_link = {{make_address("9.9.0.7"), 24}};
     }},
    {"a host route is no network", "9.9.0.5", "9.9.0.5", hairpin,
     [](auto& e) {
       e.visitor_location.on_link = {{make_address("9.9.0.5"), 32}};
     }},
    {"IPv6 in our /64", "2a00:7:0:1::5", "2a00:7:0:1::9", own_network,
     [](auto& e) {
       e.visitor_location.on_link = {{make_address("2a00:7:0:1::9"), 128}};
     }},
    {"IPv6 in our /56", "2a00:7:0:2::5", "2a00:7:0:1::9", own_site,
     [](auto& e) {
       e.visitor_location.on_link = {{make_address("2a00:7:0:1::9"), 64}};
     }},
    {"IPv6 in our /48", "2a00:7:0:200::5", "2a00:7:0:1::9", own_site,
     [](auto& e) {
       e.visitor_location.on_link = {{make_address("2a00:7:0:1::9"), 64}};
     }},
    {"IPv6 in our /48, which is the provider's", "2a00:7:0:200::5", "2a00:7:0:1::9", std::nullopt,
     [](auto& e) {
       e.visitor_location.on_link = {{make_address("2a00:7:0:1::9"), 64}};
       say_hops(e, {"2a00:7:0:1::1", "2a00:8::1"});
     }},
    {"IPv6 elsewhere", "2a00:7:1::5", "2a00:7:0:1::9", std::nullopt,
     [](auto& e) {
       e.visitor_location.on_link = {{make_address("2a00:7:0:1::9"), 64}};
     }},
};

TEST(ProbeInside, IsTakenFromAllThatWasSeen) {
  for (const row& r : rows) {
    auto evidence = probed(r.target, r.seen);
    r.bend(evidence);
    const auto reasons = judging::inside_reasons(evidence);
    const auto wanted = r.reason ? std::vector{*r.reason} : std::vector<inside_reason>{};
    EXPECT_EQ(reasons, wanted) << r.what;
    const auto code = diagnose(evidence).main.code;
    EXPECT_EQ(code == verdict_code::tested_from_inside, r.reason.has_value()) << r.what;
  }
}

TEST(ProbeInside, UdpIsJudgedAlike) {
  for (const row& r : rows) {
    auto evidence = probed(r.target, r.seen);
    evidence.protocol = transport::udp;
    r.bend(evidence);
    const bool told = r.reason && !evidence.visitor_location.proxy;
    EXPECT_EQ(judging::inside_reasons(evidence).empty(), !told) << r.what;
  }
}

TEST(ProbeInside, AProxyTakesNoDatagrams) {
  auto evidence = probed("5.5.5.5", "192.168.77.5");
  say_network(evidence);
  from_internet(evidence);
  evidence.visitor_location.proxy = true;
  evidence.protocol = transport::udp;
  EXPECT_TRUE(judging::inside_reasons(evidence).empty());
}

TEST(ProbeInside, OneHandshakeThatTellsIsEnough) {
  auto evidence = probed("5.5.5.5", "9.9.0.7");
  evidence.handshakes.push_back(evidence.handshakes.front());
  evidence.handshakes.back().seen_as->ip = make_address("192.168.50.1");
  EXPECT_EQ(judging::inside_reasons(evidence), std::vector{seen_own_router});
}

TEST(ProbeInside, WhoHasTheSeenAddressIsAskedWhereItDecides) {
  auto evidence = probed("5.5.5.5", "5.5.5.6");
  EXPECT_EQ(judging::address_to_locate(evidence), make_address("5.5.5.6"));
  from_internet(evidence);
  EXPECT_EQ(judging::address_to_locate(evidence), std::nullopt) << "it is known";
  EXPECT_EQ(judging::address_to_locate(probed("5.5.5.5", "9.9.0.7")), std::nullopt);
  EXPECT_EQ(judging::address_to_locate(probed("5.5.5.5", "5.5.5.5")), std::nullopt);
  EXPECT_EQ(judging::address_to_locate(probed("5.5.5.5", nullptr)), std::nullopt);
}

TEST(ProbeInside, ACoincidenceIsNoProof) {
  auto evidence = probed("5.5.5.5", "192.168.50.1");
  EXPECT_EQ(diagnose(evidence).main.certainty, confidence::likely);
  say_hops(evidence, {"5.5.5.5"});
  EXPECT_EQ(diagnose(evidence).main.certainty, confidence::confirmed);
}

}  // namespace probe_inside_test
}  // namespace natcheck
