#include "outside/behavior.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "outside/lifetime.hpp"
#include "support/in_words.hpp"
#include "support/stun_server.hpp"

namespace natcheck::outside {
namespace behavior_test {

using namespace support;
using enum nat_behavior;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class Behavior : public ::testing::Test {
 protected:
  void make(nat_personality nat) { server_.emplace(loop_.context(), nat); }

  behavior_server known(millis rtt = millis(0.1)) const {
    behavior_server server;
    server.name = "stun.example.org:3478";
    server.primary = server_->primary();
    server.other = server_->other();
    server.rtt = rtt;
    return server;
  }
  nat_evidence ask(milliseconds limit = 60s) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    return loop_.await(ask_behavior(known(), from_, deadline));
  }

  loop loop_;
  net::source from_{asio::ip::make_address(host_ip), ""};
  std::optional<support::stun_server> server_;
};

struct kind {
  nat_behavior mapping, filtering;
};

std::vector<kind> all_kinds() {
  std::vector<kind> kinds;
  for (const auto mapping : {endpoint_independent, address_dependent, address_and_port_dependent}) {
    for (const auto filtering :
         {endpoint_independent, address_dependent, address_and_port_dependent}) {
      kinds.push_back({mapping, filtering});
    }
  }
  return kinds;
}

TEST_F(Behavior, EveryKindOfNat) {
  for (const auto& [mapping, filtering] : all_kinds()) {
    make({mapping, filtering});
    const auto seen = ask();
    EXPECT_EQ(seen.mapping, mapping);
    EXPECT_EQ(seen.filtering, filtering);
    // With another port for each destination, a filter is as good a reason for silence.
    const bool one_port = mapping == endpoint_independent;
    EXPECT_EQ(seen.hairpin, one_port ? tested::no : tested::not_tested);
    EXPECT_EQ(seen.port_preservation, tested::no);
    EXPECT_THAT(seen.doubts, SizeIs(one_port ? 0U : 1U));
    EXPECT_EQ(seen.server, "stun.example.org:3478");
  }
}

TEST_F(Behavior, PositiveAnswersEndATestAtOnce) {
  make({endpoint_independent, endpoint_independent, true, true});
  const stopwatch watch;
  const auto seen = ask();
  EXPECT_LT(watch.elapsed(), 100ms);
  EXPECT_EQ(seen.mapping, endpoint_independent);
  EXPECT_EQ(seen.filtering, endpoint_independent);
  EXPECT_EQ(seen.hairpin, tested::yes);
  EXPECT_EQ(seen.port_preservation, tested::yes);
  EXPECT_THAT(seen.doubts, IsEmpty());
}

TEST_F(Behavior, HairpinWorksThroughAFilterThatWasOpened) {
  for (const auto filtering : {address_dependent, address_and_port_dependent}) {
    make({endpoint_independent, filtering, true});
    EXPECT_EQ(ask().hairpin, tested::yes);
  }
}

TEST_F(Behavior, NothingIsTranslated) {
  make({});
  const auto seen = ask();
  EXPECT_EQ(seen.mapping, none);
  EXPECT_EQ(seen.filtering, none);
  EXPECT_EQ(seen.hairpin, tested::not_tested);
  EXPECT_EQ(seen.port_preservation, tested::not_tested);
  EXPECT_THAT(seen.doubts, ElementsAre(InWords(::testing::StrEq("hairpin: there is no NAT"))));
}

TEST_F(Behavior, AFirewallWithoutTranslation) {
  make({none, address_and_port_dependent});
  const auto seen = ask();
  EXPECT_EQ(seen.mapping, none);
  EXPECT_EQ(seen.filtering, address_and_port_dependent);
}

TEST_F(Behavior, TheFilterIsNeverOpenedByTheTestItself) {
  make({endpoint_independent, address_and_port_dependent});
  ask();
  int changes = 0;
  for (const auto& request : server_->requests()) {
    if (request.change == 0) continue;
    ++changes;
    EXPECT_EQ(request.to, server_->primary());
    EXPECT_FALSE(server_->was_asked_at_other_address_by(request.from));
  }
  EXPECT_GE(changes, 10) << "at least 5 for each of the two tests";
}

TEST_F(Behavior, SurvivesLoss) {
  for (const auto& [mapping, filtering] : all_kinds()) {
    make({mapping, filtering, mapping == endpoint_independent});
    server_->percent_lost = 10;
    const auto seen = ask();
    EXPECT_EQ(seen.mapping, mapping);
    EXPECT_EQ(seen.filtering, filtering);
    EXPECT_EQ(seen.hairpin, mapping == endpoint_independent ? tested::yes : tested::not_tested);
  }
}

TEST_F(Behavior, ThirtyMillisecondsTakeLessThanSixHundred) {
  make({endpoint_independent, address_and_port_dependent});
  server_->delay = 30ms;
  const auto deadline = std::chrono::steady_clock::now() + 60s;
  const stopwatch watch;
  const auto seen = loop_.await(ask_behavior(known(30ms), from_, deadline));
  EXPECT_LT(watch.elapsed(), 600ms);
  EXPECT_EQ(seen.filtering, address_and_port_dependent);
  EXPECT_EQ(seen.hairpin, tested::no);
}

TEST_F(Behavior, AServerThatCannotChangeItsAddress) {
  make({endpoint_independent, endpoint_independent});
  server_->change_error = 420;
  const auto seen = ask();
  EXPECT_EQ(seen.mapping, endpoint_independent);
  EXPECT_EQ(seen.filtering, not_tested);
  EXPECT_THAT(seen.doubts, Contains(InWords(HasSubstr("420"))));
}

TEST_F(Behavior, AServerThatAnswersFromWhereItWasAsked) {
  make({endpoint_independent, address_and_port_dependent});
  server_->ignores_change = true;
  const auto seen = ask();
  EXPECT_EQ(seen.filtering, not_tested) << "its answers prove nothing";
  EXPECT_THAT(seen.doubts,
              Contains(InWords(HasSubstr("asked to answer from " + to_string(server_->other())))));
}

TEST_F(Behavior, AServerThatIsGone) {
  make({endpoint_independent, endpoint_independent});
  server_->silent = true;
  const auto seen = ask();
  EXPECT_EQ(seen.mapping, not_tested);
  EXPECT_EQ(seen.filtering, not_tested);
  EXPECT_EQ(seen.hairpin, tested::not_tested);
  EXPECT_EQ(seen.port_preservation, tested::not_tested);
  EXPECT_EQ(seen.doubts.size(), 3U);
}

TEST_F(Behavior, AServerThatFallsSilentProvesNothing) {
  make({endpoint_independent, address_and_port_dependent});
  server_->silent_after = 7;
  const auto seen = ask();
  EXPECT_EQ(seen.filtering, not_tested) << "silence without a living server is no filter";
  EXPECT_EQ(seen.hairpin, tested::not_tested);
}

TEST_F(Behavior, ADeadSecondAddressIsNoFilter) {
  make({endpoint_independent, endpoint_independent});
  server_->second_address_is_dead = true;
  const auto seen = ask();
  EXPECT_EQ(seen.filtering, not_tested);
  EXPECT_THAT(seen.doubts, Contains(InWords(HasSubstr("filtering: the server's second address"))));
}

TEST_F(Behavior, AnAddressThatCannotBeOursIsNotSentTo) {
  for (const char* nonsense : {"0.0.0.0", "127.0.0.1", "10.0.0.7", "192.168.1.10", "169.254.1.1"}) {
    make({endpoint_independent, address_and_port_dependent, true});
    server_->sees_instead = asio::ip::make_address(nonsense);
    const auto seen = ask();
    EXPECT_EQ(seen.hairpin, tested::not_tested) << nonsense;
    EXPECT_THAT(seen.doubts,
                Contains(InWords(HasSubstr(std::string("sees this machine as ") + nonsense))));
  }
}

TEST_F(Behavior, ARouterThatLetsFewPacketsPassIsTestedSlowly) {
  make({endpoint_independent, address_and_port_dependent});
  server_->passes_a_second = 10;
  const auto seen = ask();
  EXPECT_EQ(seen.mapping, endpoint_independent);
  EXPECT_EQ(seen.filtering, address_and_port_dependent);
  EXPECT_EQ(seen.hairpin, tested::no);
}

TEST_F(Behavior, TheTimeLimitLeavesTestsOpen) {
  make({endpoint_independent, address_and_port_dependent});
  const stopwatch watch;
  const auto seen = ask(50ms);
  EXPECT_LT(watch.elapsed(), 150ms);
  EXPECT_EQ(seen.mapping, endpoint_independent) << "that was decided before";
  EXPECT_EQ(seen.filtering, not_tested);
  EXPECT_EQ(seen.hairpin, tested::not_tested);
  EXPECT_THAT(seen.doubts, Contains(InWords(HasSubstr("filtering: timed out before"))));
}

class Lifetime : public Behavior {
 protected:
  lifetime_bounds measure(idle_times steps, milliseconds limit = 60s) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    const auto tell = [this](std::string_view text) { told_.emplace_back(text); };
    return loop_.await(find_lifetime(known(), from_, std::move(steps), tell, doubts_, deadline));
  }
  std::vector<std::string> told_;
  std::vector<cause> doubts_;
};

TEST_F(Lifetime, IsBetweenTwoSteps) {
  nat_personality nat{endpoint_independent, address_and_port_dependent};
  nat.lifetime = 400ms;
  make(nat);
  const stopwatch watch;
  const auto found = measure({100ms, 200ms, 600ms, 700ms, 20s, 30s});
  EXPECT_EQ(found.alive_after, 200ms);
  EXPECT_EQ(found.gone_after, 600ms);
  EXPECT_LT(watch.elapsed(), 2s) << "two that are gone are the end";
  EXPECT_THAT(doubts_, IsEmpty());
  EXPECT_THAT(told_, Contains("UDP binding: still alive after 200 ms idle"));
  EXPECT_THAT(told_, Contains("UDP binding: gone after 600 ms idle"));
}

TEST_F(Lifetime, ABindingThatOutlivesAllSteps) {
  make({endpoint_independent, address_and_port_dependent});
  const auto found = measure({50ms, 100ms});
  EXPECT_EQ(found.alive_after, 100ms);
  EXPECT_FALSE(found.gone_after);
  EXPECT_THAT(doubts_, IsEmpty());
}

TEST_F(Lifetime, AServerWithoutResponsePort) {
  make({endpoint_independent, address_and_port_dependent});
  server_->ignores_response_port = true;
  const auto found = measure({20s});
  EXPECT_FALSE(found.alive_after);
  EXPECT_FALSE(found.gone_after);
  EXPECT_THAT(doubts_, ElementsAre(InWords(HasSubstr("RESPONSE-PORT"))));
}

TEST_F(Lifetime, SurvivesLoss) {
  nat_personality nat{endpoint_independent, address_and_port_dependent};
  nat.lifetime = 600ms;
  make(nat);
  server_->percent_lost = 10;
  const auto found = measure({200ms, 300ms, 1000ms, 1100ms});
  EXPECT_EQ(found.alive_after, 300ms);
  EXPECT_EQ(found.gone_after, 1000ms);
}

TEST_F(Lifetime, TheTimeLimitKeepsWhatIsKnown) {
  make({endpoint_independent, address_and_port_dependent});
  const auto found = measure({50ms, 20s}, 1s);
  EXPECT_EQ(found.alive_after, 50ms);
  EXPECT_FALSE(found.gone_after);
  EXPECT_THAT(doubts_, ElementsAre(InWords(HasSubstr("timed out before"))));
}

}  // namespace behavior_test
}  // namespace natcheck::outside
