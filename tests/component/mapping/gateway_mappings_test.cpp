#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "component/mapping/kept_mapping.hpp"

namespace natcheck::mappings {
namespace gateway_mappings_test {

using ::testing::HasSubstr;
using ::testing::SizeIs;
using ending = http_answer::ending;

TEST_F(LeaseKeeper, TheBestIsEnough) {
  keep();
  const auto mapped = next<events::mapped>();
  EXPECT_EQ(mapped.entry.via, mapping_protocol::pcp);
  EXPECT_EQ(outside_of(mapped.entry), "5.5.5.5:1234");
  cancel();
  release();
  EXPECT_TRUE(next<events::unmapped>().removed);
  EXPECT_THAT(gateway_.mapping_requests(), SizeIs(0)) << "two entries for one port help nobody";
  EXPECT_EQ(gateway_.count("AddPortMapping"), 0);
}

TEST_F(LeaseKeeper, UpnpWhereNatPmpRefuses) {
  make_nat_pmp_answer(2);
  keep();
  const auto mapped = next<events::mapped>();
  EXPECT_EQ(mapped.entry.via, mapping_protocol::upnp);
  EXPECT_TRUE(mapped.entry.verified);
  cancel();
  release();
  EXPECT_TRUE(next<events::unmapped>().removed);
  EXPECT_THAT(gateway_.table, ::testing::IsEmpty());
}

TEST_F(LeaseKeeper, ChosenProtocolIsTheOnlyOne) {
  mapping_options upnp_only;
  upnp_only.via = mapping_choice::upnp;
  keep(upnp_only);
  EXPECT_EQ(next<events::mapped>().entry.via, mapping_protocol::upnp);
  EXPECT_THAT(gateway_.nat_pmp.requests(), SizeIs(0));
  cancel();
}

TEST_F(LeaseKeeper, TellsWhatEveryProtocolSaid) {
  make_nat_pmp_silent();
  gateway_.on_search = [](auto&, const auto&, const auto&) {};
  const stopwatch watch;
  keep();
  const auto failed = next<events::map_failed>();
  EXPECT_LT(watch.elapsed(), 3500ms) << "both are waited for at the same time, and once";
  ASSERT_THAT(failed.evidence.attempts, SizeIs(3));
  const mapping_protocol best_first[] = {mapping_protocol::pcp, mapping_protocol::nat_pmp,
                                         mapping_protocol::upnp};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(failed.evidence.attempts[i].via, best_first[i]);
    EXPECT_EQ(failed.evidence.attempts[i].state, service_state::silent);
  }
  EXPECT_EQ(failed.evidence.gateway, asio::ip::make_address(gateway_ip));
  EXPECT_EQ(failed.judged.main.code, verdict_code::no_mapping_service);
}

TEST_F(LeaseKeeper, RefusalsKeepTheirCodes) {
  make_nat_pmp_answer(4);
  gateway_.answers["AddPortMapping"] = soap_fault(728);
  keep();
  const auto failed = next<events::map_failed>();
  ASSERT_THAT(failed.evidence.attempts, SizeIs(3));
  EXPECT_EQ(failed.evidence.attempts[1].code, 4);
  EXPECT_EQ(failed.evidence.attempts[2].code, 728);
  EXPECT_EQ(failed.judged.main.code, verdict_code::mapping_table_full);
}

TEST_F(LeaseKeeper, RenewsAtHalfOfTheLease) {
  make_nat_pmp_answer(0);  // grants 2 s
  keep();
  next<events::mapped>();
  const stopwatch watch;
  const auto renewed = next<events::renewed>();
  EXPECT_EQ(renewed.entry.lifetime, 2s);
  EXPECT_GE(watch.elapsed(), 900ms);
  EXPECT_LT(watch.elapsed(), 1900ms) << "before it expires";
  cancel();
}

TEST_F(LeaseKeeper, LosesAndRegains) {
  make_nat_pmp_answer(0);
  keep();
  next<events::mapped>();
  make_nat_pmp_answer(2);
  const stopwatch watch;
  const auto lost = next<events::mapping_lost>();
  EXPECT_GE(watch.elapsed(), 1900ms)
      << "the lease that was granted holds as long as it was granted";
  EXPECT_THAT(to_string(lost.reason), HasSubstr("not authorized"));
  make_nat_pmp_answer(0);
  EXPECT_EQ(next<events::remapped>().entry.external_port, 1234);
  cancel();
}

TEST_F(LeaseKeeper, AnAddressThatIsNotRepeatedIsStillKnown) {
  make_nat_pmp_answer(0);
  keep();
  next<events::mapped>();
  gateway_.on_nat_pmp = [](udp_peer& peer, const std::string& request, const auto& from) {
    if (is_refused_pcp(peer, request, from)) return;
    if (request.size() == 12) peer.send(nat_pmp_mapping(2, 4321, 1234, 2), from);
    if (request.size() == 2) peer.send(nat_pmp_address(3, "0.0.0.0"), from);
  };
  const auto renewed = next<events::renewed>();
  EXPECT_EQ(renewed.entry.external_address, asio::ip::make_address("5.5.5.5"));
  cancel();
}

TEST_F(LeaseKeeper, AnAddressOfBeforeTheLossIsNotToldAgain) {
  make_nat_pmp_answer(0);
  keep();
  EXPECT_EQ(outside_of(next<events::mapped>().entry), "5.5.5.5:1234");
  make_nat_pmp_answer(2);
  next<events::mapping_lost>();
  gateway_.on_nat_pmp = [](udp_peer& peer, const std::string& request, const auto& from) {
    if (is_refused_pcp(peer, request, from)) return;
    peer.send(
        request.size() == 2 ? nat_pmp_address(0, "0.0.0.0") : nat_pmp_mapping(2, 4321, 1234, 60),
        from);
  };
  EXPECT_EQ(outside_of(next<events::remapped>().entry), "?:1234");
  cancel();
}

TEST_F(LeaseKeeper, AnotherProtocolTakesOverWhenItsOwnIsGone) {
  keep();
  EXPECT_EQ(next<events::mapped>().entry.via, mapping_protocol::pcp);
  make_nat_pmp_silent();
  EXPECT_THAT(to_string(next<events::mapping_lost>().reason),
              HasSubstr("no longer answers by the protocol"));
  EXPECT_EQ(next<events::remapped>().entry.via, mapping_protocol::upnp);
  cancel();
}

TEST_F(LeaseKeeper, ARefusalByTheNextRouterIsToldAsWell) {
  make_nat_pmp_answer(2);
  gateway_.answers["AddPortMapping"] = soap_fault(728);
  keep();
  next<events::map_failed>();
  gateway_mappings_->move_to(gateway_.access(), "the router is another one now");
  EXPECT_EQ(next<events::map_failed>().evidence.attempts.back().code, 728);
  cancel();
}

// In its secure mode miniupnpd would refuse; this router does not.
TEST_F(LeaseKeeper, WhatLeadsToItsAddressOfBeforeIsNotInItsWay) {
  mapping_options upnp_only;
  upnp_only.via = mapping_choice::upnp;
  keep(upnp_only);
  next<events::mapped>();
  auto elsewhere = gateway_.access();
  elsewhere.from.local = asio::ip::make_address("127.0.0.9");
  // From an address that is gone nothing can be removed any more.
  gateway_.answers["DeletePortMapping"] = soap_fault(501);
  gateway_.on_request = [this](const http_request&) {
    if (gateway_.count("DeletePortMapping") > 1) gateway_.answers.erase("DeletePortMapping");
  };
  gateway_mappings_->move_to(elsewhere, "this machine's address is another one now");
  EXPECT_EQ(next<events::remapped>().entry.internal, (endpoint{elsewhere.from.local, 4321}));
  EXPECT_EQ(gateway_.table.at("1234/TCP").client, "127.0.0.9");
  cancel();
}

TEST_F(LeaseKeeper, NoAddressIsNoAddressToProbe) {
  gateway_.external_address = "0.0.0.0";
  mapping_options upnp_only;
  upnp_only.via = mapping_choice::upnp;
  keep(upnp_only);
  const auto mapped = next<events::mapped>();
  EXPECT_FALSE(mapped.entry.external_address);
  EXPECT_EQ(outside_of(mapped.entry), "?:1234");
  gateway_.external_address = "5.5.5.5";
  EXPECT_EQ(outside_of(next<events::mapped>().entry), "5.5.5.5:1234")
      << "as soon as it is known, and nothing was lost";
  cancel();
}

TEST_F(LeaseKeeper, AnotherPortIsAMove) {
  make_nat_pmp_answer(0);
  mapping_options flexible;
  flexible.any_port = true;
  keep(flexible);
  next<events::mapped>();
  gateway_.on_nat_pmp = [](udp_peer& peer, const std::string& request, const auto& from) {
    if (is_refused_pcp(peer, request, from)) return;
    peer.send(
        request.size() == 2 ? nat_pmp_address(0, "5.5.5.5") : nat_pmp_mapping(2, 4321, 30000, 2),
        from);
  };
  EXPECT_EQ(next<events::mapping_lost>().entry.external_port, 1234);
  EXPECT_EQ(outside_of(next<events::remapped>().entry), "5.5.5.5:30000");
  cancel();
}

TEST_F(LeaseKeeper, CancelledRequestsAreTakenBack) {
  gateway_.on_nat_pmp = [](udp_peer& peer, const std::string& request, const auto& from) {
    if (is_refused_pcp(peer, request, from)) return;
    if (request.size() == 2) peer.send(nat_pmp_address(0, "5.5.5.5"), from);
  };
  keep();
  ASSERT_TRUE(loop_.run_until([this] { return !gateway_.mapping_requests().empty(); }));
  cancel();
  gateway_.on_nat_pmp = {};
  release();
  EXPECT_EQ(gateway_.mapping_requests().back().lifetime_s, 0U);
  EXPECT_THAT(events_, SizeIs(0)) << "there was no mapping to tell about";
}

TEST_F(LeaseKeeper, CancelledUpnpRequestsAreTakenBack) {
  gateway_.switch_off_nat_pmp();
  gateway_.answers["AddPortMapping"] = {"", ending::hang};
  keep();
  ASSERT_TRUE(loop_.run_until([this] { return gateway_.count("AddPortMapping") == 1; }));
  cancel();
  gateway_.table["1234/TCP"] = {host_ip, "4321", "natcheck", "3600"};
  release();
  EXPECT_THAT(gateway_.table, ::testing::IsEmpty());
  EXPECT_THAT(events_, SizeIs(0)) << "being stopped is no refusal of the gateway";
}

TEST_F(LeaseKeeper, SaysSoAtOnceWhenSomebodyElseHasThePort) {
  gateway_.switch_off_nat_pmp();
  mapping_options short_lease;
  short_lease.lifetime = std::chrono::seconds(4);
  keep(short_lease);
  next<events::mapped>();
  const stopwatch watch;
  gateway_.table["1234/TCP"] = {"127.0.0.9", "80", "another", "3600"};
  next<events::mapping_lost>();
  EXPECT_LT(watch.elapsed(), 3500ms) << "the lease has not run out yet";
  cancel();
  release();
  EXPECT_EQ(gateway_.table.count("1234/TCP"), 1U) << "it is not ours to remove";
}

TEST_F(LeaseKeeper, StoppedTooEarlyItSaysWhatIsMissing) {
  make_nat_pmp_silent();
  gateway_.on_search = [](auto&, const auto&, const auto&) {};
  keep();
  ASSERT_TRUE(loop_.run_until([this] { return gateway_.nat_pmp.requests().size() >= 2; }));
  cancel();
  gateway_mappings_->conclude();
  const auto attempts = next<events::map_failed>().evidence.attempts;
  ASSERT_THAT(attempts, SizeIs(3));
  EXPECT_EQ(attempts[0].state, service_state::not_tried);
  EXPECT_FALSE(gateway_mappings_->holds(transport::tcp));
}

TEST_F(LeaseKeeper, NoticesAnEntryThatIsGone) {
  mapping_options upnp_only;
  upnp_only.via = mapping_choice::upnp;
  keep(upnp_only);
  next<events::mapped>();
  const stopwatch watch;
  gateway_.table.clear();
  next<events::mapping_lost>();
  EXPECT_EQ(outside_of(next<events::remapped>().entry), "5.5.5.5:1234");
  EXPECT_LT(watch.elapsed(), 10s) << "the lease has an hour to go";
  EXPECT_EQ(gateway_.table.count("1234/TCP"), 1U);
  cancel();
}

TEST_F(LeaseKeeper, NoticesAnotherOutsideAddress) {
  mapping_options upnp_only;
  upnp_only.via = mapping_choice::upnp;
  keep(upnp_only);
  next<events::mapped>();
  gateway_.external_address = "5.5.5.6";
  EXPECT_THAT(to_string(next<events::mapping_lost>().reason),
              HasSubstr("changed from 5.5.5.5 to 5.5.5.6"));
  EXPECT_EQ(outside_of(next<events::remapped>().entry), "5.5.5.6:1234");
  cancel();
}

TEST_F(LeaseKeeper, MovesToAnotherGateway) {
  keep();
  next<events::mapped>();
  fake_gateway other(loop_.context());
  other.external_address = "5.5.5.9";
  gateway_mappings_->move_to(other.access(), "the router is another one now");
  EXPECT_EQ(to_string(next<events::mapping_lost>().reason), "the router is another one now");
  EXPECT_EQ(outside_of(next<events::remapped>().entry), "5.5.5.9:1234");
  gateway_mappings_->move_to(std::nullopt, "no way out");
  EXPECT_EQ(to_string(next<events::mapping_lost>().reason), "no way out");
  EXPECT_FALSE(gateway_mappings_->holds(transport::tcp));
  gateway_mappings_->move_to(gateway_.access(), "");
  EXPECT_EQ(outside_of(next<events::remapped>().entry), "5.5.5.5:1234");
  cancel();
  release();
  EXPECT_TRUE(next<events::unmapped>().removed);
}

TEST_F(LeaseKeeper, AFailingRenewalIsToldOnce) {
  make_nat_pmp_answer(0);  // grants 2 s
  keep();
  next<events::mapped>();
  make_nat_pmp_answer(2);
  EXPECT_LE(next<events::renewal_failed>().left, 1s);
  next<events::mapping_lost>();
  const auto again = std::count_if(events_.begin(), events_.end(), [](const mapping_event& event) {
    return std::holds_alternative<events::renewal_failed>(event);
  });
  EXPECT_EQ(again, 1);
  cancel();
}

TEST_F(LeaseKeeper, AGatewayThatDiedDoesNotHoldTheEndUp) {
  mapping_options upnp_only;
  upnp_only.via = mapping_choice::upnp;
  keep(upnp_only);
  next<events::mapped>();
  cancel();
  gateway_.answers["/ctl"] = {"", ending::hang};
  for (const char* action : {"GetSpecificPortMappingEntry", "DeletePortMapping"}) {
    gateway_.answers[action] = {"", ending::hang};
  }
  const stopwatch watch;
  release();
  EXPECT_LT(watch.elapsed(), 4500ms);
  const auto unmapped = next<events::unmapped>();
  EXPECT_FALSE(unmapped.removed);
  EXPECT_THAT(to_string(unmapped.detail), HasSubstr("in time"));
}

}  // namespace gateway_mappings_test
}  // namespace natcheck::mappings
