#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <natcheck/causes.hpp>
#include <natcheck/diagnosis.hpp>

#include "print.hpp"

namespace natcheck {
namespace arrival_rules_test {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using enum confidence;
using manager = firewall_evidence::manager;

endpoint at(const char* ip, std::uint16_t port) {
  return {boost::asio::ip::make_address(ip), port};
}

/// Three requests of a client, and nothing else.
arrival_evidence arriving() {
  arrival_evidence seen;
  seen.peer = at("9.9.0.7", 40000);
  seen.local = at("192.168.1.10", 1234);
  seen.interface = "eth0";
  seen.requests = 3;
  seen.waited = std::chrono::seconds(3);
  return seen;
}

struct row {
  const char* name;
  void (*bend)(arrival_evidence&);
  verdict_code code;
  confidence certainty;
  const char* in_summary;
  const char* in_evidence;
};

const row rows[] = {
    {"dropped", [](auto&) {}, verdict_code::host_firewall, confirmed, "drops packets from 9.9.0.7",
     "3 connection requests from 9.9.0.7:40000 to 192.168.1.10:1234 arrived on eth0 in 3 s"},
    {"dropped, once", [](auto& e) { e.requests = 1; }, verdict_code::host_firewall, likely, "drops",
     "1 connection request from"},
    {"rejected",
     [](auto& e) {
       e.requests = 1;
       e.refusals = 1;
     },
     verdict_code::host_firewall, confirmed, "rejects 9.9.0.7 on TCP port 1234",
     "1 refusal (a reset, or an ICMP error) left"},
    {"answered in vain", [](auto& e) { e.answers = 2; }, verdict_code::return_path_broken, likely,
     "answers do not get back", "2 answers left this machine"},
    {"answered, and then refused",
     [](auto& e) {
       e.answers = 2;
       e.refusals = 1;
     },
     verdict_code::return_path_broken, likely, "answers", "2 answers and 1 refusal"},
    {"answered once, and perhaps acknowledged", [](auto& e) { e.answers = 1; },
     verdict_code::inconclusive, unconfirmed, "no proof", "1 answer left"},
    {"on the wrong interface", [](auto& e) { e.reverse_path = true; },
     verdict_code::return_path_broken, likely, "rp_filter", "this machine sent no answer"},
    {"a route forbids the answer", [](auto& e) { e.no_route_back = cause_code::route_unreachable; },
     verdict_code::return_path_broken, confirmed,
     "does not send answers there: a route on this machine marks the destination as unreachable",
     "this machine sent no answer"},
    {"a route forbids more answers",
     [](auto& e) {
       e.no_route_back = cause_code::route_discards;
       e.answers = 2;
     },
     verdict_code::return_path_broken, likely, "answers do not get back", "2 answers"},
    {"rejected, whatever the reverse path",
     [](auto& e) {
       e.reverse_path = true;
       e.refusals = 1;
     },
     verdict_code::host_firewall, confirmed, "rejects", "1 refusal"},
    {"dropped, or the answer", [](auto&) {}, verdict_code::host_firewall, confirmed,
     "to TCP port 1234, or this machine's answers: requests arrive, but no answer leaves",
     "this machine sent no answer"},
    {"UDP, dropped", [](auto& e) { e.protocol = transport::udp; }, verdict_code::host_firewall,
     confirmed, "to UDP port 1234: they arrive, but never reach the server", "3 datagrams from"},
    {"where no chain could have dropped it", [](auto& e) { e.firewall.by = manager::none; },
     verdict_code::host_firewall, likely, "A firewall or a NAT rule on this machine drops",
     "no chain for incoming packets"},
    {"and no rule leads away", [](auto& e) { e.firewall.nat_read = true; },
     verdict_code::host_firewall, confirmed, "A firewall on this machine drops", "the firewall"},
    {"and whether a rule leads away cannot be told",
     [](auto& e) { e.firewall.nat_doubt = "iptables-legacy has NAT rules"; },
     verdict_code::host_firewall, confirmed, "A firewall or a NAT rule on this machine drops",
     "it is not known whether a NAT rule on this machine redirects the port: iptables-legacy"},
    {"led away",
     [](auto& e) {
       e.refusals = 1;
       e.firewall.by = manager::none;
       e.firewall.led_away = nat_rule{"ip", "nat", "DOCKER", at("172.17.0.2", 80).ip, 80};
     },
     verdict_code::host_firewall, confirmed,
     "A NAT rule on this machine redirects packets from 9.9.0.7 for TCP port 1234 to 172.17.0.2:80",
     "chain ip nat DOCKER"},
    {"accepted", [](auto& e) { e.accepted = true; }, verdict_code::inconclusive, unconfirmed,
     "no proof", "the server accepted it"},
    {"nothing came", [](auto& e) { e.requests = 0; }, verdict_code::inconclusive, unconfirmed,
     "no proof", "0 connection requests"},
};

TEST(ArrivalRules, Table) {
  for (const row& r : rows) {
    SCOPED_TRACE(r.name);
    auto seen = arriving();
    r.bend(seen);
    const auto v = diagnose(seen).main;
    EXPECT_EQ(v.code, r.code);
    EXPECT_EQ(v.certainty, r.certainty);
    EXPECT_THAT(v.summary, HasSubstr(r.in_summary));
    EXPECT_TRUE(v.summary.ends_with('.'));
    EXPECT_THAT(v.evidence, Contains(HasSubstr(r.in_evidence)));
    EXPECT_FALSE(v.advice.empty());
  }
}

TEST(ArrivalRules, ARouteThatForbidsTheAnswerIsNamedWithTheCommandThatRemovesIt) {
  const std::pair<cause_code, const char*> rows_of_kind[] = {
      {cause_code::route_unreachable, "sudo ip route del unreachable 9.9.0.7"},
      {cause_code::route_prohibits, "sudo ip route del prohibit 9.9.0.7"},
      {cause_code::route_discards, "sudo ip route del blackhole 9.9.0.7"},
  };
  for (const auto& [code, command] : rows_of_kind) {
    auto seen = arriving();
    seen.no_route_back = code;
    EXPECT_THAT(diagnose(seen).main.advice, Contains(HasSubstr(command)));
  }
  auto seen = arriving();
  seen.peer = at("2001:db8::7", 40000);
  seen.no_route_back = cause_code::route_prohibits;
  EXPECT_THAT(diagnose(seen).main.advice,
              Contains(HasSubstr("sudo ip -6 route del prohibit 2001:db8::7")));
}

struct remedy_row {
  const char* name;
  firewall_evidence firewall;
  transport protocol;
  const char* first_advice;
  const char* in_evidence;
};

const remedy_row remedies[] = {
    {"ufw",
     {manager::ufw, "ip", "filter", "INPUT"},
     transport::tcp,
     "sudo ufw allow 1234/tcp",
     "the firewall: ufw"},
    {"ufw, UDP", {manager::ufw, {}, {}, {}}, transport::udp, "sudo ufw allow 1234/udp", "ufw"},
    {"firewalld",
     {manager::firewalld, {}, {}, {}},
     transport::tcp,
     "sudo firewall-cmd --zone=\"$(sudo firewall-cmd --get-zone-of-interface=eth0)\" "
     "--add-port=1234/tcp",
     "firewalld"},
    {"nftables",
     {manager::nftables, "inet", "filter", "input"},
     transport::tcp,
     "sudo nft insert rule inet filter input tcp dport 1234 accept",
     "the firewall: nftables, chain inet filter input"},
    {"nftables, with a name that is a command",
     {manager::nftables, "inet", "x; reboot", "input"},
     transport::tcp,
     "sudo nft list ruleset, and look for rules on the input and output hooks that drop it",
     "the firewall: nftables"},
    {"none of nftables",
     {manager::none, {}, {}, {}},
     transport::tcp,
     "look for a firewall other than nftables: sudo iptables-legacy -S INPUT, security software, "
     "container rules or a cloud agent",
     "no chain"},
    {"unknown", {}, transport::tcp, "with ufw: sudo ufw allow 1234/tcp", "unknown (reading it"},
};

TEST(ArrivalRules, TheCommandIsTheManagers) {
  for (const remedy_row& r : remedies) {
    SCOPED_TRACE(r.name);
    auto seen = arriving();
    seen.firewall = r.firewall;
    seen.protocol = r.protocol;
    const auto v = diagnose(seen).main;
    EXPECT_EQ(v.advice.front(), r.first_advice);
    EXPECT_EQ(v.evidence.size(), 4U);
    EXPECT_THAT(v.evidence.back(), HasSubstr(r.in_evidence));
  }
}

TEST(ArrivalRules, NoShellSeesAnOddInterface) {
  auto seen = arriving();
  seen.firewall.by = manager::firewalld;
  seen.interface = "eth0$(reboot)";
  EXPECT_EQ(diagnose(seen).main.advice.front(), "sudo firewall-cmd --add-port=1234/tcp");
}

TEST(ArrivalRules, AnUnknownManagerGetsAllThreeCommands) {
  EXPECT_THAT(diagnose(arriving()).main.advice,
              ElementsAre(HasSubstr("ufw allow 1234/tcp"), HasSubstr("--add-port=1234/tcp"),
                          HasSubstr("insert rule FAMILY TABLE CHAIN tcp dport 1234 accept"),
                          HasSubstr("output hook that matches tcp sport 1234")));
}

TEST(ArrivalRules, OverUdpNoAnswerCanHaveBeenDropped) {
  auto seen = arriving();
  seen.protocol = transport::udp;
  EXPECT_THAT(diagnose(seen).main.advice, Not(Contains(HasSubstr("the answers may be dropped"))));
}

TEST(ArrivalRules, OnlyAFirewallIsToBeOpened) {
  auto seen = arriving();
  seen.answers = 2;
  const auto v = diagnose(seen).main;
  EXPECT_THAT(v.advice, Not(Contains(HasSubstr("allow 1234"))));
  EXPECT_THAT(v.advice, Contains(HasSubstr("forged")));
  EXPECT_THAT(v.advice, Contains(HasSubstr("ip route get 9.9.0.7")));
}

}  // namespace arrival_rules_test
}  // namespace natcheck
