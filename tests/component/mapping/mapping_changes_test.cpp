#include "component/mapping/mapping_changes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace natcheck::mappings {
namespace mapping_changes_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// --- add -----------------------------------------------------------------------------------

TEST_F(MappingChanges, WhatIsAddedStaysAndIsRemembered) {
  const auto report = add(1234);
  EXPECT_EQ(report.judged.answer, answer::yes);
  ASSERT_THAT(report.mappings, SizeIs(1));
  const auto& made = report.mappings[0];
  ASSERT_TRUE(made.entry);
  EXPECT_EQ(made.entry->via, mapping_protocol::upnp);
  EXPECT_EQ(made.entry->internal, upnp_record(1234).internal);
  EXPECT_TRUE(made.entry->verified);
  EXPECT_EQ(made.probe_command, "natcheck probe 5.5.5.5:1234");
  EXPECT_EQ(to_string(report.not_remembered), "");
  EXPECT_THAT(gateway_.table, SizeIs(1));
  const auto added = known(recorded_by::added);
  ASSERT_THAT(added, SizeIs(1));
  EXPECT_TRUE(same_mapping(added[0], upnp_record(1234)));
}

TEST_F(MappingChanges, EveryProtocolAddsAndRemoves) {
  for (const auto via : {mapping_choice::automatic, mapping_choice::pcp, mapping_choice::nat_pmp,
                         mapping_choice::upnp}) {
    const auto report = add(1234, via);
    EXPECT_EQ(report.judged.answer, answer::yes) << report.mappings[0].judged.main.summary;
    EXPECT_THAT(known(recorded_by::added), SizeIs(1));
    EXPECT_EQ(remove(1234).judged.answer, answer::yes);
    EXPECT_THAT(known(recorded_by::added), IsEmpty());
    EXPECT_THAT(gateway_.table, IsEmpty());
  }
  const auto asked = gateway_.mapping_requests();
  ASSERT_THAT(asked, ::testing::Not(IsEmpty()));
  EXPECT_EQ(asked.back().lifetime_s, 0U) << "by NAT-PMP a lifetime of 0 deletes";
}

TEST_F(MappingChanges, AddingAgainRenewsByTheSameNonce) {
  for (int i = 0; i < 2; ++i) {
    const auto report = add(1234, mapping_choice::pcp);
    // To another nonce the gateway says NOT_AUTHORIZED.
    EXPECT_EQ(report.judged.answer, answer::yes) << report.mappings[0].judged.main.summary;
    EXPECT_THAT(known(recorded_by::added), SizeIs(1));
  }
}

TEST_F(MappingChanges, TwoOutsidePortsMayLeadToOne) {
  EXPECT_EQ(add(80).judged.answer, answer::yes);
  EXPECT_EQ(add(81).judged.answer, answer::yes);
  EXPECT_THAT(known(recorded_by::added), SizeIs(2));
  EXPECT_EQ(remove(80).judged.answer, answer::yes);
  EXPECT_TRUE(gateway_.table.contains("81/TCP"));
  EXPECT_THAT(known(recorded_by::added), SizeIs(1));
}

// Those protocols have one mapping for each place inside: the gateway would grant that one again,
// and to give it back would close it.
TEST_F(MappingChanges, WhatIsOpenUnderAnotherNumberIsNotAskedForByNatPmpOrPcp) {
  for (const auto via : {mapping_choice::nat_pmp, mapping_choice::pcp}) {
    ASSERT_EQ(add(8080, via).judged.answer, answer::yes);
    const auto asked = gateway_.mapping_requests().size();
    const auto second = add(9090, via);
    EXPECT_EQ(second.judged.answer, answer::no);
    EXPECT_EQ(second.mappings.at(0).judged.main.code, verdict_code::port_conflict);
    EXPECT_THAT(to_string(second.mappings[0].evidence.attempts.back().detail),
                HasSubstr("port 4321 of this machine is already open as external port 8080"));
    EXPECT_EQ(gateway_.mapping_requests().size(), asked);
    EXPECT_THAT(known(recorded_by::added), SizeIs(1));
    EXPECT_EQ(remove(8080).judged.answer, answer::yes);
  }
}

TEST_F(MappingChanges, ItSaysHowToAddAnotherPort) {
  put_row("1234/TCP", other_ip, "web");
  const auto report = add(1234);
  EXPECT_THAT(report.mappings.at(0).judged.main.advice.front(),
              HasSubstr("natcheck mappings add 1235:4321"));
}

TEST_F(MappingChanges, BothProtocolsAreAdded) {
  auto options = options_for(53, mapping_choice::upnp);
  options.protocols = {transport::tcp, transport::udp};
  const auto report = loop_.await(mappings::add(place(), options));
  EXPECT_EQ(report.judged.answer, answer::yes);
  EXPECT_THAT(gateway_.table, SizeIs(2));
  EXPECT_EQ(report.mappings.at(1).probe_command, "natcheck probe --protocol udp 5.5.5.5:53");
}

TEST_F(MappingChanges, WhatIsRefusedIsJudgedAndForgotten) {
  put_row("1234/TCP", other_ip, "web");
  const auto report = add(1234);
  EXPECT_EQ(report.judged.answer, answer::no);
  EXPECT_FALSE(report.mappings.at(0).entry);
  EXPECT_EQ(report.mappings[0].judged.main.code, verdict_code::port_conflict);
  EXPECT_THAT(known(recorded_by::added), IsEmpty());
  EXPECT_EQ(gateway_.table.at("1234/TCP").client, other_ip);
}

TEST_F(MappingChanges, OneOfTwoIsNeitherYesNorNo) {
  put_row("1234/UDP", other_ip, "game");
  auto options = options_for(1234, mapping_choice::upnp);
  options.protocols = {transport::tcp, transport::udp};
  EXPECT_EQ(loop_.await(mappings::add(place(), options)).judged.answer, answer::unknown);
}

TEST_F(MappingChanges, WithoutARouterNothingIsAdded) {
  auto nowhere = place();
  nowhere.gateway.reset();
  nowhere.here.gateways.clear();
  const auto report =
      loop_.await(mappings::add(nowhere, options_for(1234, mapping_choice::automatic)));
  EXPECT_EQ(report.judged.answer, answer::no);
  EXPECT_NE(report.mappings.at(0).judged.main.summary, "");
}

TEST_F(MappingChanges, WhatARunningNatcheckKeepsIsNotAdded) {
  auto the_journal = journal::mapping_journal::open(state_);
  ASSERT_TRUE(the_journal && the_journal->keep(upnp_record(1234)));
  put_row("1234/TCP", host_ip);
  const auto report = add(1234);
  EXPECT_EQ(report.judged.answer, answer::no);
  EXPECT_THAT(report.mappings.at(0).judged.main.summary, HasSubstr(std::to_string(::getpid())));
  EXPECT_EQ(gateway_.count("AddPortMapping"), 0);
}

TEST_F(MappingChanges, AnyPortIsAddedBesideARunningNatcheck) {
  auto the_journal = journal::mapping_journal::open(state_);
  ASSERT_TRUE(the_journal && the_journal->keep(upnp_record(1234)));
  put_row("1234/TCP", other_ip, "game");
  auto options = options_for(1234, mapping_choice::upnp);
  options.any_port = true;
  EXPECT_EQ(loop_.await(mappings::add(place(), options)).judged.answer, answer::yes);
}

TEST_F(MappingChanges, ARivalWhoLeadsElsewhereKeepsNothing) {
  auto rival = upnp_record(1234);
  rival.internal.port = 2000;  // asked for the same port, and did not get it
  auto the_journal = journal::mapping_journal::open(state_);
  ASSERT_TRUE(the_journal && the_journal->keep(rival));
  leave_behind(upnp_record(1234));
  put_row("1234/TCP", host_ip);
  clean();
  EXPECT_THAT(gateway_.table, IsEmpty()) << "the dead run's mapping is nobody's now";
  EXPECT_THAT(known(recorded_by::dead), IsEmpty());
}

TEST_F(MappingChanges, WithoutAPlaceForItsFilesItAddsAllTheSame) {
  std::ofstream(state_) << "a file where the directory has to be";
  const auto report = add(1234);
  EXPECT_EQ(report.judged.answer, answer::yes);
  EXPECT_THAT(to_string(report.not_remembered), HasSubstr(state_.string()));
}

TEST_F(MappingChanges, WhatTookTooLongIsTakenBack) {
  bool mapping_asked = false;
  gateway_.on_nat_pmp = [&](udp_peer& peer, const std::string& request, const auto& from) {
    if (request.size() == 2) return peer.send(nat_pmp_address(0, "5.5.5.5"), from);
    const nat_pmp_request asked(request);
    const bool deletes = asked.lifetime_s == 0;
    if (deletes) peer.send(nat_pmp_mapping(2, asked.internal_port, 0, 0), from);
    mapping_asked = mapping_asked || !deletes;
  };
  const auto report =
      loop_.await(mappings::add(place(700ms), options_for(1234, mapping_choice::nat_pmp)));
  EXPECT_TRUE(mapping_asked);
  EXPECT_EQ(report.judged.answer, answer::unknown);
  EXPECT_EQ(gateway_.mapping_requests().back().lifetime_s, 0U);
  EXPECT_THAT(known(recorded_by::added), IsEmpty());
}

TEST_F(MappingChanges, WhatCouldNotBeTakenBackIsSaid) {
  gateway_.on_nat_pmp = [](udp_peer& peer, const std::string& request, const auto& from) {
    if (request.size() == 2) peer.send(nat_pmp_address(0, "5.5.5.5"), from);
  };
  const auto report =
      loop_.await(mappings::add(place(700ms), options_for(1234, mapping_choice::nat_pmp)));
  ASSERT_THAT(report.mappings, SizeIs(1));
  EXPECT_THAT(report.mappings[0].judged.main.advice.front(),
              HasSubstr("port 1234 may still be open"));
  EXPECT_THAT(report.mappings[0].judged.main.advice.front(), HasSubstr("natcheck mappings clean"));
}

// --- list ----------------------------------------------------------------------------------

TEST_F(MappingChanges, ListKnowsRowsByTheirRecords) {
  mappings_report report;
  report.gateway = asio::ip::make_address(gateway_ip);
  table_entry row;
  row.external_port = 1234;
  row.internal_client = host_ip;
  row.internal_port = 4321;
  row.description = "NAT-PMP 1234 tcp";
  auto other_protocol = row, other_port = row, other_client = row, other_inside = row;
  other_protocol.protocol = transport::udp;
  other_port.external_port = 1;
  other_client.internal_client = other_ip;
  other_inside.internal_port = 1;
  report.entries = {row, other_protocol, other_port, other_client, other_inside};
  auto record = upnp_record(1234);
  record.via = mapping_protocol::nat_pmp;
  leave_behind(record);
  mappings::recognize(journal::read_records(state_, journal::system_now()), report);
  std::vector<bool> ours;
  for (const auto& each : report.entries) ours.push_back(each.ours);
  EXPECT_THAT(ours, ElementsAre(true, false, false, false, false));
  ASSERT_THAT(report.stale_mappings, SizeIs(1));
  EXPECT_EQ(report.stale_mappings[0].via, mapping_protocol::nat_pmp);
}

}  // namespace mapping_changes_test
}  // namespace natcheck::mappings
