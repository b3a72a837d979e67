#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocols/ssdp/search.hpp"

namespace natcheck::ssdp {
namespace ssdp_search_test {

using boost::asio::ip::make_address;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const address gateway = make_address("192.168.1.1");
const endpoint gateway_port{gateway, 1900};
const endpoint everybody{make_address("239.255.255.250"), 1900};
const time_point start{1000h};

const std::string igd = "urn:schemas-upnp-org:device:InternetGatewayDevice:1";

std::string answer_with(const std::string& location, const std::string& st = igd) {
  return fmt::format(
      "HTTP/1.1 200 OK\r\nST: {}\r\nUSN: uuid:1::{}\r\nSERVER: Test/1\r\nLOCATION: {}\r\n"
      "BOOTID.UPNP.ORG: 7\r\n\r\n",
      st, st, location);
}

struct sent {
  std::chrono::milliseconds at;
  transmission what;
};

/// Runs the machine on its own timeouts, without any answer, to its end.
std::vector<sent> run_to_end(search& machine, time_point& now) {
  std::vector<sent> all;
  while (!machine.finished(now)) {
    while (auto out = machine.poll_transmit(now)) {
      all.push_back({std::chrono::duration_cast<std::chrono::milliseconds>(now - start), *out});
    }
    now = machine.next_timeout().value();
  }
  return all;
}

std::vector<search_event> events_of(search& machine) {
  std::vector<search_event> all;
  while (auto event = machine.poll_event()) all.push_back(std::move(*event));
  return all;
}

std::string target_of(const transmission& what) {
  const auto begin = what.payload.find("\r\nST: ") + 6;
  return what.payload.substr(begin, what.payload.find('\r', begin) - begin);
}

class Search : public testing::Test {
 protected:
  void answer(const address& from, const std::string& text, time_point at = start + 40ms) {
    machine_.handle_packet(at, {from, 1900}, text);
  }

  search machine_{search_config{gateway}, start};
};

// --- the schedule --------------------------------------------------------------------------

TEST_F(Search, SendsThreeRoundsThenWaitsForTheSlowestAnswer) {
  time_point now = start;
  const auto all = run_to_end(machine_, now);
  EXPECT_EQ(now - start, 1600ms) << "the last request, MX, and a tenth of a second";
  ASSERT_THAT(all, SizeIs(54));
  for (std::size_t i = 0; i < all.size(); ++i) {
    EXPECT_EQ(all[i].at, (i / 18) * 250ms) << i;
    EXPECT_EQ(all[i].what.to, i % 2 == 0 ? gateway_port : everybody) << i;
    EXPECT_EQ(target_of(all[i].what), target_of(all[i % 18 / 2 * 2].what)) << i;
  }
  EXPECT_EQ(machine_.attempts(), 3);
}

TEST_F(Search, AsksForEveryNameOfAGateway) {
  std::vector<std::string> targets;
  while (auto out = machine_.poll_transmit(start)) {
    if (out->to == gateway_port) targets.push_back(target_of(*out));
  }
  EXPECT_THAT(targets, ElementsAre("urn:schemas-upnp-org:device:InternetGatewayDevice:2",
                                   "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
                                   "urn:schemas-upnp-org:service:WANIPConnection:2",
                                   "urn:schemas-upnp-org:service:WANIPConnection:1",
                                   "urn:schemas-upnp-org:service:WANPPPConnection:1",
                                   "upnp:rootdevice", "urn:dslforum-org:service:WANIPConnection:1",
                                   "urn:dslforum-org:service:WANPPPConnection:1", "ssdp:all"));
}

TEST_F(Search, NamesTheDestinationInTheRequest) {
  const auto direct = machine_.poll_transmit(start);
  const auto multicast = machine_.poll_transmit(start);
  ASSERT_TRUE(direct && multicast);
  EXPECT_THAT(direct->payload, testing::HasSubstr("HOST: 192.168.1.1:1900\r\n"));
  EXPECT_THAT(multicast->payload, testing::HasSubstr("HOST: 239.255.255.250:1900\r\n"));
  EXPECT_THAT(direct->payload, testing::HasSubstr("MX: 1\r\n"));
}

TEST_F(Search, CountsRoundsAsTheyBegin) {
  EXPECT_EQ(machine_.attempts(), 0);
  EXPECT_EQ(machine_.next_timeout(), start);
  EXPECT_FALSE(machine_.poll_transmit(start - 1ms));
  machine_.poll_transmit(start);
  EXPECT_EQ(machine_.attempts(), 1);
  while (machine_.poll_transmit(start)) continue;
  EXPECT_EQ(machine_.attempts(), 1);
  EXPECT_EQ(machine_.next_timeout(), start + 250ms);
  EXPECT_FALSE(machine_.poll_transmit(start + 249ms));
  EXPECT_TRUE(machine_.poll_transmit(start + 250ms));
  EXPECT_EQ(machine_.attempts(), 2);
}

TEST_F(Search, ALateCallerStillGivesDevicesTheirTime) {
  const time_point late = start + 10s;
  while (machine_.poll_transmit(late)) continue;
  EXPECT_EQ(machine_.attempts(), 3);
  EXPECT_FALSE(machine_.finished(late + 1099ms));
  EXPECT_TRUE(machine_.finished(late + 1100ms));
}

TEST_F(Search, HasNoTimeoutAfterItsEnd) {
  time_point now = start;
  run_to_end(machine_, now);
  EXPECT_EQ(machine_.next_timeout(), now);
  EXPECT_FALSE(machine_.poll_transmit(now));
  EXPECT_EQ(machine_.next_timeout(), std::nullopt);
}

TEST(SearchConfig, MxLengthensTheWait) {
  search machine({gateway, everybody, 1900, 3}, start);
  time_point now = start;
  run_to_end(machine, now);
  EXPECT_EQ(now - start, 500ms + 3s + 100ms);
}

// --- answers -------------------------------------------------------------------------------

TEST_F(Search, FindsTheGateway) {
  machine_.poll_transmit(start + 5ms);
  machine_.handle_packet(start + 45ms, {gateway, 49152},  // some answer from another port
                         answer_with("http://192.168.1.1:5000/rootDesc.xml"));
  const auto events = events_of(machine_);
  ASSERT_THAT(events, SizeIs(1));
  const auto& event = std::get<found>(events[0]);
  EXPECT_EQ(to_string(event.location), "http://192.168.1.1:5000/rootDesc.xml");
  EXPECT_EQ(event.boot_id, 7U);
  EXPECT_EQ(event.rtt, millis(40)) << "since the first request, not since the start";
  EXPECT_TRUE(event.announces_gateway);
}

TEST_F(Search, ReportsALocationOnceAndAgainWhenItTurnsOutToBeAGateway) {
  const std::string location = "http://192.168.1.1/a";
  answer(gateway, answer_with(location, "upnp:rootdevice"));
  answer(gateway, answer_with(location, "upnp:rootdevice"));
  answer(gateway, answer_with(location, igd));
  answer(gateway, answer_with(location, igd));
  answer(gateway, answer_with(location, "upnp:rootdevice"));
  answer(gateway, answer_with("http://192.168.1.1/b", igd));
  std::vector<std::pair<std::string, bool>> seen;
  for (const auto& event : events_of(machine_)) {
    const auto& one = std::get<found>(event);
    seen.emplace_back(one.location.target, one.announces_gateway);
  }
  EXPECT_THAT(seen,
              ElementsAre(std::pair("/a", false), std::pair("/a", true), std::pair("/b", true)));
}

struct rejection_row {
  std::string text;
  std::string_view reason;
};

TEST_F(Search, RejectsWhatTheGatewayMustNotSay) {
  const rejection_row rows[]{
      {answer_with("http://10.0.0.9:5000/"), "LOCATION names another host, 10.0.0.9"},
      {answer_with("http://10.9/"), "LOCATION has the host \"10.9\", which is not an IP address"},
      {answer_with("file:///etc/passwd"), "LOCATION is not an http URL"},
      {"HTTP/1.1 500 No\r\n\r\n", "HTTP status \"500\""},
      {"HTTP/1.1 200 OK\r\nST: x\r\n\r\n", "no LOCATION"},
      {"NOTIFY * HTTP/1.1\r\n\r\n", "a NOTIFY announcement, not an answer to a search"},
  };
  for (const auto& row : rows) {
    answer(gateway, row.text);
    answer(gateway, row.text);
    const auto events = events_of(machine_);
    ASSERT_THAT(events, SizeIs(1)) << row.reason;
    EXPECT_EQ(to_string(std::get<rejected>(events[0]).reason), row.reason);
  }
}

TEST_F(Search, NamesOtherGatewaysOnceAndNeverUsesThem) {
  const address other = make_address("192.168.1.50");
  answer(other, "garbage");
  answer(other, answer_with("http://192.168.1.50/tv", "upnp:rootdevice"));
  EXPECT_THAT(events_of(machine_), IsEmpty()) << "a television is of no interest";
  answer(other, answer_with("http://192.168.1.1/evil"));
  answer(other, answer_with("http://192.168.1.50/evil"));
  const auto events = events_of(machine_);
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(std::get<other_device>(events[0]).from, other);
}

TEST(SearchConfig, KnowsTheGatewayInEitherForm) {
  search machine({make_address("192.168.1.1")}, start);
  machine.handle_packet(start, {make_address("::ffff:192.168.1.1"), 1900},
                        answer_with("http://192.168.1.1/"));
  const auto event = machine.poll_event();
  ASSERT_TRUE(event);
  EXPECT_TRUE(std::holds_alternative<found>(*event));
}

// --- floods --------------------------------------------------------------------------------

TEST_F(Search, AFloodOfStrangersNeitherGrowsNorHidesTheGateway) {
  for (unsigned i = 0; i < 10'000; ++i) {
    answer(boost::asio::ip::make_address_v4(0x0a000000 + i), answer_with("http://10.0.0.1/"));
  }
  EXPECT_THAT(events_of(machine_), SizeIs(50));
  answer(gateway, answer_with("http://192.168.1.1/"));
  EXPECT_THAT(events_of(machine_), SizeIs(1));
}

TEST_F(Search, AFloodFromTheGatewayIsBounded) {
  for (int i = 0; i < 10'000; ++i)
    answer(gateway, answer_with(fmt::format("http://192.168.1.1/{}", i)));
  EXPECT_THAT(events_of(machine_), SizeIs(50));
}

TEST_F(Search, AFloodOfFoolishAnswersIsBounded) {
  for (int i = 0; i < 10'000; ++i) answer(gateway, answer_with(fmt::format("http://host{}/", i)));
  EXPECT_THAT(events_of(machine_), SizeIs(50));
}

TEST_F(Search, ManyAnswersForOneLocationDoNotHideAnother) {
  // A router with several devices in it answers ssdp:all with dozens of datagrams.
  for (int i = 0; i < 200; ++i) answer(gateway, answer_with("http://192.168.1.1/wfa", "x"));
  answer(gateway, answer_with("http://192.168.1.1/igd"));
  EXPECT_THAT(events_of(machine_), SizeIs(2));
}

// --- IPv6 ----------------------------------------------------------------------------------

const address router = make_address("fe80::1%2");
const address other_of_router = make_address("fe80::2%2");
const endpoint all_devices{make_address("ff02::c%2"), 1900};

search ipv6_search(audience asked) {
  search_config config;
  config.gateway = router;
  config.multicast = all_devices;
  config.targets = ipv6_firewall_targets;
  config.asked = asked;
  config.local = make_address("2001:db8::10");
  return {config, start};
}

TEST(Ipv6Search, AsksTheOneOrTheOthers) {
  for (const auto asked : {audience::gateway, audience::everybody}) {
    search machine = ipv6_search(asked);
    time_point now = start;
    const auto all = run_to_end(machine, now);
    EXPECT_EQ(now - start, 1600ms);
    ASSERT_THAT(all, SizeIs(6));
    const endpoint to = asked == audience::gateway ? endpoint{router, 1900} : all_devices;
    for (std::size_t i = 0; i < all.size(); ++i) {
      EXPECT_EQ(all[i].at, (i / 2) * 250ms) << i;
      EXPECT_EQ(all[i].what.to, to) << i;
      EXPECT_EQ(target_of(all[i].what), ipv6_firewall_targets[i % 2]) << i;
    }
    EXPECT_EQ(machine.attempts(), 3);
  }
}

struct sender_row {
  audience asked;
  address from;
  bool is_gateway;
};

TEST(Ipv6Search, WhoeverAnswersForTheGatewayIsIt) {
  const address of_our_subnet = make_address("2001:db8::1");
  const sender_row rows[]{
      {audience::gateway, router, true},
      {audience::gateway, other_of_router, true},
      {audience::gateway, of_our_subnet, true},
      {audience::gateway, make_address("2001:db8:9::1"), false},
      {audience::everybody, router, true},
      {audience::everybody, other_of_router, false},
      {audience::everybody, of_our_subnet, false},
  };
  for (const auto& [asked, from, is_gateway] : rows) {
    search machine = ipv6_search(asked);
    machine.handle_packet(start, {from, 1900}, answer_with("http://[2001:db8::1]:5000/x"));
    const auto events = events_of(machine);
    ASSERT_THAT(events, SizeIs(1)) << from;
    EXPECT_EQ(std::holds_alternative<found>(events[0]), is_gateway) << from;
    EXPECT_EQ(std::holds_alternative<other_device>(events[0]), !is_gateway) << from;
  }
}

TEST(Ipv6Search, LocationsStayOnTheLink) {
  search machine = ipv6_search(audience::gateway);
  machine.handle_packet(start, {router, 1900}, answer_with("http://[fe80::2]:5000/x"));
  machine.handle_packet(start, {router, 1900}, answer_with("http://[2001:db8:9::1]/x"));
  const auto events = events_of(machine);
  ASSERT_THAT(events, SizeIs(2));
  EXPECT_EQ(std::get<found>(events[0]).location.host, other_of_router) << "with its zone";
  EXPECT_EQ(to_string(std::get<rejected>(events[1]).reason),
            "LOCATION names a host outside this network, 2001:db8:9::1");
}

}  // namespace ssdp_search_test
}  // namespace natcheck::ssdp
