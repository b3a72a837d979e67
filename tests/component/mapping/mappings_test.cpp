#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <natcheck/mappings.hpp>

#include "portmap/upnp_table.hpp"
#include "support/fake_gateway.hpp"

namespace natcheck::mappings {
namespace mappings_test {

using namespace support;
using portmap::upnp_table;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ending = http_answer::ending;

http_answer entry(int external_port) {
  return soap_response(
      "GetGenericPortMappingEntry",
      fmt::format("<NewRemoteHost></NewRemoteHost><NewExternalPort>{}</NewExternalPort>"
                  "<NewProtocol>TCP</NewProtocol><NewInternalPort>80</NewInternalPort>"
                  "<NewInternalClient>127.0.0.9</NewInternalClient>",
                  external_port));
}

class Mappings : public ::testing::Test {
 protected:
  upnp_table read(milliseconds limit = 60s) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    return loop_.await(portmap::read_upnp_table(gateway_.access(), deadline));
  }
  int questions() const { return gateway_.count("GetGenericPortMappingEntry"); }
  void fill() {
    gateway_.table["1234/TCP"] = {host_ip, "4321", "natcheck", "3600"};
    gateway_.table["53/UDP"] = {"127.0.0.9", "5353",    "Tom &amp; &quot;J&quot;",
                                "0",         "9.9.9.9", "0"};
    gateway_.table["80/TCP"] = {"127.0.0.9", "8080", "natcheck", "60"};
  }

  loop loop_;
  fake_gateway gateway_{loop_.context()};
};

TEST_F(Mappings, AnEmptyTable) {
  const stopwatch watch;
  const auto table = read();
  EXPECT_THAT(table.rows, IsEmpty());
  EXPECT_EQ(to_string(table.incomplete_because), "");
  EXPECT_EQ(table.gateway.state, service_state::answered);
  EXPECT_EQ(table.gateway.service, "urn:schemas-upnp-org:service:WANIPConnection:1");
  EXPECT_EQ(table.gateway.external_address, asio::ip::make_address("5.5.5.5"));
  EXPECT_EQ(questions(), 2) << "it might begin with the index 1";
  EXPECT_LT(watch.elapsed(), 1500ms) << "the search lasts 1.6 s when it is waited for";
}

TEST_F(Mappings, EveryRowIsRead) {
  fill();
  const auto table = read();
  EXPECT_EQ(to_string(table.incomplete_because), "");
  ASSERT_THAT(table.rows, SizeIs(3));
  const auto& ours = table.rows[0];
  EXPECT_EQ(ours.protocol, transport::tcp);
  EXPECT_EQ(ours.external_port, 1234);
  EXPECT_EQ(ours.remote_host, "");
  EXPECT_EQ(ours.internal_client, host_ip);
  EXPECT_EQ(ours.internal_port, 4321);
  EXPECT_TRUE(ours.enabled);
  EXPECT_EQ(ours.description, "natcheck");
  EXPECT_EQ(ours.lease_s, 3600U);
  EXPECT_TRUE(ours.ours);
  const auto& other = table.rows[1];
  EXPECT_EQ(other.protocol, transport::udp);
  EXPECT_EQ(other.external_port, 53);
  EXPECT_EQ(other.remote_host, "9.9.9.9");
  EXPECT_FALSE(other.enabled);
  EXPECT_EQ(other.description, "Tom & \"J\"");
  EXPECT_EQ(other.lease_s, 0U);
  EXPECT_FALSE(other.ours);
  EXPECT_FALSE(table.rows[2].ours) << "natcheck's, on another host";
}

TEST_F(Mappings, AnUnreadableInternalPortIsNone) {
  int external = 1234;
  for (const char* port : {"0x50", "65536", "-1", "", "http", "0", "+80"}) {
    gateway_.table[std::to_string(external++) + "/TCP"] = {host_ip, port, "natcheck", "0"};
  }
  const auto table = read();
  std::vector<std::optional<std::uint16_t>> ports;
  std::vector<bool> ours;
  for (const auto& row : table.rows) {
    ports.push_back(row.internal_port);
    ours.push_back(row.ours);
  }
  EXPECT_THAT(ports,
              ElementsAre(std::nullopt, std::nullopt, std::nullopt, std::nullopt, std::nullopt,
                          std::optional<std::uint16_t>(0), std::optional<std::uint16_t>(80)));
  EXPECT_THAT(ours, ElementsAre(false, false, false, false, false, true, true));
  ASSERT_THAT(table.notes, SizeIs(1));
  EXPECT_EQ(
      to_string(table.notes[0]),
      "The internal port is unreadable in these entries of the router's table: 0, 1, 2, 3, 4.");
}

TEST_F(Mappings, ChangesNothing) {
  fill();
  read();
  EXPECT_THAT(gateway_.actions(), Each(::testing::StartsWith("Get")));
  EXPECT_THAT(gateway_.table, SizeIs(3));
}

struct list_end {
  http_answer answer;
  bool after_rows;        ///< it is the end, after a row
  bool at_once;           ///< it is the end, before the first
  const char* otherwise;  ///< what is said where it is none
};

TEST_F(Mappings, EndsInEveryShape) {
  const list_end table[] = {
      {soap_fault(713), true, true, ""},
      {soap_fault(714), true, true, ""},
      {soap_fault(402), true, false, "is empty, or it does not list it"},
      {soap_fault(501), true, false, "is empty, or it does not list it"},
      {http_page("", "500 Internal Server Error"), true, false, "HTTP 500"},
      {soap_fault(606), false, false, "not authorized"},
      {soap_fault(401), false, false, "does not support this action"},
      {http_page("", "401 Unauthorized"), false, false, "HTTP 401"},
      {http_page("<html>Please log in</html>"), false, false, "login page"},
      {{"", ending::reset}, false, false, ""},
      {soap_response("GetGenericPortMappingEntry", ""), false, false, "no port or no protocol"},
  };
  for (const list_end& row : table) {
    gateway_.after_last_entry = row.answer;
    for (const bool filled : {false, true}) {
      gateway_.table.clear();
      if (filled) fill();
      const auto read_table = read();
      const bool complete = filled ? row.after_rows : row.at_once;
      EXPECT_EQ(read_table.incomplete_because.empty(), complete)
          << to_string(read_table.incomplete_because) << " " << row.answer.bytes;
      EXPECT_THAT(read_table.rows, SizeIs(filled ? 3 : 0));
      const char* reason = complete ? "" : row.otherwise;
      EXPECT_THAT(to_string(read_table.incomplete_because), HasSubstr(reason));
    }
  }
}

struct odd_table {
  const char* name;
  std::vector<http_answer> rows;  ///< by index; what is behind them is the end
  std::vector<int> ports;         ///< that are listed
  const char* told;               ///< in a note, or why the table is incomplete
  bool complete = true;
};

http_answer told_row(int port, const std::string& protocol = "TCP",
                     const std::string& client = "127.0.0.9") {
  return soap_response(
      "GetGenericPortMappingEntry",
      fmt::format("<NewRemoteHost></NewRemoteHost><NewExternalPort> {} </NewExternalPort>"
                  "<NewProtocol>{}</NewProtocol><NewInternalPort>1</NewInternalPort>"
                  "<NewInternalClient>{}</NewInternalClient><NewEnabled>Yes</NewEnabled>",
                  port, protocol, client));
}

TEST_F(Mappings, GoesOnAfterWhatIsOdd) {
  const auto placeholder = soap_response("GetGenericPortMappingEntry", "");
  const auto nameless = told_row(9, "");
  const http_answer broken{"", ending::reset};
  const auto failed = soap_fault(501);
  const odd_table tables[] = {
      {"first a placeholder", {placeholder, told_row(1), told_row(2)}, {1, 2}, "left out: 0."},
      {"no protocol", {told_row(1), nameless, told_row(2), nameless}, {1, 2}, "left out: 1, 3."},
      {"the first index is 1", {soap_fault(713), told_row(1), told_row(2)}, {1, 2}, "index 1"},
      {"the same with 402", {soap_fault(402), told_row(1)}, {1}, "index 1"},
      {"a hole", {told_row(1), failed, told_row(2)}, {1, 2}, "no entry 1"},
      {"one fails", {told_row(1), broken, told_row(2)}, {1, 2}, "entry 1 could not", false},
      {"two fail", {told_row(1), broken, broken, told_row(2)}, {1}, "entry 2 could not", false},
      {"twice", {told_row(1), told_row(1), told_row(2)}, {1, 2}, "appear twice"},
      {"in lower case", {told_row(1, " tcp "), told_row(2, "udp")}, {1, 2}, ""},
      {"both at once", {told_row(1, "TCP/UDP")}, {1, 1}, ""},
  };
  for (const odd_table& odd : tables) {
    SCOPED_TRACE(odd.name);
    gateway_.on_request = [&](const http_request& request) {
      if (request.action != "GetGenericPortMappingEntry") return;
      const auto index = std::stoul(*element(request.body, "NewPortMappingIndex"));
      gateway_.answers[request.action] =
          index < odd.rows.size() ? odd.rows[index] : soap_fault(713);
    };
    const auto table = read();
    std::vector<int> ports;
    for (const auto& row : table.rows) ports.push_back(row.external_port);
    EXPECT_EQ(ports, odd.ports);
    EXPECT_EQ(table.incomplete_because.empty(), odd.complete)
        << to_string(table.incomplete_because);
    std::string told = to_string(table.incomplete_because);
    for (const auto& note : table.notes) told += to_string(note);
    EXPECT_THAT(told, HasSubstr(odd.told));
    EXPECT_TRUE(*odd.told != '\0' || told.empty()) << told;
  }
}

TEST_F(Mappings, AConnectionThatBreaksOnceIsTriedAgain) {
  fill();
  int asked = 0;
  gateway_.on_request = [&](const http_request& request) {
    if (request.action != "GetGenericPortMappingEntry") return;
    gateway_.answers.clear();
    if (++asked == 2) gateway_.answers[request.action] = {"", ending::reset};
  };
  const auto table = read();
  EXPECT_EQ(to_string(table.incomplete_because), "");
  EXPECT_THAT(table.rows, SizeIs(3));
  EXPECT_THAT(table.notes, IsEmpty());
}

TEST_F(Mappings, AClientMayBeAName) {
  const std::pair<const char*, bool> clients[] = {
      {"desktop", true}, {"", true}, {" 127.0.0.10 ", false}, {"127.000.000.002", false}};
  for (const auto& [client, ours] : clients) {
    gateway_.table.clear();
    gateway_.table["1234/TCP"] = {client, "4321", "natcheck", "3600"};
    EXPECT_EQ(read().rows.at(0).ours, ours) << client;
  }
  gateway_.table["1234/TCP"] = {std::string(" ") + host_ip + " ", "4321", "natcheck", "3600"};
  EXPECT_TRUE(read().rows.at(0).ours);
  gateway_.table["1234/TCP"] = {"desktop", "4321", "torrent", "3600"};
  EXPECT_FALSE(read().rows.at(0).ours);
}

TEST_F(Mappings, TheSameEntryForEver) {
  gateway_.answers["GetGenericPortMappingEntry"] = entry(80);
  const auto table = read();
  EXPECT_THAT(table.rows, SizeIs(1));
  EXPECT_THAT(to_string(table.incomplete_because), HasSubstr("endlessly"));
  EXPECT_LE(questions(), 10);
}

TEST_F(Mappings, AnEntryThatMovesIsReadOnce) {
  fill();
  gateway_.after_last_entry = soap_fault(713);
  gateway_.on_request = [&](const http_request& request) {
    // A row before those that were read moves them down by one.
    if (request.body.find("<NewPortMappingIndex>1<") != std::string::npos) {
      gateway_.table["10/TCP"] = {"127.0.0.9", "10", "new", "0"};
    }
  };
  const auto table = read();
  EXPECT_EQ(to_string(table.incomplete_because), "");
  EXPECT_THAT(table.rows, SizeIs(3));
}

TEST_F(Mappings, MoreThanAnybodyHas) {
  for (int port = 1; port <= 1100; ++port) {
    gateway_.table[std::to_string(port) + "/UDP"] = {"127.0.0.9", "80", "flood", "0"};
  }
  const auto table = read();
  EXPECT_THAT(table.rows, SizeIs(portmap::max_rows));
  EXPECT_EQ(to_string(table.incomplete_because), "only its first 1000 entries were read");
}

TEST_F(Mappings, WhatWasReadBeforeTheTimeWasOverStays) {
  fill();
  gateway_.after_last_entry = {"", ending::hang};
  const auto table = read(1s);
  EXPECT_THAT(table.rows, SizeIs(3));
  EXPECT_THAT(to_string(table.incomplete_because), HasSubstr("timed out before"));
  EXPECT_EQ(table.gateway.state, service_state::answered);
}

TEST_F(Mappings, AnEntryThatNeverComesEndsIt) {
  fill();
  gateway_.after_last_entry = {"", ending::hang};
  const auto table = read();
  EXPECT_THAT(table.rows, SizeIs(3));
  EXPECT_THAT(to_string(table.incomplete_because), HasSubstr("timed out after 3 s while waiting"));
}

TEST_F(Mappings, NoServiceNoTable) {
  gateway_.on_search = [](auto&, const auto&, const auto&) {};
  auto table = read();
  EXPECT_EQ(table.gateway.state, service_state::silent);
  EXPECT_EQ(table.gateway.service, std::nullopt);
  EXPECT_EQ(to_string(table.incomplete_because), "no answer to 3 searches in 1600 ms");
  table = read(200ms);
  EXPECT_EQ(table.gateway.state, service_state::not_tried);
  EXPECT_THAT(to_string(table.gateway.detail), HasSubstr("timed out before"));
}

TEST_F(Mappings, TheTableIsThatOfTheConnectionInUse) {
  gateway_.description = describe_igd_with_ppp("/ctl");
  gateway_.answers["/ppp#GetStatusInfo"] =
      soap_response("GetStatusInfo", "<NewConnectionStatus>Disconnected</NewConnectionStatus>");
  gateway_.answers["/ppp#GetGenericPortMappingEntry"] = entry(4);
  fill();
  const auto table = read();
  EXPECT_EQ(to_string(table.incomplete_because), "");
  EXPECT_THAT(table.rows, SizeIs(3));
}

// list_mappings() cannot be pointed at a fake gateway's ports; this holds on any machine.
TEST(ListMappings, EndsWhenItsTimeIsOver) {
  loop events_loop;
  mappings_options options;
  options.interface = "lo";
  options.gateway = asio::ip::make_address(gateway_ip);
  options.timeout = 300ms;
  const stopwatch watch;
  const auto report = events_loop.await(list_mappings(options));
  EXPECT_LT(watch.elapsed(), 1500ms);
  ASSERT_TRUE(report) << to_string(report.error());
  EXPECT_EQ(report->gateway, options.gateway);
  EXPECT_EQ(report->upnp.state, service_state::not_tried);
  EXPECT_FALSE(report->complete);
  EXPECT_THAT(to_string(report->incomplete_because), HasSubstr("timed out before"));
}

TEST(ListMappings, NeedsAnInterfaceThatExists) {
  loop events_loop;
  mappings_options options;
  options.interface = "nonexistent0";
  const auto report = events_loop.await(list_mappings(options));
  ASSERT_FALSE(report);
  EXPECT_THAT(to_string(report.error()), HasSubstr("nonexistent0"));
}

}  // namespace mappings_test
}  // namespace natcheck::mappings
