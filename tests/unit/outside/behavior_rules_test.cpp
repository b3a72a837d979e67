#include "outside/behavior_rules.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "outside/lifetime.hpp"
#include "outside/stun_name.hpp"
#include "outside/stun_port.hpp"
#include "support/in_words.hpp"

namespace natcheck::outside {
namespace behavior_rules_test {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using enum nat_behavior;
using seen_endpoint = std::optional<endpoint>;

seen_endpoint at(std::string_view text) { return parse_endpoint(text, 0); }

stun_evidence answered(std::string name, std::string_view address, seen_endpoint other,
                       double rtt_ms) {
  stun_evidence seen;
  seen.state = service_state::answered;
  seen.server = std::move(name);
  seen.address = at(address);
  seen.other_address = other;
  seen.rtt = millis(rtt_ms);
  return seen;
}

TEST(ChooseServer, TakesTheNearestThatIsCredible) {
  std::vector<cause> doubts;
  const auto chosen = choose_server({answered("plain", "9.9.0.1:3478", {}, 5),
                                     answered("far", "9.9.0.2:3478", at("9.9.0.3:3479"), 40),
                                     answered("near", "9.9.0.4:3478", at("9.9.0.5:3479"), 20),
                                     answered("liar", "9.9.0.6:3478", at("9.9.0.6:3479"), 1)},
                                    doubts);
  ASSERT_TRUE(chosen);
  EXPECT_EQ(chosen->name, "near");
  EXPECT_EQ(chosen->primary, at("9.9.0.4:3478"));
  EXPECT_EQ(chosen->other, at("9.9.0.5:3479"));
  EXPECT_EQ(chosen->rtt, millis(20));
  EXPECT_THAT(doubts, IsEmpty());
}

TEST(ChooseServer, OneWithoutAMeasuredRoundTripIsTakenLast) {
  std::vector<cause> doubts;
  auto unmeasured = answered("unmeasured", "9.9.0.2:3478", at("9.9.0.3:3479"), 0);
  unmeasured.rtt.reset();
  const auto far = answered("far", "9.9.0.4:3478", at("9.9.0.5:3479"), 900);
  EXPECT_EQ(choose_server({unmeasured, far}, doubts)->name, "far");
  EXPECT_EQ(choose_server({unmeasured}, doubts)->rtt, millis(0));
}

TEST(ChooseServer, SaysWhyNobodyWillDo) {
  auto tcp = answered("tcp", "9.9.0.1:3478", at("9.9.0.2:3479"), 5);
  tcp.protocol = transport::tcp;
  auto v6 = answered("v6", "[2620::1]:3478", at("9.9.0.2:3479"), 5);
  v6.family = 6;
  auto silent = answered("silent", "9.9.0.1:3478", at("9.9.0.2:3479"), 5);
  silent.state = service_state::silent;
  std::vector<cause> doubts;
  EXPECT_FALSE(choose_server({tcp, v6, silent}, doubts));
  EXPECT_THAT(doubts, ElementsAre(InWords(HasSubstr("no STUN server answered"))));
  doubts.clear();
  EXPECT_FALSE(choose_server({answered("plain", "9.9.0.1:3478", {}, 5),
                              answered("private", "9.9.0.1:3478", at("10.0.0.2:3479"), 5)},
                             doubts));
  EXPECT_THAT(doubts, ElementsAre(InWords(HasSubstr("plain has no second")),
                                  InWords(HasSubstr("10.0.0.2:3479"))));
}

struct mapping_row {
  const char* first;  ///< as A1:P1, A2:P1 and A2:P2 saw it; empty: no answer
  const char* second;
  const char* third;
  nat_behavior behavior;
  std::size_t doubts = 0;
};

TEST(MappingOf, EveryCombination) {
  const char* const x = "5.5.5.5:1";
  const char* const y = "5.5.5.5:2";
  const char* const z = "5.5.5.5:3";
  const char* const local = "192.168.1.10:1";
  const mapping_row rows[]{
      {local, local, local, none},
      {local, "", "", none},
      {x, x, x, endpoint_independent},
      {x, x, "", endpoint_independent},
      {x, y, y, address_dependent},
      {x, y, z, address_and_port_dependent},
      {x, y, x, address_and_port_dependent},
      {x, x, y, not_tested, 1},
      {x, y, "", not_tested, 1},
      {x, "", x, not_tested, 1},
      {x, "", y, not_tested, 1},
      {x, "", "", not_tested, 1},
      {"", x, x, not_tested, 1},
      {"", "", "", not_tested, 1},
  };
  for (const auto& row : rows) {
    std::vector<cause> doubts;
    const mapping_seen seen{*at(local), at(row.first), at(row.second), at(row.third)};
    EXPECT_EQ(mapping_of(seen, doubts), row.behavior)
        << row.first << " " << row.second << " " << row.third;
    EXPECT_EQ(doubts.size(), row.doubts) << row.first << " " << row.second << " " << row.third;
  }
}

struct filtering_row {
  bool translated;
  change_result both, port;
  nat_behavior behavior;
};

TEST(FilteringOf, EveryCombination) {
  using enum change_result;
  constexpr auto yes = change_result::answered;
  const filtering_row rows[]{
      {true, yes, yes, endpoint_independent},
      {true, yes, silent, endpoint_independent},
      {true, yes, untested, endpoint_independent},
      {false, yes, yes, none},
      {true, silent, yes, address_dependent},
      {true, silent, silent, address_and_port_dependent},
      {false, silent, yes, address_dependent},
      {false, silent, silent, address_and_port_dependent},
      {true, silent, untested, not_tested},
      {true, untested, yes, not_tested},
      {true, untested, silent, not_tested},
      {true, untested, untested, not_tested},
  };
  for (const auto& row : rows) {
    std::vector<cause> doubts;
    EXPECT_EQ(filtering_of(row.translated, {row.both, "both"}, {row.port, "port"}, doubts),
              row.behavior);
    EXPECT_EQ(doubts.size(), row.behavior == not_tested ? 1U : 0U) << "a reason, and only then";
  }
  std::vector<cause> doubts;
  filtering_of(true, {silent, "both"}, {untested, "port"}, doubts);
  EXPECT_THAT(doubts, ElementsAre(InWords(::testing::StrEq("filtering: port"))))
      << "the one that was missing";
}

TEST(Doubted, SilenceOfAnAddressThatAnsweredNobody) {
  using enum change_result;
  const endpoint mapped{boost::asio::ip::make_address("5.5.5.5"), 40000};
  mapping_seen seen{mapped, mapped, {}, {}};
  EXPECT_EQ(doubted({silent, ""}, seen).result, untested);
  EXPECT_EQ(doubted({answered, ""}, seen).result, answered);
  seen.by_other = mapped;
  EXPECT_EQ(doubted({silent, ""}, seen).result, silent);
}

TEST(HairpinOf, NoNeedsOnePortForAll) {
  using enum nat_behavior;
  for (const auto mapping : {endpoint_independent, address_dependent, nat_behavior::not_tested}) {
    std::vector<cause> doubts;
    const bool proven = mapping == endpoint_independent;
    EXPECT_EQ(hairpin_of({tested::no, ""}, mapping, doubts),
              proven ? tested::no : tested::not_tested);
    EXPECT_EQ(doubts.size(), proven ? 0U : 1U);
    EXPECT_EQ(hairpin_of({tested::yes, ""}, mapping, doubts), tested::yes);
  }
}

TEST(PortPreservation, IsAboutTranslatedSocketsOnly) {
  const seen_socket kept{*at("10.0.0.1:7"), *at("5.5.5.5:7")};
  const seen_socket moved{*at("10.0.0.1:8"), *at("5.5.5.5:9")};
  const seen_socket own{*at("5.5.5.5:7"), *at("5.5.5.5:7")};
  EXPECT_EQ(port_preservation_of({}), tested::not_tested);
  EXPECT_EQ(port_preservation_of({own}), tested::not_tested);
  EXPECT_EQ(port_preservation_of({kept, kept}), tested::yes);
  EXPECT_EQ(port_preservation_of({kept, moved, kept}), tested::no);
}

TEST(Tempo, StaysWithinItsBounds) {
  EXPECT_EQ(pacing(millis(0)).rtt, millis(100)) << "nothing was measured";
  EXPECT_EQ(pacing(millis(0.1)).open_filter_again, millis(20));
  EXPECT_EQ(pacing(millis(0.1)).last_wait, millis(100));
  EXPECT_EQ(pacing(millis(300)).open_filter_again, millis(150));
  EXPECT_EQ(pacing(millis(300)).ask_again, millis(250));
  EXPECT_EQ(pacing(millis(300)).last_wait, millis(600));
  // Binding a socket, knocking to the end, and the last wait, at 30 ms.
  const pacing usual(millis(30));
  const auto whole = usual.rtt + (pacing::tries - 1) * usual.open_filter_again + usual.last_wait;
  EXPECT_LT(whole, 300ms);
}

TEST(Tempo, AsksOnWhileTooFewControlsAreAnswered) {
  EXPECT_FALSE(pacing::is_last(pacing::tries - 1, pacing::tries - 1));
  EXPECT_TRUE(pacing::is_last(pacing::tries, pacing::enough_controls));
  EXPECT_FALSE(pacing::is_last(pacing::tries, pacing::enough_controls - 1));
  EXPECT_TRUE(pacing::is_last(pacing::tries + 1, pacing::enough_controls));
  EXPECT_TRUE(pacing::is_last(pacing::most_tries, 0));
}

TEST(LifetimeBounds, TwoInARowAreTheEnd) {
  constexpr auto alive = std::optional(true);
  constexpr auto gone = std::optional(false);
  constexpr std::optional<bool> open;
  struct row {
    step_results results;
    int alive_after, gone_after;  ///< 0: not known
    bool decided;
  };
  const row rows[]{
      {{open, open, open, open}, 0, 0, false},   {{alive, open, open, open}, 1, 0, false},
      {{alive, gone, open, open}, 1, 2, false},  {{alive, gone, gone, open}, 1, 2, true},
      {{alive, gone, alive, open}, 3, 0, false},  // the dead one was a loss
      {{alive, gone, open, gone}, 1, 2, true},    // one that is not known says nothing
      {{gone, gone, open, open}, 0, 1, true},    {{alive, alive, alive, alive}, 4, 0, false},
      {{alive, gone, gone, alive}, 1, 2, true},
  };
  for (const auto& row : rows) {
    const auto bounds = bounds_of({1s, 2s, 3s, 4s}, row.results);
    EXPECT_EQ(bounds.alive_after.value_or(0s), std::chrono::seconds(row.alive_after));
    EXPECT_EQ(bounds.gone_after.value_or(0s), std::chrono::seconds(row.gone_after));
    EXPECT_EQ(bounds.decided, row.decided);
  }
}

TEST(LifetimeSteps, AreFineWhereItMattersAndCoarseLater) {
  const auto steps = lifetime_steps();
  ASSERT_EQ(steps.size(), 24U + 12U + 10U);
  EXPECT_EQ(steps[0], 5s);
  EXPECT_EQ(steps[23], 120s);
  EXPECT_EQ(steps[24], 135s);
  EXPECT_EQ(steps[36], 330s);
  EXPECT_EQ(steps.back(), 600s);
}

TEST(ServerName, InAllForms) {
  struct row {
    const char* text;
    const char* host;
    std::uint16_t port;
    const char* shown;
  };
  const row rows[]{{"stun.example.org", "stun.example.org", 3478, "stun.example.org:3478"},
                   {"stun.example.org:19302", "stun.example.org", 19302, "stun.example.org:19302"},
                   {"9.9.0.1", "9.9.0.1", 3478, "9.9.0.1:3478"},
                   {"9.9.0.1:99", "9.9.0.1", 99, "9.9.0.1:99"},
                   {"2620::1", "2620::1", 3478, "[2620::1]:3478"},
                   {"[2620::1]:99", "2620::1", 99, "[2620::1]:99"},
                   {"host:0", "host:0", 3478, "[host:0]:3478"},
                   {"host:65536", "host:65536", 3478, "[host:65536]:3478"},
                   {"host:", "host:", 3478, "[host:]:3478"},
                   {"", "", 3478, ":3478"}};
  for (const row& each : rows) {
    const auto read = read_server_name(each.text);
    EXPECT_EQ(read.host, each.host) << each.text;
    EXPECT_EQ(read.port, each.port) << each.text;
    EXPECT_EQ(read.text(), each.shown) << each.text;
  }
}

TEST(BehaviorRules, WhichAddressesMayBeOurs) {
  const auto ip = [](const char* text) { return boost::asio::ip::make_address(text); };
  EXPECT_TRUE(is_credible_mapped(ip("5.5.5.5"), ip("9.9.0.7")));
  EXPECT_TRUE(is_credible_mapped(ip("192.168.1.10"), ip("192.168.1.2"))) << "a server that is near";
  for (const char* nonsense : {"0.0.0.0", "127.0.0.1", "127.0.0.9", "10.0.0.1", "100.64.0.1"}) {
    EXPECT_FALSE(is_credible_mapped(ip(nonsense), ip("9.9.0.7"))) << nonsense;
  }
  EXPECT_FALSE(is_credible_mapped(ip("127.0.0.1"), ip("127.0.0.7")));
}

}  // namespace behavior_rules_test
}  // namespace natcheck::outside
