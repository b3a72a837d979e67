// What follows when nobody outside answers, or somebody else does.
#include "verdict_row.hpp"

namespace natcheck {
namespace absence_rules_test {

using namespace natcheck::testing;
using ::testing::HasSubstr;
using enum verdict_code;
using enum confidence;

void refuse(service_evidence& service) {
  service.state = service_state::refused;
  service.detail = "port unreachable (ICMP)";
}

void name_nobody_knows(discover_evidence& e) {
  add_unresolved(e, "stun.a.example:3478");
  add_unresolved(e, "stun.b.example:3478");
}

const row absence_rows[] = {
    {"nothing beyond the gateway", nothing_beyond, no_internet, confirmed, answer::no, nullptr,
     "your router is up, but nothing upstream of it answers",
     "9.9.0.7:3478, 9.9.1.7:3478 over TCP: no answer", "call the provider"},
    {"nothing beyond, whatever address the router names",
     [](auto& e) {
       upnp_says(e, "5.5.5.5");
       nothing_beyond(e);
     },
     no_internet, confirmed, answer::no, "5.5.5.5", "no Internet connection", "\"Connected\"",
     "restart"},
    {"nothing beyond, with a public address on the host",
     [](auto& e) {
       make_public(e, "5.5.5.5");
       nothing_beyond(e);
     },
     no_internet, confirmed, answer::no, "5.5.5.5", "no Internet connection", "5.5.5.5 on eth0",
     "restart"},
    {"nothing beyond, but the page's name did not resolve: a portal may be waiting",
     [](auto& e) {
       nothing_beyond(e);
       e.web.resolved = false;
     },
     no_internet, likely, answer::unknown, nullptr, "no Internet connection", "no answer",
     "restart"},
    {"nothing beyond, and refusals on the way",
     [](auto& e) {
       nothing_beyond(e);
       for (auto& one : e.stun) refuse(one);
       e.path.target_answered = true;  // the gateway said: unreachable
     },
     no_internet, confirmed, answer::no, nullptr, "no Internet connection", "refused: port",
     "restart"},
    {"nothing beyond, and one name that does not resolve",
     [](auto& e) {
       nothing_beyond(e);
       add_unresolved(e);
     },
     no_internet, confirmed, answer::no, nullptr, "no Internet connection",
     "stun.example.org:3478 not tried: the name does not resolve", "restart"},
    {"nothing beyond, and no sign of the gateway either",
     [](auto& e) {
       nothing_beyond(e);
       e.gateway->neighbor = neighbor_state::unknown;
     },
     no_internet, likely, answer::unknown, nullptr, "nothing on the Internet answers", "fails",
     "restart"},
    {"the web was not asked",
     [](auto& e) {
       nothing_beyond(e);
       e.web = {};
     },
     no_internet, likely, answer::unknown, nullptr, "no Internet connection", "no answer",
     "restart"},
    {"the path was not asked",
     [](auto& e) {
       nothing_beyond(e);
       e.path = {};
     },
     no_internet, likely, answer::unknown, nullptr, "no Internet connection", "fails", "restart"},
    {"neither the path nor the web were asked, and one server is silent",
     [](auto& e) { add_silent(e, "9.9.0.7"); }, nat_no_mapping_service, likely, answer::unknown,
     nullptr, "neither", "9.9.0.7:3478 over TCP: no answer", "turn on"},
    {"UDP alone was asked to the end",
     [](auto& e) {
       nothing_beyond(e);
       std::erase_if(e.stun, [](const auto& one) { return one.protocol == transport::tcp; });
     },
     nat_no_mapping_service, likely, answer::unknown, nullptr, "neither", "over UDP", "turn on"},
    {"one server was not fully tested",
     [](auto& e) {
       nothing_beyond(e);
       e.stun.back().state = service_state::not_tried;
     },
     nat_no_mapping_service, likely, answer::unknown, nullptr, "neither", "not tried", "turn on"},
    {"one server said something unusable",
     [](auto& e) {
       nothing_beyond(e);
       e.stun.back().state = service_state::malformed;
     },
     nat_no_mapping_service, likely, answer::unknown, nullptr, "neither", "unusable answer",
     "turn on"},
    {"only a server in the private network is silent",
     [](auto& e) {
       add_silent(e, "10.1.1.1");
       hops(e, {"192.168.1.1"});
       web(e, web_result::failed);
     },
     nat_no_mapping_service, likely, answer::unknown, nullptr, "neither", "10.1.1.1", "turn on"},
    {"a public router answers on the path, and nothing beyond it",
     [](auto& e) {
       nothing_beyond(e);
       hops(e, {"192.168.1.1", "9.9.9.1"});
     },
     no_internet, likely, answer::unknown, nullptr, "nothing answers beyond 9.9.9.1", "2 9.9.9.1",
     "call the provider"},
    {"a public router answers on the path, and one server may be down",
     [](auto& e) {
       add_silent(e, "9.9.0.7");
       hops(e, {"192.168.1.1", "9.9.9.1"});
       web(e, web_result::failed);
     },
     nat_no_mapping_service, likely, answer::unknown, nullptr, "neither", "2 9.9.9.1", "turn on"},
    {"a second router answers on the path, and nothing beyond it",
     [](auto& e) {
       nothing_beyond(e);
       hops(e, {"192.168.1.1", "192.168.100.1"});
     },
     no_internet, likely, answer::unknown, nullptr, "no Internet connection",
     "the last router that answers is 192.168.100.1", "restart"},
    {"the target of the path answered",
     [](auto& e) {
       nothing_beyond(e);
       hops(e, {"192.168.1.1", nullptr, "9.9.0.7"});
       e.path.target_answered = true;
     },
     nat_no_mapping_service, likely, answer::unknown, nullptr, "neither", "3 9.9.0.7", "turn on"},
    {"a server answered with an error",
     [](auto& e) {
       nothing_beyond(e);
       e.stun.front().state = service_state::refused;
       e.stun.front().rtt = millis(20);
       e.stun.front().detail = "it answered with error 500";
     },
     nat_no_mapping_service, likely, answer::unknown, nullptr, "neither", "error 500", "turn on"},
    {"the target answered, and no router on the way did",
     [](auto& e) {
       nothing_beyond(e);
       hops(e, {});
       e.path.target_answered = true;
     },
     nat_no_mapping_service, likely, answer::unknown, nullptr, "neither", "no answer", "turn on"},
    {"no name resolves, and nothing else answers",
     [](auto& e) {
       name_nobody_knows(e);
       hops(e, {});
       web(e, web_result::failed);
     },
     no_internet, likely, answer::unknown, nullptr, "no Internet connection",
     "stun.a.example:3478, stun.b.example:3478 not tried: the name does not resolve", "restart"},
    {"no name resolves, and the second router says unreachable",
     [](auto& e) {
       name_nobody_knows(e);
       hops(e, {"192.168.1.1", "192.168.100.1"});
       e.path.target_answered = true;
       web(e, web_result::failed);
     },
     no_internet, likely, answer::unknown, nullptr, "no Internet connection", "192.168.100.1",
     "restart"},
    {"no name resolves, and the path leads on",
     [](auto& e) {
       name_nobody_knows(e);
       hops(e, {"192.168.1.1", "9.9.9.1"});
       web(e, web_result::failed);
     },
     inconclusive, unconfirmed, answer::unknown, nullptr, "DNS names do not resolve",
     "missing test: an external server", "resolv.conf"},
    {"no name resolves, the path leads on, and the router names an address",
     [](auto& e) {
       nat_pmp_says(e, "5.5.5.5");
       name_nobody_knows(e);
       hops(e, {"192.168.1.1", "9.9.9.1"});
     },
     single_nat, unconfirmed, answer::yes, "5.5.5.5", "reports 5.5.5.5", "does not resolve",
     "serve --map"},
    {"no name resolves, and nothing else was asked", name_nobody_knows, nat_no_mapping_service,
     likely, answer::unknown, nullptr, "neither", "does not resolve", "turn on"},
    {"the router says that it is offline, and nothing beyond answers",
     [](auto& e) {
       upnp_says(e, "", "Disconnected");
       nothing_beyond(e);
     },
     gateway_wan_down, confirmed, answer::no, nullptr, "no Internet connection",
     "nothing upstream of the router answers", "status page"},
    {"0.0.0.0, and nothing beyond answers",
     [](auto& e) {
       nat_pmp_says(e, "0.0.0.0");
       nothing_beyond(e);
     },
     gateway_wan_down, confirmed, answer::no, nullptr, "no Internet connection", "0.0.0.0",
     "status page"},
    {"0.0.0.0 and Connected, and nothing beyond answers",
     [](auto& e) {
       nat_pmp_says(e, "0.0.0.0");
       upnp_says(e, "");
       nothing_beyond(e);
     },
     gateway_wan_down, likely, answer::unknown, nullptr, "no Internet connection", "0.0.0.0",
     "status page"},
    {"offline by its own word, and its own page on every address",
     [](auto& e) {
       upnp_says(e, "0.0.0.0", "Disconnected");
       nothing_beyond(e);
       redirect(e, "http://192.168.1.1/offline.html");
     },
     gateway_wan_down, likely, answer::unknown, nullptr, "no Internet connection", "0.0.0.0",
     "status page"},
    {"offline by its own word, and who was asked was not fully tested",
     [](auto& e) {
       upnp_says(e, "", "Disconnected");
       e.stun = {server("9.9.0.7")};
     },
     gateway_wan_down, unconfirmed, answer::unknown, nullptr, "no Internet connection",
     "is not clear", "status page"},
    {"offline by its own word, and somebody outside answers",
     [](auto& e) {
       upnp_says(e, "0.0.0.0", "Disconnected");
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "9.9.9.1"});
     },
     single_nat, likely, answer::yes, "5.5.5.5", "another line, which is down", "\"Disconnected\"",
     "serve --map"},
};

const row portal_rows[] = {
    {"a sign-in page",
     [](auto& e) {
       nothing_beyond(e);
       redirect(e, "http://login.hotel.example/?next=1");
     },
     captive_portal, confirmed, answer::no, nullptr, "sign-in page", "status 302",
     "http://login.hotel.example/?next=1"},
    {"a sign-in page on the gateway, with a public address outside",
     [](auto& e) {
       upnp_says(e, "5.5.5.5");
       nothing_beyond(e);
       redirect(e, "http://192.168.1.1:8080/login");
       e.stun.back().state = service_state::malformed;
     },
     captive_portal, likely, answer::unknown, "5.5.5.5", "sign-in page",
     "answered by something else", "192.168.1.1:8080"},
    {"a page of the gateway's, which may be a portal or an offline one",
     [](auto& e) {
       nothing_beyond(e);
       redirect(e, "http://192.168.1.1/");
     },
     captive_portal, likely, answer::unknown, nullptr, "sign-in page", "status 302",
     "http://192.168.1.1/"},
    {"another page in place of the one that was asked for",
     [](auto& e) {
       nothing_beyond(e);
       web(e, web_result::intercepted);
       e.web.status = 200;
     },
     captive_portal, likely, answer::unknown, nullptr, "sign-in page", "status 200",
     "http://check.example/"},
    {"a redirect by the host itself",
     [](auto& e) {
       nothing_beyond(e);
       redirect(e, "https://check.example/generate_204");
     },
     captive_portal, likely, answer::unknown, nullptr, "sign-in page", "status 302",
     "https://check.example"},
    {"the status that was made for it",
     [](auto& e) {
       name_nobody_knows(e);
       web(e, web_result::intercepted);
       e.web.status = 511;
     },
     captive_portal, confirmed, answer::no, nullptr, "sign-in page", "status 511", "web browser"},
    {"somebody answers, so there is no portal",
     [](auto& e) {
       seen_as(e, "5.5.5.5");
       redirect(e, "http://login.hotel.example/");
     },
     nat_no_mapping_service, likely, answer::yes, "5.5.5.5", "neither", "status 302", "turn on"},
};

/// Nothing but a server at the router's own address was asked, and was silent.
TEST(ServerWithin, ProvesNoAbsence) {
  auto seen = home();
  add_silent(seen, "5.5.5.5");
  hops(seen, {"5.5.5.5"});
  seen.path.target = endpoint{ip("5.5.5.5"), 3478};
  seen.path.target_answered = true;
  web(seen, web_result::failed);
  auto judged = diagnose(seen);
  EXPECT_NE(judged.main.code, verdict_code::no_internet);
  ASSERT_FALSE(judged.findings.empty());
  EXPECT_EQ(judged.findings.back().code, "stun-server-within");

  hops(seen, {"192.168.1.1"});
  nat_pmp_says(seen, "5.5.5.5");
  judged = diagnose(seen);
  EXPECT_EQ(judged.main.code, verdict_code::single_nat);
  EXPECT_EQ(judged.main.certainty, confidence::unconfirmed);
}

TEST(AbsenceRules, NobodyAnswers) { check_all(absence_rows); }

TEST(AbsenceRules, SomebodyElseAnswers) { check_all(portal_rows); }

TEST(AbsenceRules, AServerOnAReservedAddressIsNobodyOutside) {
  auto seen = home();
  add_view(seen, "240.0.0.7", "5.5.5.5");
  EXPECT_FALSE(diagnose(seen).external);
}

TEST(AbsenceRules, TheStatusPageIsTheSecondThingToLookAtWhenTheLineIsDead) {
  auto seen = home();
  nothing_beyond(seen);
  const auto advice = diagnose(seen).main.advice;
  ASSERT_EQ(advice.size(), 3U);
  EXPECT_THAT(advice[0], HasSubstr("check the line"));
  EXPECT_THAT(advice[1], HasSubstr("router's menu: http://192.168.1.1/"));
  EXPECT_THAT(advice[2], HasSubstr("call the provider"));
}

TEST(AbsenceRules, TheStatusPageIsTheFirstWhereNothingWasLearnt) {
  auto seen = home();
  seen.gateway->neighbor = neighbor_state::unknown;
  const auto advice = diagnose(seen).main.advice;
  ASSERT_EQ(advice.size(), 2U);
  EXPECT_THAT(advice[0], HasSubstr("router's menu: http://192.168.1.1/"));
  EXPECT_EQ(advice[1], "natcheck discover --timeout 30");
}

}  // namespace absence_rules_test
}  // namespace natcheck
