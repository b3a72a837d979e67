#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>
#include <sstream>

#include "report/printable.hpp"
#include "reports.hpp"

namespace natcheck {
namespace mappings_test {

using namespace natcheck::testing;
using ::testing::HasSubstr;

table_entry entry_of(transport protocol, std::uint16_t port, const char* client,
                     std::uint16_t internal, const char* description) {
  table_entry entry;
  entry.protocol = protocol;
  entry.external_port = port;
  entry.internal_client = client;
  entry.internal_port = internal;
  entry.description = description;
  return entry;
}

mappings_report empty_table() {
  mappings_report report;
  report.started_at =
      std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'123));
  report.elapsed = millis(12.5);
  report.egress_route = egress_route("192.168.1.10", "192.168.1.1");
  report.gateway = ip("192.168.1.1");
  report.upnp.state = service_state::answered;
  report.service = "urn:schemas-upnp-org:service:WANIPConnection:1";
  report.external_address = ip("5.5.5.5");
  report.complete = true;
  return report;
}

mappings_report three_entries() {
  auto report = empty_table();
  report.entries = {entry_of(transport::tcp, 1234, "192.168.1.10", 1234, "natcheck"),
                    entry_of(transport::udp, 51820, "192.168.1.20", 51820, "WireGuard at home"),
                    entry_of(transport::tcp, 80, "192.168.1.30", 8080, "web")};
  report.entries[0].ours = true;
  report.entries[0].lease_s = 3540;
  report.entries[1].lease_s = 0;
  report.entries[2].enabled = false;
  report.entries[2].remote_host = "9.9.9.9";
  return report;
}

mapping stale_mapping() {
  mapping entry;
  entry.protocol = transport::udp;
  entry.via = mapping_protocol::pcp;
  entry.internal = {ip("192.168.1.10"), 99};
  entry.external_port = 99;
  entry.lifetime = std::chrono::hours(1);
  return entry;
}

TEST(MappingsText, ABrokenServiceIsToBeRestarted) {
  auto report = empty_table();
  report.upnp.state = service_state::malformed;
  report.upnp.rtt = millis(3);
  report.upnp.detail = "HTTP 404";
  const auto text = to_text(judged(report), fancy);
  EXPECT_THAT(text,
              HasSubstr("? The router 192.168.1.1 responds to UPnP, but its port mapping table"));
  EXPECT_THAT(text, HasSubstr("HTTP 404"));
  EXPECT_THAT(text, HasSubstr("restart the router"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("turn on UPnP")));
}

TEST(MappingsText, ARouterThatTurnsAwayWhoAsksMoreHasUpnp) {
  auto report = empty_table();
  report.upnp.state = service_state::refused;
  report.upnp.rtt = millis(3);
  const auto text = to_text(judged(report), fancy);
  EXPECT_THAT(text,
              HasSubstr("The router 192.168.1.1 responds to UPnP, but its port mapping table"));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("turn on UPnP")));
}

TEST(MappingsText, TellsOfLeftOvers) {
  auto report = empty_table();
  for (const bool has_table : {true, false}) {
    report.upnp.state = has_table ? service_state::answered : service_state::silent;
    report.stale_mappings.clear();
    EXPECT_THAT(to_text(judged(report), fancy), ::testing::Not(HasSubstr("left these open")));
    report.stale_mappings = {stale_mapping(), stale_mapping()};
    EXPECT_THAT(
        to_text(judged(report), fancy),
        HasSubstr("left these open, or may have: UDP 99 by PCP,\n        UDP 99 by PCP. natcheck"));
  }
}

TEST(MappingsText, ATable) {
  EXPECT_EQ(to_text(judged(three_entries()), fancy),
            R"(Router            192.168.1.1    eth0, asked by WANIPConnection:1 (UPnP)
External address  5.5.5.5        reported by the router
Port mappings     3              1 by natcheck on this machine (*)

  * TCP  1234 → 192.168.1.10:1234   59 min        natcheck
    UDP 51820 → 192.168.1.20:51820  permanent     WireGuard at home
    TCP    80 → 192.168.1.30:8080   not reported  (disabled) (only from 9.9.9.9)
                                                  web
)");
}

TEST(MappingsText, ANarrowTerminalAndAscii) {
  EXPECT_THAT(
      to_text(judged(three_entries()), text_style{false, false, 50}),
      HasSubstr("\n    UDP 51820 -> 192.168.1.20:51820 permanent\n    WireGuard at home\n"));
}

TEST(MappingsText, AnEmptyTable) {
  EXPECT_EQ(to_text(judged(empty_table()), fancy),
            R"(Router            192.168.1.1    eth0, asked by WANIPConnection:1 (UPnP)
External address  5.5.5.5        reported by the router
Port mappings     none
)");
}

TEST(MappingsText, AnIncompleteTable) {
  auto report = three_entries();
  report.complete = false;
  report.incomplete_because = "it fell silent after 3 entries";
  EXPECT_THAT(to_text(judged(report), fancy),
              HasSubstr("web\n\n  Note: The router did not return its whole table: it fell silent "
                        "after 3\n        entries.\n"));
  report.entries.clear();
  EXPECT_THAT(to_text(judged(report), fancy), HasSubstr("Port mappings     not known\n\n  Note:"));
}

TEST(MappingsText, NoTable) {
  mappings_report report;
  report.gateway = ip("192.168.1.1");
  report.upnp.state = service_state::silent;
  report.upnp.detail = "no answer to 3 requests";
  EXPECT_EQ(to_text(judged(report), fancy),
            R"(✘ The router 192.168.1.1 does not show a port mapping table.
  Next: - look at the router's port forwarding page, http://192.168.1.1/
        - turn on UPnP in the router's menu, then run: natcheck mappings list
  Why:  - UPnP: no answer to 3 requests
        - PCP and NAT-PMP also open ports, but cannot list them
)");
  report.upnp.state = service_state::not_tried;
  EXPECT_THAT(to_text(judged(report), fancy),
              HasSubstr("? The query to the router 192.168.1.1 did not finish"));
  report.gateway.reset();
  EXPECT_THAT(to_text(judged(report), fancy), HasSubstr("✘ There is no IPv4 router to ask"));
}

TEST(MappingsText, NothingFromTheNetworkBreaksIt) {
  const std::string hostile = "\x1b[2J\r\n\xff\xc2\x9b" + std::string(300, 'x');
  auto report = three_entries();
  report.complete = false;
  report.service = hostile;
  report.incomplete_because = hostile;
  for (auto& entry : report.entries) {
    entry.description = entry.internal_client = entry.remote_host = hostile;
  }
  for (const auto& style : {fancy, plain, text_style{false, true, 60}}) {
    const auto text = to_text(judged(report), style);
    EXPECT_EQ(text.find_first_of("\x1b\r\xff"), std::string::npos);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      EXPECT_LE(report::columns(line), style.width) << line;
    }
  }
  EXPECT_LT(to_json(judged(report)).size(), 5000U);
}

TEST(MappingsJson, HoldsEverything) {
  auto report = three_entries();
  report.entries.resize(1);
  report.stale_mappings = {stale_mapping()};
  EXPECT_EQ(boost::json::parse(to_json(judged(report))), boost::json::parse(R"({
      "schema":"natcheck/mappings/1","version":")" + std::string(version()) +
                                                                            R"(",
      "started_at":"2023-11-14T22:13:20.123Z","elapsed_ms":12.5,
      "gateway":{"address":"192.168.1.1","interface":"eth0"},
      "service":"urn:schemas-upnp-org:service:WANIPConnection:1","external_address":"5.5.5.5",
      "state":"answered","reason":null,"complete":true,"incomplete_because":null,
      "mappings":[{"protocol":"tcp","external_port":1234,"remote_host":null,
        "internal_client":"192.168.1.10","internal_port":1234,"enabled":true,
        "description":"natcheck","lease_s":3540,"ours":true}],
      "notes":[],
      "left_overs":[{"protocol":"udp","via":"pcp","external":null,"external_port":99,
        "internal":"192.168.1.10:99","lifetime_s":3600}]})"));
}

TEST(MappingsJson, AnUnreadableInternalPortIsNull) {
  auto report = empty_table();
  report.entries = {entry_of(transport::tcp, 80, "192.168.1.10", 80, "web")};
  report.entries[0].internal_port.reset();
  const auto all = boost::json::parse(to_json(judged(report)));
  EXPECT_TRUE(all.at("mappings").at(0).at("internal_port").is_null());
  EXPECT_THAT(to_text(judged(report), {}), HasSubstr("192.168.1.10:unreadable"));
}

TEST(MappingsJson, WhatIsNotKnownIsNull) {
  const auto all = boost::json::parse(to_json(judged(mappings_report{})));
  for (const char* key : {"gateway", "service", "external_address", "incomplete_because"}) {
    EXPECT_TRUE(all.at(key).is_null()) << key;
  }
  EXPECT_EQ(all.at("state"), "not-tried");
  EXPECT_EQ(all.at("complete"), false);
}

TEST(MappingsAnswer, YesOnlyWhenReadToTheEnd) {
  auto report = empty_table();
  EXPECT_EQ(judging::judge(report).answer, answer::yes);
  report.complete = false;
  EXPECT_EQ(judging::judge(report).answer, answer::unknown);
  const std::pair<service_state, answer> rows[] = {{service_state::refused, answer::no},
                                                   {service_state::silent, answer::no},
                                                   {service_state::malformed, answer::unknown},
                                                   {service_state::not_tried, answer::unknown}};
  for (const auto& [state, expected] : rows) {
    report.upnp.state = state;
    EXPECT_EQ(judging::judge(report).answer, expected);
  }
  report.gateway.reset();
  EXPECT_EQ(judging::judge(report).answer, answer::no);
}

}  // namespace mappings_test
}  // namespace natcheck
