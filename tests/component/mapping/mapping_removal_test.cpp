// What dead runs left, and what remove and clean close.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "component/mapping/mapping_changes.hpp"

namespace natcheck::mappings {
namespace mapping_removal_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ending = http_answer::ending;

// --- what was left behind ------------------------------------------------------------------

TEST_F(MappingChanges, WhatADeadRunLeftIsRemovedFirst) {
  leave_behind(upnp_record(99));
  put_row("99/TCP", host_ip);
  const auto report = add(1234);
  ASSERT_THAT(report.stale_mappings, SizeIs(1));
  EXPECT_TRUE(report.stale_mappings[0].removed);
  EXPECT_EQ(report.stale_mappings[0].entry.external_port, 99);
  EXPECT_FALSE(gateway_.table.contains("99/TCP"));
  EXPECT_THAT(known(recorded_by::dead), IsEmpty());
}

TEST_F(MappingChanges, ALeftOverWhosePlaceSomebodyElseHasIsWrittenOff) {
  leave_behind(upnp_record(99));
  put_row("99/TCP", other_ip, "web");
  EXPECT_THAT(add(1234).stale_mappings, SizeIs(1));
  EXPECT_EQ(gateway_.table.at("99/TCP").client, other_ip);
  EXPECT_THAT(known(recorded_by::dead), IsEmpty());
}

TEST_F(MappingChanges, ALeftOverThatCannotBeRemovedIsToldAndKept) {
  leave_behind(upnp_record(99));
  put_row("99/TCP", host_ip);
  gateway_.answers["DeletePortMapping"] = soap_fault(501);
  for (int i = 0; i < 2; ++i) {
    const auto report = add(1234);
    ASSERT_THAT(report.stale_mappings, SizeIs(1));
    EXPECT_FALSE(report.stale_mappings[0].removed);
    EXPECT_NE(to_string(report.stale_mappings[0].detail), "");
    EXPECT_THAT(known(recorded_by::dead), SizeIs(1));
  }
}

TEST_F(MappingChanges, WhatSeveralRunsLeftOnOnePortIsRemovedOnce) {
  for (int i = 0; i < 3; ++i) leave_behind(upnp_record(99));
  put_row("99/TCP", host_ip);
  const auto told = loop_.await(remove_stale_mappings(place().here, state_));
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_TRUE(told[0].removed);
  EXPECT_EQ(gateway_.count("DeletePortMapping"), 1);
  EXPECT_THAT(known(recorded_by::dead), IsEmpty());
}

TEST_F(MappingChanges, ALeftOverOfAnotherNetworkStays) {
  leave_behind(record_elsewhere(99));
  EXPECT_THAT(add(1234).stale_mappings, IsEmpty());
  EXPECT_THAT(known(recorded_by::dead), ElementsAre(record_elsewhere(99)));
}

TEST_F(MappingChanges, ALeftOverThatHasANewOwnerIsHis) {
  EXPECT_EQ(add(1234).judged.answer, answer::yes);
  leave_behind(upnp_record(1234));
  EXPECT_THAT(add(80).stale_mappings, IsEmpty());
  EXPECT_TRUE(gateway_.table.contains("1234/TCP"));
  EXPECT_THAT(known(recorded_by::dead), IsEmpty());
}

TEST_F(MappingChanges, LeftOversThatCannotBeRemovedCostABoundedTime) {
  gateway_.times = {300ms, 300ms, 300ms};
  for (std::uint16_t port = 1; port <= 5; ++port) leave_behind(upnp_record(port));
  gateway_.answers["GetSpecificPortMappingEntry"] = {"", ending::hang};
  const stopwatch watch;
  const auto told = loop_.await(remove_stale_mappings(place().here, state_));
  EXPECT_THAT(told, SizeIs(5));
  EXPECT_LT(watch.elapsed(), 12s) << "all have that together";
  EXPECT_THAT(known(recorded_by::dead), SizeIs(5));
}

TEST_F(MappingChanges, WhereSomebodyListensALeftOverIsSpared) {
  leave_behind(upnp_record(99));
  put_row("99/TCP", host_ip);
  asio::ip::tcp::acceptor other(loop_.context(), {asio::ip::make_address(host_ip), 4321});
  const auto told = loop_.await(remove_stale_mappings(place().here, state_));
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_FALSE(told[0].removed);
  EXPECT_THAT(to_string(told[0].detail),
              HasSubstr("something may be listening on port 4321 of this machine"));
  EXPECT_TRUE(gateway_.table.contains("99/TCP"));
  removal_policy asked;
  asked.asked = {"eth1", asio::ip::make_address("192.168.2.1")};
  EXPECT_THAT(
      to_string(loop_.await(remove_stale_mappings(place().here, state_, asked)).at(0).detail),
      HasSubstr("to remove it anyway: natcheck mappings remove 99 --interface eth1 "
                "--gateway 192.168.2.1"));
  const auto by_its_own = loop_.await(remove_stale_mappings(place().here, state_, {4321}));
  EXPECT_TRUE(by_its_own.at(0).removed) << "who listens is this process itself";
}

TEST_F(MappingChanges, WhatLeadsToAFormerAddressIsSparedUntilItIsNamed) {
  auto record = upnp_record(99);
  record.internal.ip = asio::ip::make_address(other_ip);
  leave_behind(record);
  put_row("99/TCP", other_ip);  // perhaps another machine's natcheck by now
  const auto told = loop_.await(remove_stale_mappings(place().here, state_));
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_FALSE(told[0].removed);
  EXPECT_THAT(to_string(told[0].detail), HasSubstr("a former address of this machine"));
  EXPECT_TRUE(gateway_.table.contains("99/TCP"));
  EXPECT_EQ(remove(99).judged.answer, answer::yes);
  EXPECT_THAT(gateway_.table, IsEmpty());
}

TEST_F(MappingChanges, AnEmptiedDescriptionIsKnownAgain) {
  auto record = upnp_record(99);
  record.description = "";
  leave_behind(record);
  put_row("99/TCP", host_ip, "");
  EXPECT_TRUE(loop_.await(remove_stale_mappings(place().here, state_)).at(0).removed);
  EXPECT_THAT(gateway_.table, IsEmpty());
}

TEST_F(MappingChanges, WhatStaysIsNotToldAsRemoved) {
  leave_behind(upnp_record(99));
  put_row("99/TCP", host_ip, "made by hand");
  const auto told = loop_.await(remove_stale_mappings(place().here, state_));
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_FALSE(told[0].removed);
  EXPECT_THAT(to_string(told[0].detail), HasSubstr("is called \"made by hand\""));
  EXPECT_TRUE(gateway_.table.contains("99/TCP"));
}

TEST_F(MappingChanges, WhatARunHasTakenOverIsOnlyForgotten) {
  ASSERT_EQ(add(1234).judged.answer, answer::yes);
  auto the_journal = journal::mapping_journal::open(state_);
  ASSERT_TRUE(the_journal && the_journal->keep(upnp_record(1234)));
  const auto report = clean();
  EXPECT_THAT(outcomes(report), ElementsAre(removal::in_use));
  EXPECT_TRUE(gateway_.table.contains("1234/TCP"));
  EXPECT_THAT(known(recorded_by::added), IsEmpty()) << "the run closes it now";
}

TEST_F(MappingChanges, TheTimeLimitEndsARowByRowRemoval) {
  for (int port = 1; port <= 50; ++port) put_row(fmt::format("{}/TCP", port), host_ip);
  gateway_.answers["DeletePortMapping"] = {"", ending::hang};
  const stopwatch watch;
  const auto report = loop_.await(mappings::clean(place(2s)));
  EXPECT_LT(watch.elapsed(), 10s) << "each would have 3 s";
  EXPECT_THAT(to_string(report.not_seen), HasSubstr("timed out before"));
}

TEST_F(MappingChanges, TwoAtOnceRemoveALeftOverOnce) {
  leave_behind(upnp_record(99));
  put_row("99/TCP", host_ip);
  std::vector<asio::awaitable<std::vector<events::stale_mapping>>> both;
  both.push_back(remove_stale_mappings(place().here, state_));
  both.push_back(remove_stale_mappings(place().here, state_));
  const auto told = loop_.await_all(std::move(both));
  EXPECT_EQ(told[0].size() + told[1].size(), 1U);
  EXPECT_EQ(gateway_.count("DeletePortMapping"), 1);
}

TEST_F(MappingChanges, WhoComesSecondWaitsForTheFirst) {
  leave_behind(upnp_record(99));
  put_row("99/TCP", host_ip);
  auto turn = journal::begin_removing(state_);
  ASSERT_TRUE(turn);
  bool done = false;
  asio::co_spawn(loop_.context(), remove_stale_mappings(place().here, state_),
                 [&](std::exception_ptr, const auto& told) {
                   EXPECT_THAT(told, SizeIs(1));
                   done = true;
                 });
  EXPECT_FALSE(loop_.run_until([&] { return done; }, 200ms));
  EXPECT_THAT(gateway_.requests, IsEmpty());
  turn.reset();
  EXPECT_TRUE(loop_.run_until([&] { return done; }));
}

TEST_F(MappingChanges, TheAddressThatTheMappingLeadsToIsUsedWhileItIsOurs) {
  auto here = place().here;
  auto record = upnp_record(99);
  record.internal.ip = asio::ip::make_address(other_ip);
  EXPECT_EQ(access_for(record, here)->from.local.to_string(), host_ip);
  here.own.push_back(record.internal.ip);
  EXPECT_EQ(access_for(record, here)->from.local.to_string(), other_ip);
  EXPECT_FALSE(access_for(record_elsewhere(99), here));
}

// --- remove --------------------------------------------------------------------------------

TEST_F(MappingChanges, RemoveClosesWhatADeadRunLeft) {
  leave_behind(upnp_record(1234));
  put_row("1234/TCP", host_ip);
  const auto report = remove(1234);
  EXPECT_EQ(report.judged.answer, answer::yes);
  EXPECT_THAT(outcomes(report), ElementsAre(removal::removed));
  EXPECT_THAT(report.stale_mappings, IsEmpty());
  EXPECT_THAT(gateway_.table, IsEmpty());
}

TEST_F(MappingChanges, RemoveKnowsItsRowsAgain) {
  put_row("1234/TCP", host_ip);
  put_row("99/TCP", host_ip);
  EXPECT_EQ(remove(1234).judged.answer, answer::yes);
  EXPECT_FALSE(gateway_.table.contains("1234/TCP"));
  EXPECT_TRUE(gateway_.table.contains("99/TCP"));
}

TEST_F(MappingChanges, RemoveLeavesWhatIsNotNatchecks) {
  struct row {
    const char* client;
    const char* description;
    const char* told;
  };
  const row rows[] = {{other_ip, "web \x1b[2J", "127.0.0.9:4321 and is not natcheck's (\"web"},
                      {other_ip, "natcheck", "127.0.0.9:4321 and is"},
                      {host_ip, "Skype", "this machine, and is not natcheck's (\"Skype\")"}};
  for (const auto& [client, description, told] : rows) {
    put_row("1234/TCP", client, description);
    const auto report = remove(1234);
    EXPECT_EQ(report.judged.answer, answer::no);
    EXPECT_THAT(outcomes(report), ElementsAre(removal::foreign));
    EXPECT_THAT(to_string(report.mappings.at(0).detail), HasSubstr(told));
    EXPECT_THAT(gateway_.table, SizeIs(1));
  }
}

TEST_F(MappingChanges, RemoveAndCleanLeaveWhatARunningNatcheckKeeps) {
  auto the_journal = journal::mapping_journal::open(state_);
  ASSERT_TRUE(the_journal && the_journal->keep(upnp_record(1234)));
  put_row("1234/TCP", host_ip);
  const auto report = remove(1234);
  EXPECT_EQ(report.judged.answer, answer::no);
  EXPECT_THAT(outcomes(report), ElementsAre(removal::in_use));
  EXPECT_THAT(to_string(report.mappings.at(0).detail), HasSubstr(std::to_string(::getpid())));
  EXPECT_EQ(clean().judged.answer, answer::yes);
  EXPECT_THAT(gateway_.table, SizeIs(1));
}

TEST_F(MappingChanges, RemoveFindsNothing) {
  put_row("99/TCP", host_ip);
  const auto report = remove(1234);
  EXPECT_EQ(report.judged.answer, answer::no);
  EXPECT_THAT(report.mappings, IsEmpty());
  EXPECT_THAT(report.judged.main.summary, HasSubstr("no natcheck mapping on port 1234"));
}

TEST_F(MappingChanges, WhatWasNotSeenIsNotDenied) {
  gateway_.after_last_entry = soap_fault(606);
  EXPECT_EQ(remove(1234).judged.answer, answer::unknown);
  EXPECT_EQ(clean().judged.answer, answer::unknown);
  gateway_.on_search = [](auto&, const auto&, const auto&) {};
  EXPECT_EQ(remove(1234).judged.answer, answer::no) << "there is no table";
  EXPECT_EQ(clean().judged.answer, answer::yes);
}

TEST_F(MappingChanges, WhatCouldNotBeRemovedStaysKnown) {
  EXPECT_EQ(add(1234).judged.answer, answer::yes);
  gateway_.answers["DeletePortMapping"] = soap_fault(501);
  const auto report = remove(1234);
  EXPECT_EQ(report.judged.answer, answer::unknown);
  EXPECT_THAT(outcomes(report), ElementsAre(removal::failed));
  EXPECT_THAT(known(recorded_by::added), SizeIs(1));
  gateway_.answers.clear();
  EXPECT_EQ(remove(1234).judged.answer, answer::yes);
}

// --- clean ---------------------------------------------------------------------------------

TEST_F(MappingChanges, CleanRemovesAllThatIsOursAndNothingElse) {
  EXPECT_EQ(add(1).judged.answer, answer::yes);
  auto by_nat_pmp = options_for(2, mapping_choice::nat_pmp);
  by_nat_pmp.internal_port = 4322;
  EXPECT_EQ(loop_.await(mappings::add(place(), by_nat_pmp)).judged.answer, answer::yes);
  leave_behind(upnp_record(3));
  put_row("3/TCP", host_ip);
  put_row("4/UDP", host_ip);
  put_row("5/TCP", other_ip);
  put_row("6/TCP", host_ip, "Skype");
  const auto report = clean();
  EXPECT_EQ(report.judged.answer, answer::yes) << report.judged.main.summary;
  EXPECT_THAT(report.stale_mappings, SizeIs(1));
  EXPECT_THAT(outcomes(report), ElementsAre(removal::removed, removal::removed, removal::removed));
  EXPECT_THAT(gateway_.table, SizeIs(2));
  EXPECT_TRUE(gateway_.table.contains("5/TCP") && gateway_.table.contains("6/TCP"));
  EXPECT_THAT(journal::read_records(state_, journal::system_now()), IsEmpty());

  const auto again = clean();
  EXPECT_EQ(again.judged.answer, answer::yes);
  EXPECT_EQ(again.judged.main.summary, "There are no natcheck mappings to remove.");
}

TEST_F(MappingChanges, CleanLeavesARowThatSomebodyListensBehind) {
  tcp::acceptor server(loop_.context(), {asio::ip::make_address(host_ip), 0});
  put_row("1234/TCP", host_ip);
  gateway_.table["1234/TCP"].port = std::to_string(server.local_endpoint().port());
  const auto report = clean();
  EXPECT_THAT(outcomes(report), ElementsAre(removal::in_use));
  EXPECT_THAT(gateway_.table, SizeIs(1));
  EXPECT_EQ(remove(1234).judged.answer, answer::yes) << "asked for by its port, it goes";
}

TEST_F(MappingChanges, CleanTellsOfOtherNetworks) {
  leave_behind(record_elsewhere(99));
  ASSERT_TRUE(journal::keep_added(state_, record_elsewhere(98), journal::system_now()));
  const auto report = clean();
  EXPECT_EQ(report.judged.answer, answer::unknown);
  EXPECT_THAT(outcomes(report), ElementsAre(removal::elsewhere, removal::elsewhere));
  EXPECT_THAT(to_string(report.mappings.at(0).detail), HasSubstr("192.168.7.1"));
  EXPECT_THAT(journal::read_records(state_, journal::system_now()), SizeIs(2));
}

}  // namespace mapping_removal_test
}  // namespace natcheck::mappings
