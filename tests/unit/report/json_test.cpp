#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include "reports.hpp"

namespace natcheck {
namespace json_test {

using namespace natcheck::testing;
namespace json = boost::json;

std::vector<std::string> keys(const json::value& value) {
  std::vector<std::string> all;
  for (const auto& [key, unused] : value.as_object()) all.emplace_back(key);
  return all;
}

using list = std::vector<std::string>;

const list service_keys{"state", "reason", "rtt_ms", "attempts"};

list with(list first, const list& more) {
  first.insert(first.end(), more.begin(), more.end());
  return first;
}

const list discover_keys{"schema",         "version",     "started_at", "elapsed_ms", "redacted",
                         "private",        "public",      "ipv6",       "interfaces", "gateway",
                         "other_gateways", "stun",        "nat",        "path",       "path_target",
                         "path_state",     "path_reason", "owner",      "web",        "verdict",
                         "findings"};

TEST(DiscoverJson, HasEveryFieldWhateverWasSeen) {
  for (const auto& seen : {discover_evidence{}, home(), single_nat_home()}) {
    const auto all = json::parse(to_json(report_on(seen)));
    EXPECT_EQ(keys(all), discover_keys);
    EXPECT_EQ(keys(all.at("verdict")),
              (list{"code", "confidence", "summary", "evidence", "advice"}));
    EXPECT_EQ(keys(all.at("nat")), (list{"mapping", "filtering", "hairpin", "port_preservation",
                                         "server", "doubts", "binding_lifetime_s"}));
    EXPECT_EQ(keys(all.at("web")), (list{"url", "result", "status", "location", "reason"}));
  }
}

TEST(DiscoverJson, HasEveryFieldOfTheGateway) {
  const auto gateway = json::parse(to_json(report_on(home()))).at("gateway");
  EXPECT_EQ(keys(gateway), (list{"address", "interface", "services"}));
  const auto& services = gateway.at("services");
  EXPECT_EQ(keys(services), (list{"pcp", "nat_pmp", "upnp"}));
  EXPECT_EQ(keys(services.at("pcp")), with(service_keys, {"epoch_s", "result", "version"}));
  EXPECT_EQ(keys(services.at("nat_pmp")),
            with(service_keys, {"epoch_s", "external_address", "result"}));
  EXPECT_EQ(keys(services.at("upnp")),
            with(service_keys,
                 {"external_address", "location", "device", "manufacturer", "model", "service",
                  "connection_status", "uptime_s", "wan_connections", "ipv6_firewall"}));
  EXPECT_EQ(services.at("upnp").at("state"), "silent");
  EXPECT_TRUE(services.at("upnp").at("device").is_null());
  EXPECT_TRUE(services.at("upnp").at("wan_connections").is_null());
}

TEST(DiscoverJson, NamesTheOtherGatewaysToo) {
  auto seen = home();
  seen.other_gateways = {*home().gateway};
  seen.other_gateways.front().ip = ip("192.168.1.254");
  const auto others = json::parse(to_json(report_on(seen))).at("other_gateways").as_array();
  ASSERT_EQ(others.size(), 1U);
  EXPECT_EQ(others.front().at("address"), "192.168.1.254");
  EXPECT_EQ(keys(others.front()), (list{"address", "interface", "services"}));
}

TEST(DiscoverJson, HoldsWhatTheGatewaysServicesSay) {
  auto seen = single_nat_home();
  auto& pcp = seen.gateway->pcp;
  pcp = {};
  pcp.state = service_state::answered;
  pcp.rtt = millis(1.5);
  pcp.attempts = 1;
  pcp.epoch_s = 77;
  pcp.result = 0;
  pcp.version = std::uint8_t{2};
  seen.gateway->upnp.wan_connections = 2;
  seen.gateway->upnp.ipv6_firewall = ipv6_firewall_status{true, false};
  const auto services = json::parse(to_json(report_on(seen))).at("gateway").at("services");
  EXPECT_EQ(services.at("pcp"), json::parse(R"({"state":"answered","reason":null,"rtt_ms":1.5,
                                  "attempts":1,"epoch_s":77,"result":0,"version":2})"));
  EXPECT_EQ(services.at("upnp").at("wan_connections"), 2);
  EXPECT_EQ(services.at("upnp").at("ipv6_firewall"),
            json::parse(R"({"enabled":true,"pinholes_allowed":false})"));
}

TEST(DiscoverJson, HoldsWhatServersOutsideSaw) {
  auto seen = home();
  seen.stun = {stun_saw("stun.a", "5.5.5.5"), stun_is("stun.b", service_state::silent, 7)};
  seen.stun[0].address = endpoint{ip("198.18.0.9"), 3478};
  seen.stun[0].rewritten_as = endpoint{ip("6.6.6.6"), 9};
  seen.stun[1].detail = "no answer to 7 requests";
  seen.stun[1].address.reset();
  seen.stun[1].protocol = transport::tcp;
  EXPECT_EQ(json::parse(to_json(report_on(seen))).at("stun"), json::parse(R"([
      {"server":"stun.a:3478","address":"198.18.0.9:3478","transport":"udp","family":4,
       "state":"answered","reason":null,"seen_as":"5.5.5.5","seen_port":40001,"rtt_ms":21.4,
       "attempts":1,"rewritten_as":"6.6.6.6:9"},
      {"server":"stun.b:3478","address":null,"transport":"tcp","family":4,"state":"silent",
       "reason":"no answer to 7 requests","seen_as":null,"seen_port":null,"rtt_ms":null,
       "attempts":7,"rewritten_as":null}])"));
}

TEST(DiscoverJson, HoldsHowTheNatBehaves) {
  auto seen = home();
  seen.nat.mapping = nat_behavior::endpoint_independent;
  seen.nat.filtering = nat_behavior::address_and_port_dependent;
  seen.nat.hairpin = tested::no;
  seen.nat.port_preservation = tested::yes;
  seen.nat.server = "stun.a:3478";
  seen.nat.doubts = {"one"};
  seen.nat.lifetime = {std::chrono::seconds(110), std::nullopt};
  EXPECT_EQ(json::parse(to_json(report_on(seen))).at("nat"), json::parse(R"({
      "mapping":"endpoint-independent","filtering":"address-and-port-dependent","hairpin":"no",
      "port_preservation":"yes","server":"stun.a:3478","doubts":["one"],
      "binding_lifetime_s":{"alive_after":110,"gone_after":null}})"));
}

TEST(DiscoverJson, NamesEveryBehaviour) {
  const std::pair<nat_behavior, const char*> rows[] = {
      {nat_behavior::not_tested, "not-tested"},
      {nat_behavior::none, "none"},
      {nat_behavior::endpoint_independent, "endpoint-independent"},
      {nat_behavior::address_dependent, "address-dependent"},
      {nat_behavior::address_and_port_dependent, "address-and-port-dependent"}};
  for (const auto& [value, name] : rows) {
    auto seen = home();
    seen.nat.mapping = value;
    EXPECT_EQ(json::parse(to_json(report_on(seen))).at("nat").at("mapping"), name);
  }
}

TEST(DiscoverJson, HoldsThePathAndTheWeb) {
  auto seen = home();
  seen.path.state = service_state::answered;
  seen.path.target = endpoint{ip("198.18.0.9"), 3478};
  seen.path.hops = {{1, ip("192.168.1.1"), millis(0.5)}, {2, std::nullopt, std::nullopt}};
  seen.web = {web_result::intercepted,
              "http://check.example/",
              "",
              302,
              "http://login.example/",
              false,
              std::nullopt};
  const auto all = json::parse(to_json(report_on(seen)));
  EXPECT_EQ(all.at("path"), json::parse(R"([{"ttl":1,"address":"192.168.1.1","rtt_ms":0.5},
                              {"ttl":2,"address":null,"rtt_ms":null}])"));
  EXPECT_EQ(all.at("path_target"), "198.18.0.9:3478");
  EXPECT_EQ(all.at("path_state"), "answered");
  EXPECT_EQ(all.at("web"), json::parse(R"({"url":"http://check.example/","result":"intercepted",
                             "status":302,"location":"http://login.example/","reason":null})"));
}

TEST(DiscoverJson, SaysHowIpv6LooksOutside) {
  auto seen = home();
  add_ipv6(seen);
  seen.stun = {stun_saw("stun.a", "2a00:1::77"), stun_saw("stun.b", "2a00:1::10"),
               stun_saw("stun.c", "2a00:1::10"), stun_saw("stun.d", "5.5.5.5")};
  seen.nat64 = nat64_prefix{ip("64:ff9b::"), 96};
  const auto ipv6 = json::parse(to_json(report_on(seen))).at("ipv6");
  EXPECT_EQ(ipv6.at("seen_as"), "2a00:1::10");
  EXPECT_EQ(ipv6.at("nat64"), "64:ff9b::/96");
  EXPECT_EQ(keys(ipv6.at("pcp")), with(service_keys, {"epoch_s", "result", "version"}));
}

TEST(DiscoverJson, HoldsWhatWasSeen) {
  auto seen = single_nat_home();
  add_ipv6(seen);
  seen.host.interfaces.front().metric = 100U;
  seen.gateway->upnp.device = "Küche\x1b[31m\xff";
  const auto report = judged_as(verdict_code::single_nat, seen);
  EXPECT_EQ(json::parse(to_json(report)).at("verdict"),
            json::parse(R"({"code":"single-nat","confidence":"confirmed",
      "summary":"What it is.","evidence":["what it rests on","what else"],
      "advice":["natcheck serve --map 1234"]})"));
  const auto all = json::parse(to_json(report));
  EXPECT_EQ(all.at("schema"), "natcheck/discover/1");
  EXPECT_EQ(all.at("version").as_string(), version());
  EXPECT_EQ(all.at("started_at"), "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(all.at("elapsed_ms"), 1751.062);
  EXPECT_EQ(all.at("private"), json::parse(R"({"address":"192.168.1.10","prefix":24,
                                 "interface":"eth0","gateway":"192.168.1.1"})"));
  EXPECT_EQ(all.at("public"), json::parse(R"({"address":"5.5.5.5","sources":["nat-pmp","upnp"]})"));
  EXPECT_EQ(keys(all.at("ipv6")), (list{"address", "scope", "gateway", "seen_as", "pcp", "nat64"}));
  EXPECT_EQ(all.at("ipv6").at("address"), "2a00:1::10");
  EXPECT_EQ(all.at("ipv6").at("gateway"), "fe80::1");
  EXPECT_TRUE(all.at("ipv6").at("seen_as").is_null());
  EXPECT_EQ(all.at("interfaces"),
            json::parse(R"([{"name":"eth0","kind":"ethernet","addresses":["192.168.1.10/24"],
                             "default_route":true,"metric":100}])"));
  EXPECT_EQ(all.at("gateway").at("services").at("upnp").at("device"), "Küche\x1b[31m\\xff");
  EXPECT_EQ(all.at("redacted"), false);
}

TEST(DiscoverJson, NamesTheScopeOfIpv6) {
  const std::pair<const char*, json::value> rows[] = {{"2a00:1::1", "global"},
                                                      {"fd00::1", "ula"},
                                                      {"fe80::1", "link-local"},
                                                      {"2001:db8::1", nullptr}};
  for (const auto& [ip_text, scope] : rows) {
    auto seen = home();
    add_ipv6(seen, ip_text);
    EXPECT_EQ(json::parse(to_json(report_on(seen))).at("ipv6").at("scope"), scope);
  }
}

TEST(DiscoverJson, ClipsWhatADeviceSaysOfItself) {
  auto seen = single_nat_home();
  seen.gateway->upnp.device = std::string(100'000, 'x');
  EXPECT_LT(to_json(judged_as(verdict_code::single_nat, seen)).size(), 6000U);
}

TEST(DiscoverJson, ListsFindings) {
  auto report = judged_as(verdict_code::single_nat, home());
  report.judged.findings = {{"no-hairpin", "What.", "do this"}};
  const auto findings = json::parse(to_json(report)).at("findings");
  ASSERT_EQ(findings.as_array().size(), 1U);
  EXPECT_EQ(keys(findings.at(0)), (list{"code", "summary", "advice"}));
}

const list probe_keys{"schema",    "target",  "address", "protocol",  "result",
                      "addresses", "seen_as", "server",  "timing_ms", "rtt_ms",
                      "session",   "verdict", "findings"};

TEST(ProbeJson, HasEveryFieldForEveryResult) {
  const std::pair<probe_result, const char*> rows[] = {
      {probe_result::reached, "reached"},
      {probe_result::reached_plain, "reached-plain"},
      {probe_result::refused, "refused"},
      {probe_result::timed_out, "timed-out"},
      {probe_result::unreachable, "unreachable"},
      {probe_result::silent, "silent"},
      {probe_result::other_service, "other-service"},
      {probe_result::reset, "reset"},
      {probe_result::corrupted, "corrupted"},
      {probe_result::unresolved, "unresolved"}};
  for (const auto& [result, name] : rows) {
    const auto all = json::parse(to_json(probed({handshake(result)})));
    EXPECT_EQ(keys(all), probe_keys);
    EXPECT_EQ(all.at("result"), name);
    EXPECT_EQ(keys(all.at("timing_ms")), (list{"resolve", "connect", "greeting", "echo", "total"}));
    EXPECT_EQ(keys(all.at("rtt_ms")), (list{"min", "avg", "max", "sent", "received"}));
    EXPECT_TRUE(all.at("server").is_null());
  }
}

TEST(ProbeJson, HoldsWhatWasSeen) {
  auto one = handshake(probe_result::reached);
  one.seen_as = endpoint{ip("9.9.0.7"), 51820};
  one.server_version = "0.1.0";
  const auto all = json::parse(to_json(probed({one})));
  EXPECT_EQ(all.at("protocol"), "tcp");
  EXPECT_TRUE(all.at("session").is_null());
  EXPECT_EQ(all.at("address"), "5.5.5.5:1234");
  EXPECT_EQ(all.at("seen_as"), "9.9.0.7:51820");
  EXPECT_EQ(all.at("server"), json::parse(R"({"version":"0.1.0","instance":null})"));
  EXPECT_EQ(all.at("timing_ms").at("connect"), 30.2);
  EXPECT_TRUE(all.at("timing_ms").at("echo").is_null());
}

TEST(ProbeJson, ListsEveryAddressOfTheName) {
  auto report = probed({handshake(probe_result::reached)});
  report.evidence.attempts = {{ip("2a00:55::5"), handshake(probe_result::refused)},
                              {ip("5.5.5.5"), handshake(probe_result::reached)}};
  report.judged.findings = {{"other-address-fails", "What.", "do this"}};
  const auto all = json::parse(to_json(report));
  EXPECT_EQ(all.at("addresses"),
            json::parse(R"([{"address":"2a00:55::5","family":6,"result":"refused"},
                            {"address":"5.5.5.5","family":4,"result":"reached"}])"));
  EXPECT_EQ(all.at("findings").at(0).at("code"), "other-address-fails");
}

TEST(ProbeJson, AFaultOfThisMachineIsNoResult) {
  auto one = handshake(probe_result::unreachable);
  one.local_fault = true;
  EXPECT_EQ(json::parse(to_json(probed({one}))).at("result"), "unreachable");
  one.machine_fault = true;
  EXPECT_TRUE(json::parse(to_json(probed({one}))).at("result").is_null());
  auto report = probed({one});
  report.evidence.handshakes.clear();
  EXPECT_TRUE(json::parse(to_json(report)).at("result").is_null());
}

TEST(ProbeJson, NamesProtocolAndSession) {
  auto report = probed({handshake(probe_result::reached)});
  report.evidence.protocol = transport::udp;
  report.evidence.session = "8f2c";
  const auto all = json::parse(to_json(report));
  EXPECT_EQ(all.at("protocol"), "udp");
  EXPECT_EQ(all.at("session"), "8f2c");
}

TEST(ProbeJson, ListsSeveralHandshakes) {
  const auto report =
      probed({handshake(probe_result::timed_out, 3000), handshake(probe_result::reached)});
  const auto all = json::parse(to_json(report));
  EXPECT_EQ(keys(all), with(probe_keys, {"handshakes"}));
  EXPECT_EQ(all.at("result"), "reached");
  EXPECT_EQ(all.at("handshakes"), json::parse(R"([{"result":"timed-out","total_ms":3000},
                            {"result":"reached","total_ms":61.4}])"));
}

struct event_row {
  serve_event event;
  const char* line;
};

mapping_evidence no_pinhole() {
  mapping_evidence seen;
  seen.internal = {ip("2a00::5"), 1234};
  seen.attempts = {{mapping_protocol::pcp, service_state::silent, "no answer to 3 requests"}};
  return seen;
}

diagnosis judged_as(verdict_code code, std::string summary, std::string advice) {
  diagnosis judged;
  judged.main.code = code;
  judged.main.summary = std::move(summary);
  judged.main.advice = {std::move(advice)};
  return judged;
}

events::self_tested self_tested() {
  self_test_evidence seen;
  seen.loopback = {{ip("127.0.0.1"), 1234}, probe_result::refused, "nobody listens"};
  diagnosis judged = judged_as(verdict_code::not_listening, "It does not listen.", "start it");
  judged.findings = {{"no-hairpin", "S", "A"}};
  return {seen, judged};
}

events::external_address seen_elsewhere() {
  events::external_address seen{
      transport::tcp, endpoint{ip("5.5.6.9"), 1234}, "natcheck probe 5.5.6.9:1234", true, {}, {}};
  seen.evidence.router_says = ip("5.5.5.5");
  seen.judged.ip = ip("5.5.6.9");
  seen.judged.sources = {"stun.example.org:3478"};
  seen.judged.doubt = {"sources-disagree", "S", "A"};
  return seen;
}

events::redirected led_away() {
  return {{transport::tcp, 1234, {"ip", "nat", "DOCKER", ip("172.17.0.2"), std::uint16_t{80}}},
          judged_as(verdict_code::host_firewall, "A rule.", "remove it")};
}

events::blocked blocked() {
  arrival_evidence seen;
  seen.peer = {ip("9.9.0.7"), 51820};
  seen.local = {ip("192.168.1.10"), 1234};
  seen.interface = "eth0";
  seen.requests = 3;
  seen.refusals = 1;
  return {seen, judged_as(verdict_code::host_firewall, "A firewall.", "open it")};
}

std::vector<event_row> event_rows() {
  const auto entry = example_mapping();
  auto nameless = entry;
  nameless.external_address.reset();
  const endpoint peer{ip("9.9.0.7"), 51820};
  return {
      {event_of(events::listening{transport::tcp, {ip("0.0.0.0"), 1234}}),
       R"({"event":"listening","protocol":"tcp","address":"0.0.0.0:1234"})"},
      {event_of(events::mapped{entry,
                               "natcheck probe 5.5.5.5:1234",
                               {{"no-hairpin", "S", "A"}},
                               endpoint{ip("5.5.5.5"), 1234}}),
       R"({"event":"mapped","protocol":"tcp","via":"upnp","external":"5.5.5.5:1234",
           "internal":"192.168.1.10:1234","lifetime_s":3600,"verified":true,
           "asked":{"external_port":1234,"lifetime_s":7200},
           "probe_command":"natcheck probe 5.5.5.5:1234","page_url":"http://5.5.5.5:1234/",
           "findings":[{"code":"no-hairpin","summary":"S","advice":"A"}]})"},
      {event_of(events::map_not_needed{
           transport::tcp, {ip("5.5.5.5"), 1234}, "natcheck probe 5.5.5.5:1234", true}),
       R"({"event":"map-not-needed","protocol":"tcp","external":"5.5.5.5:1234","confirmed":true,
           "probe_command":"natcheck probe 5.5.5.5:1234","page_url":"http://5.5.5.5:1234/"})"},
      {event_of(events::mapped{nameless, ""}),
       R"({"event":"mapped","protocol":"tcp","via":"upnp","external":null,
           "internal":"192.168.1.10:1234","lifetime_s":3600,"verified":true,
           "asked":{"external_port":1234,"lifetime_s":7200},
           "probe_command":null,"page_url":null,"findings":[]})"},
      {event_of(seen_elsewhere()),
       R"({"event":"external-address","protocol":"tcp","external":"5.5.6.9:1234",
           "sources":["stun.example.org:3478"],"router_says":"5.5.5.5",
           "stun":[],"finding":{"code":"sources-disagree","summary":"S","advice":"A"},
           "probe_command":"natcheck probe 5.5.6.9:1234","page_url":"http://5.5.6.9:1234/"})"},
      {event_of(led_away()),
       R"({"event":"redirected","protocol":"tcp","port":1234,
           "rule":{"family":"ip","table":"nat","chain":"DOCKER","to":"172.17.0.2","to_port":80},
           "verdict":"host-firewall","confidence":"unconfirmed","evidence":[],"summary":"A rule.",
           "advice":["remove it"],"findings":[]})"},
      {event_of(events::greeted{transport::tcp, peer, dialect::plain, "", 0, millis(1.25)}),
       R"({"event":"greeted","protocol":"tcp","peer":"9.9.0.7:51820","dialect":"plain",
           "session":null,"bytes":0,"duration_ms":1.25,"from":null})"},
      {event_of(events::greeted{transport::udp, peer, dialect::natcheck, "8f2c", 16, millis(1),
                                visitor_location::router}),
       R"({"event":"greeted","protocol":"udp","peer":"9.9.0.7:51820","dialect":"natcheck",
           "session":"8f2c","bytes":16,"duration_ms":1,"from":"router"})"},
      {event_of(events::rejected{transport::tcp, peer, "said \"GET /\""}),
       R"({"event":"rejected","protocol":"tcp","peer":"9.9.0.7:51820",
           "reason":"said \"GET /\""})"},
      {event_of(events::renewed{nameless}),
       R"({"event":"renewed","protocol":"tcp","via":"upnp","external":null,
           "internal":"192.168.1.10:1234","lifetime_s":3600,"verified":true,
           "asked":{"external_port":1234,"lifetime_s":7200}})"},
      {event_of(events::mapping_lost{entry, "no answer"}),
       R"({"event":"mapping-lost","protocol":"tcp","via":"upnp","external":"5.5.5.5:1234",
           "internal":"192.168.1.10:1234","lifetime_s":3600,"verified":true,
           "asked":{"external_port":1234,"lifetime_s":7200},"reason":"no answer"})"},
      {event_of(events::remapped{
           entry, "natcheck probe 5.5.5.5:1234", {}, endpoint{ip("5.5.5.5"), 1234}}),
       R"({"event":"remapped","protocol":"tcp","via":"upnp","external":"5.5.5.5:1234",
           "internal":"192.168.1.10:1234","lifetime_s":3600,"verified":true,
           "asked":{"external_port":1234,"lifetime_s":7200},
           "probe_command":"natcheck probe 5.5.5.5:1234","page_url":"http://5.5.5.5:1234/",
           "findings":[]})"},
      {event_of(events::unmapped{entry, true, ""}),
       R"({"event":"unmapped","protocol":"tcp","via":"upnp","external":"5.5.5.5:1234",
           "internal":"192.168.1.10:1234","lifetime_s":3600,"verified":true,
           "asked":{"external_port":1234,"lifetime_s":7200},"removed":true,"detail":null})"},
      {event_of(events::stopped{3, 1, millis(300'250), {}}),
       R"({"event":"stopped","greeted":3,"rejected":1,"uptime_s":300.25,"arrived":null})"},
      {event_of(events::stopped{3, 1, millis(300'250), 7}),
       R"({"event":"stopped","greeted":3,"rejected":1,"uptime_s":300.25,"arrived":7})"},
      {event_of(events::renewal_failed{nameless, "no answer", std::chrono::seconds(1700)}),
       R"({"event":"renewal-failed","protocol":"tcp","via":"upnp","external":null,
           "internal":"192.168.1.10:1234","lifetime_s":3600,"verified":true,
           "asked":{"external_port":1234,"lifetime_s":7200},"reason":"no answer",
           "left_s":1700})"},
      {event_of(events::stale_mapping{nameless, false, "no answer"}),
       R"({"event":"left-over","protocol":"tcp","via":"upnp","external":null,
           "internal":"192.168.1.10:1234","lifetime_s":3600,"verified":true,
           "asked":{"external_port":1234,"lifetime_s":7200},"removed":false,
           "detail":"no answer"})"},
      {event_of(events::crowded{std::chrono::seconds(60), 5, 100, 3}),
       R"({"event":"crowded","period_s":60,"greeted":5,"rejected":100,"sources":3})"},
      {event_of(events::watching{false, cause("it may not"), true}),
       R"({"event":"watching","able":false,"detail":"it may not",
           "advice":"sudo setcap cap_net_raw+ep \"$(command -v natcheck)\", or run it with sudo"})"},
      {event_of(events::pinhole_failed{no_pinhole()}),
       R"({"event":"pinhole-failed","protocol":"tcp","internal":"[2a00::5]:1234",
           "attempts":[{"via":"pcp","outcome":"silent","detail":"no answer to 3 requests"}]})"},
      {event_of(self_tested()),
       R"({"event":"self-tested","protocol":"tcp","lan":null,"hairpin":null,
           "loopback":{"target":"127.0.0.1:1234","result":"refused","detail":"nobody listens"},
           "verdict":"not-listening","confidence":"unconfirmed","evidence":[],
           "summary":"It does not listen.","advice":["start it"],
           "findings":[{"code":"no-hairpin","summary":"S","advice":"A"}]})"},
      {event_of(blocked()),
       R"({"event":"blocked","protocol":"tcp","peer":"9.9.0.7:51820",
           "local":"192.168.1.10:1234","interface":"eth0","requests":3,"answers":0,"refusals":1,
           "verdict":"host-firewall","confidence":"unconfirmed","evidence":[],"summary":"A firewall.","advice":["open it"],
           "findings":[]})"},
  };
}

TEST(ServeJson, IsOneLineAnEvent) {
  for (const auto& row : event_rows()) {
    const auto line = to_json(row.event);
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    auto all = json::parse(line).as_object();
    EXPECT_EQ(all.at("at"), "2023-11-14T22:13:20.123Z");
    all.erase("at");
    EXPECT_EQ(json::value(all), json::parse(row.line)) << line;
  }
}

TEST(ServeJson, SaysWhyThereIsNoMapping) {
  const auto seen = failed_mapping();
  const auto all = json::parse(to_json(event_of(events::map_failed{seen, diagnose(seen)})));
  EXPECT_EQ(keys(all),
            (list{"event", "at", "protocol", "attempts", "verdict", "summary", "advice"}));
  EXPECT_EQ(all.at("verdict"), "mapping-refused");
  EXPECT_EQ(all.at("attempts"),
            json::parse(R"([{"via":"nat-pmp","outcome":"refused","detail":"not authorised"},
                            {"via":"upnp","outcome":"silent","detail":null}])"));
  EXPECT_FALSE(all.at("advice").as_array().empty());
}

}  // namespace json_test
}  // namespace natcheck
