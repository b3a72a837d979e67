// Findings about the NAT, what is beyond it, and IPv6.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <natcheck/diagnosis.hpp>

#include "evidence_builder.hpp"

namespace natcheck {
namespace nat_findings_test {

using namespace natcheck::testing;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct row {
  const char* name;
  std::function<void(discover_evidence&)> bend;
  const char* code;  ///< nullptr: nothing is found
  const char* in_summary = "";
  const char* in_advice = "";
};

void ipv6_firewall(discover_evidence& e, bool enabled, bool pinholes) {
  add_ipv6(e);
  upnp_says(e, "5.5.5.5");
  e.gateway->upnp.ipv6_firewall = ipv6_firewall_status{enabled, pinholes};
}

/// Two servers, asked from one local port, saw 5.5.5.5 with these ports.
void ports_seen(discover_evidence& e, std::uint16_t one, std::uint16_t other) {
  seen_as(e, "5.5.5.5");
  for (auto& server : e.stun) server.local = endpoint{ip("192.168.1.10"), 50000};
  e.stun.front().seen_as->port = one;
  e.stun.back().seen_as->port = other;
}

void lifetime(discover_evidence& e, std::optional<std::chrono::seconds> alive,
              std::optional<std::chrono::seconds> gone) {
  e.nat.lifetime = binding_lifetime{alive, gone};
}

void refuse_udp(discover_evidence& seen, const char* address) {
  auto one = server(address);
  one.state = service_state::refused;
  seen.stun.push_back(one);
}

const row rows[] = {
    {"a server answers 0.0.0.0", [](auto& e) { add_view(e, "9.9.0.7", "0.0.0.0"); },
     "unusable-stun-answer", "9.9.0.7:3478 answers with 0.0.0.0", "--stun"},
    {"a server answers a broadcast address",
     [](auto& e) { add_view(e, "9.9.0.7", "255.255.255.255"); }, "unusable-stun-answer",
     "255.255.255.255"},
    {"a server answers our private address",
     [](auto& e) { add_view(e, "9.9.0.7", "192.168.1.10"); }, "unusable-stun-answer",
     "192.168.1.10"},
    {"a server answers a documentation address",
     [](auto& e) { add_view(e, "9.9.0.7", "203.0.113.5"); }, "unusable-stun-answer", "203.0.113.5"},
    {"mapping depends on the address",
     [](auto& e) { e.nat.mapping = nat_behavior::address_dependent; }, "endpoint-dependent-mapping",
     "symmetric", "endpoint-independent"},
    {"mapping depends on address and port",
     [](auto& e) { e.nat.mapping = nat_behavior::address_and_port_dependent; },
     "endpoint-dependent-mapping", "each destination", "full cone"},
    {"mapping depends on nothing",
     [](auto& e) { e.nat.mapping = nat_behavior::endpoint_independent; }, nullptr},
    {"two servers saw different ports of one", [](auto& e) { ports_seen(e, 40000, 40001); },
     "endpoint-dependent-mapping", "symmetric", "full cone"},
    {"two servers saw the same port", [](auto& e) { ports_seen(e, 40000, 40000); }, nullptr},
    {"two servers saw different ports of two",
     [](auto& e) {
       ports_seen(e, 40000, 40001);
       e.stun.back().local->port = 50001;
     },
     nullptr},
    {"two servers saw different ports, one over TCP",
     [](auto& e) {
       ports_seen(e, 40000, 40001);
       e.stun.back().protocol = transport::tcp;
     },
     nullptr},
    {"UDP was refused by two servers",
     [](auto& e) {
       refuse_udp(e, "9.9.0.7");
       refuse_udp(e, "9.9.1.7");
       add_view(e, "9.9.1.7", "5.5.5.5", transport::tcp);
     },
     "udp-blocked", "TCP does", "allow UDP"},
    {"UDP was refused by one server, which may speak TCP alone",
     [](auto& e) {
       refuse_udp(e, "9.9.0.7");
       add_view(e, "9.9.0.7", "5.5.5.5", transport::tcp);
     },
     nullptr},
    {"no server was asked over UDP",
     [](auto& e) { add_view(e, "9.9.0.7", "5.5.5.5", transport::tcp); }, nullptr},
    {"one server is silent over UDP, and another answers",
     [](auto& e) {
       add_silent(e, "9.9.0.7");
       add_view(e, "9.9.1.7", "5.5.5.5");
       add_view(e, "9.9.0.7", "5.5.5.5", transport::tcp);
     },
     nullptr},
    {"a server in the local network tells nothing of the Internet's IPv6",
     [](auto& e) {
       add_ipv6(e);
       add_view(e, "fd00::7", "2a00:2::10");
     },
     nullptr},
    {"UDP is blocked",
     [](auto& e) {
       add_silent(e, "9.9.0.7");
       std::erase_if(e.stun, [](const auto& one) { return one.protocol == transport::tcp; });
       add_view(e, "9.9.0.7", "5.5.5.5", transport::tcp);
     },
     "udp-blocked", "TCP does", "allow UDP"},
    {"a server that speaks TCP alone refuses UDP, which has reached it",
     [](auto& e) {
       e.stun.push_back(server("9.9.0.7"));
       e.stun.back().state = service_state::refused;
       add_view(e, "9.9.0.7", "5.5.5.5", transport::tcp);
     },
     nullptr},
    {"UDP is blocked, or was not fully tested",
     [](auto& e) {
       add_silent(e, "9.9.0.7");
       e.stun.pop_back();
       e.stun.push_back(server("9.9.1.7"));
       add_view(e, "9.9.0.7", "5.5.5.5", transport::tcp);
     },
     nullptr},
    {"one server is silent over UDP, another is not",
     [](auto& e) {
       add_silent(e, "9.9.0.7");
       add_view(e, "9.9.1.7", "5.5.5.5");
       add_view(e, "9.9.0.7", "5.5.5.5", transport::tcp);
     },
     nullptr},
    {"UDP was not asked", [](auto& e) { add_view(e, "9.9.0.7", "5.5.5.5", transport::tcp); },
     nullptr},
    {"no hairpin", [](auto& e) { e.nat.hairpin = tested::no; }, "no-hairpin", "hairpin", "private"},
    {"hairpin", [](auto& e) { e.nat.hairpin = tested::yes; }, nullptr},
    {"bindings live for 30 s", [](auto& e) { lifetime(e, 25s, 30s); }, "short-udp-binding",
     "idle for 30 s", "every 25 s"},
    {"bindings die at once", [](auto& e) { lifetime(e, std::nullopt, 5s); }, "short-udp-binding",
     "idle for 5 s", "keep-alives"},
    {"bindings live for two minutes", [](auto& e) { lifetime(e, 115s, 120s); }, nullptr},
    {"bindings were not seen to die", [](auto& e) { lifetime(e, 30s, std::nullopt); }, nullptr},
    {"addresses are rewritten",
     [](auto& e) {
       seen_as(e, "5.5.5.5");
       e.stun.front().rewritten_as = endpoint{ip("192.168.1.10"), 50000};
     },
     "address-rewritten", "9.9.0.7:3478 sent 5.5.5.5:40000, but 192.168.1.10:50000", "ALG"},
    {"names do not resolve",
     [](auto& e) {
       add_unresolved(e);
       hops(e, {"192.168.1.1", "9.9.9.1"});
     },
     "names-unresolved", "DNS", "resolv.conf"},
    {"one name does not resolve",
     [](auto& e) {
       add_unresolved(e);
       seen_as(e, "5.5.5.5");
     },
     nullptr},
    {"NAT64",
     [](auto& e) {
       e.host.ipv4.reset();
       e.gateway.reset();
       add_ipv6(e);
       e.nat64 = nat64_prefix{ip("64:ff9b::"), 96};
     },
     "nat64", "64:ff9b::/96", "IPv6"},
    {"the IPv6 firewall is on, and somebody outside saw the address",
     [](auto& e) {
       ipv6_firewall(e, true, true);
       add_view(e, "2a00:9::7", "2a00:1::10");
     },
     "ipv6-firewalled", "programs may open ports in it", "2a00:1::10"},
    {"a name of a server leads to a sinkhole",
     [](auto& e) {
       seen_as(e, "5.5.5.5");
       add_diverted(e, "0.0.0.0");
     },
     "dns-filter", "stun.example.org:3478 resolves to 0.0.0.0", "allow the name"},
    {"every name leads to a sinkhole", [](auto& e) { add_diverted(e, "127.0.0.1"); }, "dns-filter",
     "resolves to 127.0.0.1, which is not on the Internet", "--stun ADDRESS"},
    {"the page's name leads to a sinkhole",
     [](auto& e) {
       seen_as(e, "5.5.5.5");
       e.web.url = "http://check.example/";
       e.web.diverted_to = ip("192.168.1.1");
     },
     "dns-filter", "check.example resolves to 192.168.1.1", "allow the name"},
    {"the prefix of IPv6 is translated, one to one",
     [](auto& e) {
       add_ipv6(e, "fd00:1::10");
       add_view(e, "2a00:9::7", "2a00:1::10");
       e.stun.back().local = endpoint{ip("fd00:1::10"), 40000};
     },
     "ipv6-translated", "prefix", "give others 2a00:1::10"},
    {"the IPv6 firewall is on", [](auto& e) { ipv6_firewall(e, true, true); }, "ipv6-firewalled",
     "programs may open ports in it", "to this machine"},
    {"the IPv6 firewall is on, for good", [](auto& e) { ipv6_firewall(e, true, false); },
     "ipv6-firewalled", "programs may not open ports in it", "TCP port 1234"},
    {"the IPv6 firewall is off", [](auto& e) { ipv6_firewall(e, false, true); }, nullptr},
    {"the IPv6 firewall is on, without IPv6",
     [](auto& e) {
       ipv6_firewall(e, true, true);
       e.host.ipv6.reset();
     },
     nullptr},
    {"local IPv6 alone", [](auto& e) { add_ipv6(e, "fd00::10"); }, "ipv6-not-global", "fd00::10",
     "provider"},
    {"translated IPv6",
     [](auto& e) {
       add_ipv6(e);
       add_view(e, "2a00:9::7", "2a00:2::10");
     },
     "ipv6-translated", "belongs to this machine alone", "give others 2a00:2::10"},
    {"translated IPv6, with the 16 bits that keep the checksum",
     [](auto& e) {
       add_ipv6(e);
       add_view(e, "2a00:9::7", "2a00:2::fffe:0:0:10");
     },
     "ipv6-translated", "NPTv6", "natcheck probe [2a00:2::fffe:0:0:10]:1234"},
    {"IPv6 behind one shared address",
     [](auto& e) {
       add_ipv6(e);
       add_view(e, "2a00:9::7", "2a00:2::1");
     },
     "ipv6-translated", "2a00:2::1", "NAT66"},
    {"IPv6 from another of our addresses",
     [](auto& e) {
       add_ipv6(e);
       e.host.interfaces.front().addresses.push_back({ip("2a00:1::99"), 64, true});
       add_view(e, "2a00:9::7", "2a00:1::99");
     },
     nullptr},
    {"translated local IPv6",
     [](auto& e) {
       add_ipv6(e, "fd00::10");
       add_view(e, "2a00:9::7", "2a00:2::10");
     },
     "ipv6-translated", "2a00:2::10", "give others 2a00:2::10"},
    {"multicast does not get out",
     [](auto& e) { e.gateway->upnp.multicast_error = "this machine forbids it"; },
     "multicast-blocked", "this machine forbids it", "239.255.255.250"},
    {"PCP of before the standard",
     [](auto& e) {
       pcp_says(e, 1);
       e.gateway->pcp.state = service_state::refused;
       e.gateway->pcp.version = std::uint8_t{1};
     },
     "old-protocol-version", "PCP", "firmware"},
    {"PCP answered by NAT-PMP",
     [](auto& e) {
       pcp_says(e, 1);
       e.gateway->pcp.version = std::uint8_t{0};
     },
     nullptr},
    {"UPnP of before the standard",
     [](auto& e) {
       upnp_says(e, "5.5.5.5");
       e.gateway->upnp.service = "urn:dslforum-org:service:WANPPPConnection:1";
     },
     "old-protocol-version", "UPnP", "firmware"},
    {"the router has just started",
     [](auto& e) {
       pcp_says(e, 0);
       nat_pmp_says(e, "5.5.5.5");
       e.gateway->nat_pmp.epoch_s = 17;
       e.gateway->epoch_advances = true;
     },
     "gateway-state-lost", "lost its port mappings 17 s ago", "requested again"},
    {"this machine does not send what STUN servers are asked",
     [](auto& e) {
       seen_as(e, "5.5.5.5");
       auto one = server("9.9.2.7");
       one.local_fault = true;
       one.detail = "this machine does not send it: its routing rules prohibit it";
       e.stun.push_back(one);
     },
     "not-sent", "could not send natcheck's requests to 9.9.2.7:3478 over UDP",
     "ip route get 9.9.2.7 ipproto udp dport 3478"},
    {"this machine does not send what the router is asked",
     [](auto& e) {
       e.gateway->nat_pmp = {};
       e.gateway->nat_pmp.local_fault = true;
     },
     "not-sent", "requests to the router by NAT-PMP",
     "ip route get 192.168.1.1 ipproto udp dport 5351"},
    {"a server that was not waited for",
     [](auto& e) {
       seen_as(e, "5.5.5.5");
       e.stun.push_back(server("9.9.2.7"));
     },
     nullptr},
    {"a clock that stands still, or was read once",
     [](auto& e) {
       nat_pmp_says(e, "5.5.5.5");
       e.gateway->nat_pmp.epoch_s = 17;
     },
     nullptr},
    {"the router has been up for two minutes",
     [](auto& e) {
       nat_pmp_says(e, "5.5.5.5");
       e.gateway->nat_pmp.epoch_s = 120;
       e.gateway->epoch_advances = true;
     },
     nullptr},
    {"the router's word is wrong",
     [](auto& e) {
       nat_pmp_says(e, "0.0.0.0");
       seen_as(e, "5.5.5.5");
     },
     "sources-disagree", "reports that it has no Internet connection", "restart the router"},
    {"servers disagree",
     [](auto& e) {
       seen_as(e, "5.5.5.5");
       add_view(e, "9.9.2.7", "7.7.7.7");
     },
     "sources-disagree", "9.9.0.7:3478 and 9.9.1.7:3478 see 5.5.5.5, 9.9.2.7:3478 sees 7.7.7.7",
     "--stun HOST"},
};

TEST(NatFindings, AreFoundOneARow) {
  for (const auto& r : rows) {
    SCOPED_TRACE(r.name);
    auto seen = home();
    r.bend(seen);
    const auto found = diagnose(seen).findings;
    if (r.code == nullptr) {
      EXPECT_THAT(found, IsEmpty()) << found.front().code;
      continue;
    }
    ASSERT_THAT(found, SizeIs(1));
    EXPECT_EQ(found.front().code, r.code);
    EXPECT_THAT(found.front().summary, HasSubstr(r.in_summary));
    EXPECT_THAT(found.front().advice, HasSubstr(r.in_advice));
    EXPECT_TRUE(found.front().summary.ends_with('.')) << found.front().summary;
    EXPECT_FALSE(found.front().advice.ends_with('.')) << found.front().advice;
  }
}

}  // namespace nat_findings_test
}  // namespace natcheck
