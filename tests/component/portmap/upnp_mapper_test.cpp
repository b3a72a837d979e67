#include "portmap/upnp_mapper.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/steady_timer.hpp>

#include "portmap/removals.hpp"
#include "support/fake_gateway.hpp"

namespace natcheck::portmap {
namespace upnp_mapper_test {

using namespace support;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ending = http_answer::ending;

constexpr const char* key = "1234/TCP";

class UpnpMapper : public ::testing::Test {
 protected:
  result<mapping> map(upnp_mapper& mapper, std::chrono::seconds lifetime = 3600s) {
    return loop_.await(mapper.map({transport::tcp, 4321, 1234, lifetime, false}));
  }
  result<mapping> map() { return map(mapper_); }
  result<void> unmap() { return loop_.await(mapper_.unmap()); }

  /// Begins to map; cancelled when the gateway has got `count` requests for `action`.
  void map_until(const std::string& action, int count) {
    asio::cancellation_signal cancel;
    bool ended = false;
    asio::co_spawn(loop_.context(), mapper_.map({transport::tcp, 4321, 1234, 3600s, false}),
                   asio::bind_cancellation_slot(cancel.slot(), [&](auto&&...) { ended = true; }));
    ASSERT_TRUE(loop_.run_until([&] { return gateway_.count(action) == count; }));
    cancel.emit(asio::cancellation_type::terminal);
    ASSERT_TRUE(loop_.run_until([&] { return ended; }));
  }
  /// Lets the gateway take the next requests to add an entry, and not answer them.
  void make_adding_hang() { gateway_.answers["AddPortMapping"] = {"", ending::hang}; }
  void make_table_unreadable() {
    gateway_.answers["GetSpecificPortMappingEntry"] = soap_fault(401);
  }

  static fake_gateway::row ours() { return {host_ip, "4321", "natcheck", "3600"}; }
  static fake_gateway::row foreign() { return {"127.0.0.77", "80", "web server", "0"}; }

  loop loop_;
  fake_gateway gateway_{loop_.context()};
  upnp_mapper mapper_{gateway_.access()};
};

TEST_F(UpnpMapper, MapsAndReadsBack) {
  const auto made = map();
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_EQ(made->via, mapping_protocol::upnp);
  EXPECT_EQ(made->internal, (endpoint{asio::ip::make_address(host_ip), 4321}));
  EXPECT_EQ(made->external_port, 1234);
  EXPECT_EQ(made->external_address, asio::ip::make_address("5.5.5.5"));
  EXPECT_EQ(made->lifetime, 3600s);
  EXPECT_EQ(made->asked_port, 1234);
  EXPECT_EQ(made->asked_lifetime, 3600s);
  EXPECT_TRUE(made->verified);
  const auto& row = gateway_.table.at(key);
  EXPECT_EQ(row.client, host_ip);
  EXPECT_EQ(row.port, "4321");
  EXPECT_EQ(row.description, "natcheck");
  EXPECT_EQ(row.lease, "3600");
}

TEST_F(UpnpMapper, BelievesTheLeaseThatTheTableShows) {
  gateway_.answers["GetSpecificPortMappingEntry"] = soap_response(
      "GetSpecificPortMappingEntry",
      "<NewInternalPort>4321</NewInternalPort><NewInternalClient>127.0.0.1</NewInternalClient>"
      "<NewEnabled>1</NewEnabled><NewPortMappingDescription>natcheck"
      "</NewPortMappingDescription><NewLeaseDuration>86400</NewLeaseDuration>");
  const auto made = map();
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_EQ(made->lifetime, 86400s);
  EXPECT_EQ(made->asked_lifetime, 3600s);
  EXPECT_EQ(mapper_.record({transport::tcp, 4321, 1234, 3600s, false}).lifetime, 86400s);
}

TEST_F(UpnpMapper, SuccessWithoutAnEntryIsNone) {
  gateway_.keeps_entries = false;
  const auto made = map();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, outcome::refused);
  EXPECT_EQ(made.error().refusal, mapping_refusal::not_kept);
  EXPECT_THAT(to_string(made.error().detail), HasSubstr("its table does not have it"));
}

TEST_F(UpnpMapper, ATableThatCannotBeReadLeavesItUnverified) {
  make_table_unreadable();
  const auto made = map();
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_FALSE(made->verified);
  EXPECT_EQ(made->lifetime, 3600s);
  ASSERT_TRUE(unmap());
  EXPECT_THAT(gateway_.table, IsEmpty());
}

TEST_F(UpnpMapper, AForeignEntryIsNeverOverwritten) {
  gateway_.table[key] = foreign();
  const auto made = map();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, 718);
  EXPECT_THAT(to_string(made.error().detail), HasSubstr("127.0.0.77:80 (\"web server\")"));
  EXPECT_EQ(gateway_.count("AddPortMapping"), 0);
  ASSERT_TRUE(unmap());
  EXPECT_EQ(gateway_.count("DeletePortMapping"), 0);
}

TEST_F(UpnpMapper, ARefusedEntryIsNotRemoved) {
  gateway_.table[key] = foreign();
  make_table_unreadable();
  const auto made = map();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, 718);
  ASSERT_TRUE(unmap());
  EXPECT_EQ(gateway_.count("DeletePortMapping"), 0) << "what is there is somebody else's";
}

TEST_F(UpnpMapper, AnotherProgramOfThisHostIsForeignToo) {
  gateway_.table[key] = {host_ip, "4321", "game", "0"};
  const auto made = map();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, 718);
  EXPECT_EQ(gateway_.count("AddPortMapping"), 0);
}

TEST_F(UpnpMapper, TakesOverWhatAnEarlierRunLeft) {
  gateway_.table[key] = ours();
  gateway_.table[key].lease = "17";
  ASSERT_TRUE(map());
  EXPECT_EQ(gateway_.table.at(key).lease, "3600");
  ASSERT_TRUE(unmap());
  EXPECT_THAT(gateway_.table, IsEmpty());
}

TEST_F(UpnpMapper, UnmapRemovesOursAlone) {
  gateway_.table["80/TCP"] = foreign();
  gateway_.table["1234/UDP"] = foreign();
  ASSERT_TRUE(map());
  ASSERT_TRUE(unmap());
  EXPECT_EQ(gateway_.table.count(key), 0U);
  EXPECT_EQ(gateway_.table.size(), 2U);
  ASSERT_TRUE(unmap()) << "nothing is left to remove";
  EXPECT_EQ(gateway_.count("DeletePortMapping"), 1);
}

TEST_F(UpnpMapper, UnmapLeavesWhatReplacedIt) {
  ASSERT_TRUE(map());
  gateway_.table[key] = foreign();
  const auto removed = unmap();
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().refusal, mapping_refusal::taken_over);
  EXPECT_EQ(gateway_.count("DeletePortMapping"), 0);
  EXPECT_EQ(gateway_.table.count(key), 1U);
}

TEST_F(UpnpMapper, UnmapOfWhatIsGoneSucceeds) {
  gateway_.times.settling = gateway_.times.changing = 1h;
  upnp_mapper mapper(gateway_.access());
  ASSERT_TRUE(map(mapper));
  gateway_.table.clear();
  EXPECT_TRUE(loop_.await(mapper.unmap())) << "the add was answered: nothing more is to come";
}

TEST_F(UpnpMapper, NothingMappedNothingAsked) {
  ASSERT_TRUE(unmap());
  EXPECT_THAT(gateway_.requests, IsEmpty());
  EXPECT_THAT(gateway_.ssdp.requests(), IsEmpty());
}

TEST_F(UpnpMapper, RenewsItsOwnEntry) {
  ASSERT_TRUE(map());
  gateway_.table[key].lease = "1800";
  ASSERT_TRUE(map());
  EXPECT_EQ(gateway_.table.at(key).lease, "3600");
}

// Some gateways cut the description, or put a word of their own there.
TEST_F(UpnpMapper, KnowsItsEntryUnderAnotherDescription) {
  gateway_.keeps_description_as = "UPnP (127.0.0.1:4321)";
  ASSERT_TRUE(map());
  const auto renewed = map();
  EXPECT_TRUE(renewed) << to_string(renewed.error());
  ASSERT_TRUE(unmap());
  EXPECT_THAT(gateway_.table, IsEmpty());
}

TEST_F(UpnpMapper, RefusalsCarryTheirCode) {
  for (const int code : {501, 606, 718, 724, 725, 728, 729, -911}) {
    gateway_.answers["AddPortMapping"] = soap_fault(code);
    const auto made = map();
    ASSERT_FALSE(made) << code;
    EXPECT_EQ(made.error().kind, outcome::refused);
    EXPECT_EQ(made.error().code, code);
  }
}

TEST_F(UpnpMapper, RemovesWhatWasAskedForAndNeverAnswered) {
  make_adding_hang();
  ASSERT_FALSE(map());
  gateway_.table[key] = ours();  // it was made all the same
  ASSERT_TRUE(unmap());
  EXPECT_THAT(gateway_.table, IsEmpty());
}

TEST_F(UpnpMapper, RemovesWhatTheGatewayMakesLate) {
  make_adding_hang();
  map_until("AddPortMapping", 1);
  bool made = false;
  asio::steady_timer slowness(loop_.context(), 600ms);
  slowness.async_wait([&](auto) {
    gateway_.table[key] = ours();
    made = true;
  });
  ASSERT_TRUE(unmap());
  ASSERT_TRUE(loop_.run_until([&] { return made; }));
  EXPECT_THAT(gateway_.table, IsEmpty());
}

TEST_F(UpnpMapper, DoesNotWaitForEverForWhatIsNotMade) {
  make_adding_hang();
  map_until("AddPortMapping", 1);
  const stopwatch watch;
  EXPECT_TRUE(unmap());
  EXPECT_GT(watch.elapsed(), 2s);
  EXPECT_EQ(gateway_.count("DeletePortMapping"), 0);
}

TEST_F(UpnpMapper, KnowsItsEntryUnderAnotherDescriptionThatItHasNotRead) {
  gateway_.keeps_description_as = "UPnP";
  map_until("AddPortMapping", 1);
  ASSERT_EQ(gateway_.table.count(key), 1U);
  ASSERT_TRUE(unmap());
  EXPECT_THAT(gateway_.table, IsEmpty());
}

TEST_F(UpnpMapper, WhatMayHaveBeenThereBeforeIsKnownByItsDescriptionOnly) {
  make_table_unreadable();
  make_adding_hang();
  map_until("AddPortMapping", 1);
  gateway_.answers.erase("GetSpecificPortMappingEntry");
  gateway_.table[key] = {host_ip, "4321", "game", "0"};
  const auto removed = unmap();
  ASSERT_FALSE(removed);
  EXPECT_THAT(to_string(removed.error().detail), HasSubstr("is called \"game\""));
  EXPECT_EQ(gateway_.count("DeletePortMapping"), 0);
}

TEST_F(UpnpMapper, WhatWasNeverShownToBeOursIsNotRemovedBlindly) {
  gateway_.table[key] = foreign();
  make_table_unreadable();
  make_adding_hang();
  map_until("AddPortMapping", 1);
  const auto removed = unmap();
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, 401);
  EXPECT_EQ(gateway_.count("DeletePortMapping"), 0);
}

TEST_F(UpnpMapper, RemovesBlindlyWhereNothingWasBefore) {
  make_adding_hang();
  map_until("AddPortMapping", 1);
  gateway_.table[key] = ours();
  make_table_unreadable();
  ASSERT_TRUE(unmap());
  EXPECT_THAT(gateway_.table, IsEmpty());
}

TEST_F(UpnpMapper, ARenewalWithoutAnAnswerDoesNotUnmakeTheEntry) {
  make_table_unreadable();
  ASSERT_TRUE(map());
  make_adding_hang();
  map_until("AddPortMapping", 2);
  ASSERT_TRUE(unmap());
  EXPECT_THAT(gateway_.table, IsEmpty());
}

TEST_F(UpnpMapper, UsesTheConnectionThatIsInUse) {
  gateway_.description = describe_igd_with_ppp("/ctl");
  gateway_.answers["/ppp#GetStatusInfo"] =
      soap_response("GetStatusInfo", "<NewConnectionStatus>Disconnected</NewConnectionStatus>");
  gateway_.answers["/ppp#AddPortMapping"] = soap_fault(501);
  const auto made = map();
  EXPECT_TRUE(made) << to_string(made.error());
}

TEST_F(UpnpMapper, FindsAGatewayThatMoved) {
  ASSERT_TRUE(map());
  gateway_.description = describe_igd("/new");
  for (const char* action : {"AddPortMapping", "GetSpecificPortMappingEntry"}) {
    gateway_.answers[std::string("/ctl#") + action] = http_page("", "404 Not Found");
  }
  EXPECT_FALSE(map());
  const auto made = map();
  EXPECT_TRUE(made) << to_string(made.error());
  EXPECT_THAT(gateway_.requests.back().line, HasSubstr("/new"));
}

TEST_F(UpnpMapper, FindsTheServiceOnce) {
  ASSERT_TRUE(loop_.await(mapper_.find()));
  EXPECT_THAT(gateway_.actions(), IsEmpty()) << "to look changes nothing";
  ASSERT_TRUE(map());
  const auto& requests = gateway_.requests;
  EXPECT_EQ(std::count_if(requests.begin(), requests.end(),
                          [](const http_request& asked) { return asked.action.empty(); }),
            1)
      << "map() has at hand what find() found: its description is read once";
}

TEST_F(UpnpMapper, SilenceIsNoService) {
  gateway_.on_search = [](auto&, const auto&, const auto&) {};
  const auto found = loop_.await(mapper_.find());
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().kind, outcome::timed_out);
  gateway_.on_search = {};
  EXPECT_TRUE(map()) << "the next attempt looks again";
}

TEST_F(UpnpMapper, FindSearchesAnew) {
  ASSERT_TRUE(loop_.await(mapper_.find()));
  gateway_.on_search = [](auto&, const auto&, const auto&) {};
  EXPECT_FALSE(loop_.await(mapper_.find())) << "it is not there any more";
}

}  // namespace upnp_mapper_test
}  // namespace natcheck::portmap
