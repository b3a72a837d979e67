#include "mapping/managed_mapping.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/mapping/virtual_gateways.hpp"

namespace natcheck::mappings {
namespace managed_mapping_test {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using state = managed_mapping::state;

const address second_host = boost::asio::ip::make_address("192.168.1.11");

class ManagedMapping : public ::testing::Test {
 protected:
  void start() { run.move_to(&gateway); }
  void only(mapping_protocol via) { gateway.services = {via}; }
  std::vector<managed_mapping::time_point> times_of_requests() const {
    std::vector<managed_mapping::time_point> times;
    for (const auto& each : run.steps_done) {
      if (std::holds_alternative<steps::map>(each.what)) times.push_back(each.at);
    }
    return times;
  }

  virtual_gateway gateway;
  virtual_run run;
};

TEST_F(ManagedMapping, IsObtainedFromTheBestService) {
  EXPECT_EQ(run.machine.current(), state::none);
  start();
  run.run_for(1s);
  EXPECT_EQ(run.machine.current(), state::held);
  EXPECT_EQ(run.last<events::mapped>().entry.via, mapping_protocol::pcp);
  EXPECT_THAT(gateway.table, SizeIs(1));
  EXPECT_THAT(run.recorded, SizeIs(1));
  run.end();
  EXPECT_EQ(run.machine.current(), state::releasing);
  EXPECT_TRUE(run.last<events::unmapped>().removed);
  EXPECT_THAT(gateway.table, IsEmpty());
  EXPECT_THAT(run.recorded, IsEmpty());
}

TEST_F(ManagedMapping, IsHeldForADayWithoutAGap) {
  run.chance = 0.5;
  start();
  for (int minute = 0; minute < 24 * 60; ++minute) {
    run.run_for(1min);
    ASSERT_TRUE(run.machine.holds());
    ASSERT_TRUE(run.is_open()) << "after " << minute << " min";
  }
  EXPECT_EQ(run.count<events::mapped>(), 1U);
  EXPECT_EQ(run.count<events::mapping_lost>(), 0U);
  // At 9/16 of an hour: RFC 6887 section 11.2.1.
  EXPECT_EQ(run.count<events::renewed>(), 24U * 16 / 9);
  EXPECT_THAT(run.recorded, SizeIs(1));
}

TEST_F(ManagedMapping, IsRenewedQuietlyWhereACheckDoesNotTellAll) {
  gateway.is_unsure = true;
  start();
  run.run_for(10min);
  EXPECT_EQ(run.count<events::renewed>(), 0U);
  const auto times = times_of_requests();
  ASSERT_GE(times.size(), 2U);
  for (std::size_t i = 1; i < times.size(); ++i) {
    EXPECT_GE(times[i] - times[i - 1], 30s);
    EXPECT_LE(times[i] - times[i - 1], 36s);
  }
}

TEST_F(ManagedMapping, LeavesASlowRouterInPeace) {
  gateway.is_unsure = true;
  run.delay = 8s;  // each request takes so long
  start();
  run.run_for(20min);
  const auto times = times_of_requests();
  ASSERT_GE(times.size(), 3U);
  for (std::size_t i = 2; i < times.size(); ++i) EXPECT_GE(times[i] - times[i - 1], 160s);
}

TEST_F(ManagedMapping, ALostTableIsNoticedAndMadeAgainWithinTenSeconds) {
  start();
  for (int at_ms = 0; at_ms < 6000; at_ms += 500) {
    run.run_for(20s + std::chrono::milliseconds(at_ms));
    gateway.table.clear();
    run.run_for(10s);
    EXPECT_TRUE(run.is_open()) << at_ms;
    EXPECT_TRUE(run.machine.holds());
  }
  EXPECT_EQ(run.count<events::mapping_lost>(), 12U);
  EXPECT_EQ(run.count<events::remapped>(), 12U);
}

TEST_F(ManagedMapping, ARestartingRouterIsAskedAgainWithinTenSecondsOfItsReturn) {
  for (const auto down : {2s, 20s, 300s}) {
    start();
    run.run_for(20s);
    gateway.is_up = false;
    gateway.table.clear();
    run.run_for(down);
    gateway.is_up = true;
    run.run_for(10s);
    EXPECT_TRUE(run.is_open()) << down.count();
    EXPECT_TRUE(run.machine.holds());
  }
}

TEST_F(ManagedMapping, ASilentRouterHasItUntilTheLeaseIsOver) {
  only(mapping_protocol::nat_pmp);
  start();
  run.run_for(1s);
  gateway.is_up = false;
  run.run_for(59min);
  EXPECT_TRUE(run.machine.holds());
  EXPECT_EQ(run.count<events::renewal_failed>(), 1U) << "told once";
  run.run_for(2min);
  EXPECT_EQ(run.machine.current(), state::lost);
  EXPECT_EQ(run.count<events::mapping_lost>(), 1U);
}

TEST_F(ManagedMapping, ARefusalThatProvesTheLossIsOne) {
  only(mapping_protocol::upnp);
  gateway.is_unsure = true;
  start();
  run.run_for(1s);
  gateway.refusal = refusal(mapping_refusal::port_conflict);
  run.run_for(40s);
  EXPECT_EQ(run.count<events::mapping_lost>(), 1U);
}

TEST_F(ManagedMapping, AnAnnouncementRenewsWhateverTheCheckSays) {
  start();
  run.run_for(7s);
  const auto before = times_of_requests().size();
  gateway.table.clear();  // and it says that nothing is wrong
  run.says = mapping_check{};
  run.machine.renew_at(run.now.steady + 300ms);
  run.run_for(1s);
  EXPECT_EQ(times_of_requests().size(), before + 1);
  EXPECT_TRUE(run.is_open());
  EXPECT_EQ(run.count<events::renewed>(), 0U) << "quietly";
}

TEST_F(ManagedMapping, AfterShortSleepItIsRenewed) {
  start();
  run.run_for(12s);
  run.sleep(20min);
  run.run_for(6s);
  EXPECT_EQ(run.count<events::renewed>(), 1U);
  EXPECT_EQ(run.count<events::mapping_lost>(), 0U);
  run.run_for(30s);
  EXPECT_EQ(run.count<events::renewed>(), 1U) << "once is enough";
}

TEST_F(ManagedMapping, AfterLongSleepItIsMadeAgain) {
  start();
  run.run_for(12s);
  run.sleep(2h);
  EXPECT_FALSE(run.is_open());
  run.run_for(6s);
  EXPECT_THAT(to_string(run.last<events::mapping_lost>().reason), HasSubstr("slept"));
  EXPECT_EQ(run.count<events::remapped>(), 1U);
  EXPECT_TRUE(run.is_open());
}

TEST_F(ManagedMapping, AnotherAddressIsAMove) {
  start();
  run.run_for(1s);
  mapping_check moved;
  moved.external_address = boost::asio::ip::make_address("5.5.5.6");
  run.says = moved;
  run.run_for(5s);
  EXPECT_THAT(to_string(run.last<events::mapping_lost>().reason),
              HasSubstr("changed from 5.5.5.5 to 5.5.5.6"));
}

TEST_F(ManagedMapping, TriesOnAtAPaceThatSuits) {
  only(mapping_protocol::pcp);
  gateway.refusal = refusal(mapping_refusal::no_resources);
  start();
  run.run_for(100s);
  EXPECT_EQ(run.machine.current(), state::refused);
  EXPECT_EQ(times_of_requests().size(), 4U) << "each 30 s: a setting has to change first";
  EXPECT_THAT(run.failures, SizeIs(1)) << "told once";
  gateway.refusal.reset();
  run.run_for(30s);
  ASSERT_TRUE(run.machine.holds());
  gateway.table.clear();
  gateway.refusal = refusal(mapping_refusal::no_resources);
  run.run_for(10s);
  const auto before = times_of_requests().size();
  run.run_for(40s);
  EXPECT_NEAR(static_cast<double>(times_of_requests().size() - before), 20, 1) << "each 2 s";
  run.run_for(60s);
  const auto later = times_of_requests().size();
  run.run_for(50s);
  EXPECT_NEAR(static_cast<double>(times_of_requests().size() - later), 10, 1) << "each 5 s";
}

TEST_F(ManagedMapping, ARefusalForATimeIsNotAskedForAgainBefore) {
  only(mapping_protocol::pcp);
  gateway.refusal = refusal(mapping_refusal::no_resources);
  gateway.refused_for = 10min;
  start();
  run.run_for(9min);
  EXPECT_EQ(times_of_requests().size(), 1U);
  run.machine.check_at(run.now.steady);  // something may have changed
  run.run_for(1s);
  EXPECT_EQ(times_of_requests().size(), 2U);
  gateway.refusal.reset();
  run.run_for(11min);
  EXPECT_TRUE(run.machine.holds());
}

TEST_F(ManagedMapping, ABetterServiceHasAMomentMore) {
  start();
  auto& machine = run.machine;
  machine.poll(run.now);
  while (auto next = machine.next_step()) {
    if (std::holds_alternative<steps::read_journal>(*next)) machine.read({}, run.now);
  }
  const auto never = managed_mapping::time_point::max();
  EXPECT_EQ(machine.search_ends(), never);
  machine.found(2, result<void>{}, true, run.now);
  EXPECT_EQ(machine.search_ends(), run.now.steady + 100ms) << "UPnP is there";
  machine.found(0, silence(), false, run.now);
  EXPECT_EQ(machine.search_ends(), run.now.steady + 100ms) << "NAT-PMP may be";
  machine.found(1, refusal(), true, run.now);
  EXPECT_EQ(machine.search_ends(), run.now.steady) << "nobody better is left";
}

TEST_F(ManagedMapping, WhatMappingsAddMadeIsRenewedByItsOwnServiceAndStays) {
  mapping_record added;
  added.via = mapping_protocol::nat_pmp;
  added.gateway = gateway.ip;
  added.internal = {first_host, inside_port};
  added.external_port = outside_port;
  added.lifetime = 2h;
  run.others.push_back(
      {added, journal::recorded_by::added, {}, {}, journal::wall_time(1700000000s) + 90min});
  start();
  run.run_for(1s);
  const mapping& entry = run.last<events::mapped>().entry;
  EXPECT_EQ(entry.via, mapping_protocol::nat_pmp) << "though PCP is there";
  EXPECT_EQ(entry.lifetime, 90min) << "what was left of it";
  run.end();
  EXPECT_FALSE(run.last<events::unmapped>().removed);
  EXPECT_THAT(gateway.table, SizeIs(1));
  EXPECT_THAT(run.recorded, IsEmpty()) << "it is recorded as added";
}

TEST_F(ManagedMapping, BackAtARouterItKnowsItsNonce) {
  virtual_gateway other;
  other.ip = boost::asio::ip::make_address("192.168.2.1");
  start();
  run.run_for(1s);
  gateway.is_up = false;  // so that nothing can be removed
  run.move_to(&other);
  run.run_for(1s);
  EXPECT_THAT(run.recorded, SizeIs(2));
  gateway.is_up = true;
  start();
  run.run_for(1s);
  EXPECT_TRUE(run.machine.holds());
  EXPECT_THAT(gateway.table, SizeIs(1));
  run.end();
  EXPECT_THAT(gateway.table, IsEmpty());
  EXPECT_THAT(other.table, IsEmpty());
  EXPECT_THAT(run.recorded, IsEmpty());
}

TEST_F(ManagedMapping, WhatLeadsToItsFormerAddressIsRemoved) {
  only(mapping_protocol::upnp);
  start();
  run.run_for(1s);
  gateway.is_up = false;
  run.move_to(nullptr);
  gateway.is_up = true;
  run.move_to(&gateway, second_host);
  run.run_for(1s);
  ASSERT_THAT(gateway.table, SizeIs(1));
  EXPECT_EQ(gateway.table[0].record.internal.ip, second_host);
}

TEST_F(ManagedMapping, WithAnyPortTheGrantedOneIsAskedForAgain) {
  auto options = virtual_run::wanted();
  options.any_port = true;
  virtual_run any(options);
  gateway.granted_port = 30000;
  any.move_to(&gateway);
  any.run_for(1s);
  EXPECT_EQ(any.last<events::mapped>().entry.external_port, 30000);
  gateway.table.clear();
  any.run_for(10s);
  EXPECT_EQ(std::get<steps::map>(
                std::ranges::find_if(
                    any.steps_done.rbegin(), any.steps_done.rend(),
                    [](const auto& each) { return std::holds_alternative<steps::map>(each.what); })
                    ->what)
                .request.external_port,
            30000);
}

TEST_F(ManagedMapping, StoppedEarlyItSaysWhatIsMissing) {
  run.fails_at = 1;  // the search for services
  run.way = fault::cancelled;
  start();
  run.run_for(1s);
  run.end();
  ASSERT_THAT(run.failures, SizeIs(1));
  EXPECT_THAT(run.failures[0].attempts, SizeIs(3));
  EXPECT_EQ(run.failures[0].attempts[0].state, service_state::not_tried);
}

TEST_F(ManagedMapping, WhatIsHandedOverIsNotRemoved) {
  start();
  run.run_for(1s);
  const auto record = run.machine.hand_over();
  ASSERT_TRUE(record);
  EXPECT_EQ(record->external_port, outside_port);
  run.end();
  EXPECT_THAT(gateway.table, SizeIs(1));
  EXPECT_EQ(run.count_steps<steps::unmap>(), 0U);
}

TEST_F(ManagedMapping, MappingsAddTakesBackBeforeItTriesTheNextService) {
  for (const auto by : {mapping_command::serve, mapping_command::mappings_add}) {
    auto options = virtual_run::wanted();
    options.asked_by = by;
    virtual_run once(options);
    virtual_gateway router;
    once.way = fault::answer_lost;
    once.fails_at = 2;  // the request to PCP
    once.move_to(&router);
    once.run_for(1s);
    EXPECT_EQ(once.last<events::mapped>().entry.via, mapping_protocol::nat_pmp);
    EXPECT_THAT(router.table, SizeIs(by == mapping_command::serve ? 2 : 1));
    EXPECT_THAT(once.recorded, SizeIs(router.table.size()));
    once.end();
    EXPECT_THAT(router.table, IsEmpty());
  }
}

// --- every step fails ----------------------------------------------------------------------

/// An eventful life: a lost table, an announcement, an outage, other routers and addresses, sleep.
struct eventful_life {
  virtual_gateway home;
  virtual_gateway cafe;
  virtual_run run;

  explicit eventful_life(mapping_command by) : run(options_of(by)) {
    cafe.ip = boost::asio::ip::make_address("192.168.2.1");
    cafe.services = {mapping_protocol::upnp};
    home.is_unsure = true;
  }
  static mapping_options options_of(mapping_command by) {
    auto options = virtual_run::wanted();
    options.lifetime = 2min;
    options.asked_by = by;
    return options;
  }
  void live() {
    run.move_to(&home);
    run.run_for(40s);
    home.table.clear();
    run.run_for(10s);
    run.machine.renew_at(run.now.steady);
    run.run_for(10s);
    home.is_up = false;
    run.run_for(30s);
    home.is_up = true;
    run.run_for(10s);
    run.move_to(&cafe);
    run.run_for(10s);
    run.move_to(&cafe, second_host);
    run.run_for(10s);
    run.move_to(&home);
    run.run_for(10s);
    run.sleep(30s);
    run.run_for(80s);
    run.end();
  }
  void expect_nothing_forgotten() const {
    for (const virtual_gateway* each : {&home, &cafe}) {
      for (const auto& entry : each->table) {
        EXPECT_TRUE(run.is_recorded(entry.record)) << "open, and neither closed nor recorded";
      }
    }
  }
};

TEST(ManagedMappingFaults, WithoutAFaultEverythingIsClosed) {
  eventful_life life(mapping_command::serve);
  life.live();
  EXPECT_THAT(life.home.table, IsEmpty());
  EXPECT_THAT(life.cafe.table, IsEmpty());
  EXPECT_THAT(life.run.recorded, IsEmpty());
}

TEST(ManagedMappingFaults, WhateverFailsIsClosedOrRecorded) {
  for (const auto by : {mapping_command::serve, mapping_command::mappings_add}) {
    for (const auto way :
         {fault::request_lost, fault::answer_lost, fault::refused, fault::cancelled}) {
      std::size_t failed = 0;
      for (std::size_t step = 0;; ++step) {
        SCOPED_TRACE(::testing::Message() << "step " << step << ", way " << static_cast<int>(way));
        eventful_life life(by);
        life.run.way = way;
        life.run.fails_at = step;
        life.live();
        life.expect_nothing_forgotten();
        if (life.run.steps_done.size() <= step) break;
        ++failed;
      }
      EXPECT_GT(failed, 60U) << "of so many steps";
    }
  }
}

}  // namespace managed_mapping_test
}  // namespace natcheck::mappings
