#include "outside/survey.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace natcheck::outside {
namespace survey_test {

using namespace std::chrono_literals;
using boost::asio::ip::make_address;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

endpoint at(std::string_view text) { return *parse_endpoint(text, 0); }

stun_server server(std::string name, std::vector<std::string> addresses) {
  stun_server made;
  made.name = name + ":3478";
  for (const auto& each : addresses) made.addresses.push_back(make_address(each));
  return made;
}

stun::binding_answer good(std::optional<endpoint> other = {}) {
  stun::binding_answer answer;
  answer.success = true;
  answer.xor_mapped = at("5.5.5.5:4000");
  answer.other = other;
  return answer;
}

/// A schedule in virtual time.
class Survey : public ::testing::Test {
 protected:
  using time_point = survey_schedule::time_point;

  void begin(std::vector<stun_server> servers, bool ipv4 = true, bool ipv6 = true,
             bool wants_other = false) {
    schedule_.emplace(servers, ipv4, ipv6, survey_options{wants_other}, time_point{});
  }

  /// What is sent until then, as "name/family@ms".
  std::vector<std::string> sent_until(milliseconds end) {
    std::vector<std::string> sent;
    for (; now_ <= time_point{} + end; now_ += 1ms) {
      while (const auto next = schedule_->poll_transmit(now_)) {
        const stun_evidence& ask = schedule_->ask(*next);
        sent.push_back(ask.server.substr(0, 1) + "/" + std::to_string(ask.family) + "@" +
                       std::to_string(ms()));
      }
      if (now_ == time_point{} + end) break;
    }
    return sent;
  }

  long ms() const {
    return std::chrono::duration_cast<milliseconds>(now_.time_since_epoch()).count();
  }

  /// Jumps from one timeout to the next, sending what is due, until the schedule is over.
  milliseconds run_to_end() {
    for (int steps = 0; !schedule_->finished(now_); ++steps) {
      if (steps > 100) throw std::runtime_error("the schedule does not come to its end");
      while (schedule_->poll_transmit(now_)) {
      }
      if (schedule_->finished(now_)) break;
      const auto next = schedule_->next_timeout(now_);
      EXPECT_GT(next, now_);
      now_ = next;
    }
    return milliseconds(ms());
  }

  /// TCP comes to its end, as its own coroutine would bring it.
  void end_tcp(service_state state) {
    for (std::size_t i = 0; i < schedule_->size(); ++i) {
      if (schedule_->ask(i).protocol == transport::tcp) schedule_->end(i, state, "");
    }
  }

  std::size_t find(const std::string& name, unsigned family, transport protocol) const {
    for (std::size_t i = 0; i < schedule_->size(); ++i) {
      const stun_evidence& ask = schedule_->ask(i);
      if (ask.server.substr(0, 1) == name && ask.family == family && ask.protocol == protocol) {
        return i;
      }
    }
    throw std::runtime_error("nobody of that name is asked");
  }
  void answer(const std::string& name, unsigned family = 4, std::optional<endpoint> other = {}) {
    schedule_->handle_answer(find(name, family, transport::udp), good(other), now_);
  }
  const stun_evidence& seen(const std::string& name, unsigned family = 4,
                            transport protocol = transport::udp) const {
    return schedule_->ask(find(name, family, protocol));
  }

  std::optional<survey_schedule> schedule_;
  time_point now_{};
};

const stun_server a = server("a", {"9.9.0.1", "2620::1"});
const stun_server b = server("b", {"9.9.0.2"});

TEST_F(Survey, AServerInOurOwnNetworkIsNotAsked) {
  survey_options options;
  options.own_networks = {{make_address("11.3.3.10"), 24}, {make_address("2a00:1::10"), 64}};
  schedule_.emplace(
      std::vector{server("a", {"11.3.3.20", "2a00:1::20"}), server("b", {"11.3.4.20"})}, true, true,
      options, time_point{});
  EXPECT_THAT(sent_until(1ms), ElementsAre("b/4@0"));
  ASSERT_EQ(schedule_->size(), 4U);
  for (const std::size_t near : {0U, 1U}) {
    EXPECT_FALSE(schedule_->is_open(near));
    EXPECT_EQ(schedule_->ask(near).state, service_state::not_tried);
    EXPECT_THAT(to_string(schedule_->ask(near).detail), HasSubstr("in this machine's own network"));
  }
}

TEST_F(Survey, APrivateNetworkHidesNoServer) {
  survey_options options;
  options.own_networks = {{make_address("192.168.1.10"), 24}, {make_address("9.9.0.1"), 0}};
  schedule_.emplace(std::vector{server("a", {"192.168.1.20"}), server("b", {"9.9.0.7"})}, true,
                    true, options, time_point{});
  EXPECT_THAT(sent_until(1ms), ElementsAre("a/4@0", "b/4@0"));
}

TEST_F(Survey, AsksEverybodyAtOnceAndAgain) {
  begin({a, b});
  EXPECT_THAT(sent_until(0ms), ElementsAre("a/4@0", "a/6@0", "b/4@0"));
  EXPECT_THAT(sent_until(249ms), IsEmpty());
  EXPECT_THAT(sent_until(250ms), ElementsAre("a/4@250", "a/6@250", "b/4@250"));
  EXPECT_THAT(sent_until(1749ms), ElementsAre("a/4@750", "a/6@750", "b/4@750"));
  EXPECT_EQ(seen("a").state, service_state::not_tried);
  EXPECT_THAT(sent_until(1750ms), IsEmpty());
  EXPECT_EQ(seen("a").state, service_state::silent);
  EXPECT_EQ(to_string(seen("a").detail), "no answer to 3 requests in 1750 ms");
  EXPECT_EQ(seen("a").attempts, 3);
}

TEST_F(Survey, AProgramThatWasHeldUpStillWaitsForTheLastAnswer) {
  begin({b});
  now_ += 10s;
  EXPECT_THAT(sent_until(10s), ElementsAre("b/4@10000"));
  EXPECT_THAT(sent_until(11749ms), ElementsAre("b/4@10250", "b/4@10750"));
  EXPECT_EQ(seen("b").state, service_state::not_tried);
}

TEST_F(Survey, OneAddressAFamily) {
  begin({server("c", {"2620::7", "9.9.0.7", "9.9.0.8", "2620::8"})});
  EXPECT_EQ(seen("c", 4).address, at("9.9.0.7:3478"));
  EXPECT_EQ(seen("c", 6).address, at("[2620::7]:3478"));
  EXPECT_EQ(schedule_->size(), 4U) << "two over UDP, two over TCP";
}

TEST_F(Survey, WhoHasNoAddressIsNamedWithTheReason) {
  stun_server lost = server("l", {});
  lost.why_not = "Name or service not known";
  begin({lost});
  EXPECT_TRUE(schedule_->finished(now_));
  const auto evidence = schedule_->take(now_);
  ASSERT_EQ(evidence.size(), 1U);
  EXPECT_EQ(evidence[0].state, service_state::not_tried);
  EXPECT_EQ(to_string(evidence[0].detail), "Name or service not known");
  EXPECT_EQ(evidence[0].server, "l:3478");
  EXPECT_FALSE(evidence[0].address);
}

TEST_F(Survey, AFamilyWithoutAWayOutIsNotAsked) {
  begin({a}, false, true);
  EXPECT_THAT(sent_until(0ms), ElementsAre("a/6@0"));
  EXPECT_EQ(seen("a", 4).state, service_state::not_tried);
  EXPECT_THAT(to_string(seen("a", 4).detail), HasSubstr("no IPv4 route"));
  now_ += 30ms;
  answer("a", 6);
  EXPECT_TRUE(schedule_->finished(now_)) << "there is nobody else";
  EXPECT_EQ(schedule_->take(now_).size(), 3U) << "no TCP over IPv4";
}

TEST_F(Survey, ADeadServerDelaysNobody) {
  begin({a, b});
  sent_until(30ms);
  answer("a");
  EXPECT_FALSE(schedule_->finished(now_)) << "b may be a little slower";
  EXPECT_EQ(run_to_end(), 80ms);
  EXPECT_EQ(seen("a").state, service_state::answered);
  const std::size_t dead = find("b", 4, transport::udp);
  const auto evidence = schedule_->take(now_);
  EXPECT_EQ(evidence[dead].state, service_state::not_tried);
  EXPECT_THAT(to_string(evidence[dead].detail), HasSubstr("not needed"));
}

TEST_F(Survey, ASlowerAnswerWithinTheGraceIsKept) {
  begin({a, b});
  sent_until(200ms);
  answer("a");
  sent_until(390ms);
  EXPECT_FALSE(schedule_->finished(now_)) << "as long again as the first took";
  answer("b");
  answer("a", 6);
  EXPECT_TRUE(schedule_->finished(now_)) << "everybody has answered";
  EXPECT_EQ(seen("b").state, service_state::answered);
}

TEST_F(Survey, Ipv6IsNotWaitedForLongerThanOthers) {
  begin({a});
  sent_until(30ms);
  answer("a");
  EXPECT_EQ(run_to_end(), 80ms);
}

TEST_F(Survey, Ipv4IsWaitedForWhenIpv6WasFirst) {
  begin({a});
  sent_until(30ms);
  answer("a", 6);
  sent_until(1749ms);
  EXPECT_FALSE(schedule_->finished(now_));
  schedule_->end(find("a", 4, transport::tcp), service_state::silent, "");
  sent_until(1750ms);
  EXPECT_TRUE(schedule_->finished(now_));
}

TEST_F(Survey, TcpIsForThoseWhomUdpDoesNotReach) {
  begin({a, b});
  sent_until(30ms);
  answer("a");
  EXPECT_FALSE(schedule_->begin_tcp(find("a", 4, transport::tcp), now_));
  EXPECT_FALSE(schedule_->begin_tcp(find("b", 4, transport::tcp), now_));
  EXPECT_EQ(to_string(seen("a", 4, transport::tcp).detail), "not needed: UDP answered");
  EXPECT_TRUE(schedule_->begin_tcp(find("a", 6, transport::tcp), now_)) << "IPv6 is silent so far";
}

TEST_F(Survey, UdpIsProvenSilentThoughTcpHasAnswered) {
  begin({a, b}, true, false);
  sent_until(250ms);
  ASSERT_TRUE(schedule_->begin_tcp(find("a", 4, transport::tcp), now_));
  ASSERT_TRUE(schedule_->begin_tcp(find("b", 4, transport::tcp), now_));
  sent_until(310ms);
  schedule_->handle_answer(find("a", 4, transport::tcp), good(), now_);
  EXPECT_EQ(seen("a", 4, transport::tcp).rtt, millis(60));
  EXPECT_EQ(run_to_end(), 1750ms) << "b is not waited for over TCP";
  EXPECT_EQ(seen("a").state, service_state::silent);
}

TEST_F(Survey, UdpThatAnswersLateEndsWhatTcpHadBegun) {
  begin({a}, true, false);
  sent_until(300ms);
  ASSERT_TRUE(schedule_->begin_tcp(find("a", 4, transport::tcp), now_));
  answer("a");
  EXPECT_TRUE(schedule_->finished(now_));
  schedule_->handle_answer(find("a", 4, transport::tcp), good(), now_);
  EXPECT_EQ(seen("a", 4, transport::tcp).state, service_state::not_tried);
  EXPECT_FALSE(seen("a").rtt) << "which of the two requests was answered?";
}

TEST_F(Survey, WaitsForASecondAddressWhereOneIsWanted) {
  const endpoint other = at("9.9.0.5:3479");
  begin({a, b}, true, false, true);
  sent_until(30ms);
  answer("a");
  sent_until(900ms);
  EXPECT_FALSE(schedule_->finished(now_)) << "b may have one";
  answer("b", 4, other);
  EXPECT_TRUE(schedule_->finished(now_));
  EXPECT_EQ(seen("b").other_address, other);
}

TEST_F(Survey, ASecondAddressEndsTheWaiting) {
  begin({a, b}, true, false, true);
  sent_until(30ms);
  answer("b", 4, at("9.9.0.5:3479"));
  EXPECT_EQ(run_to_end(), 80ms);
}

TEST_F(Survey, AFalseSecondAddressDoesNot) {
  begin({a, b}, true, false, true);
  sent_until(30ms);
  answer("b", 4, at("9.9.0.2:3479"));
  EXPECT_EQ(run_to_end(), 1750ms);
}

TEST_F(Survey, NothingAnswers) {
  begin({a, b});
  sent_until(250ms);
  EXPECT_TRUE(schedule_->begin_tcp(find("a", 4, transport::tcp), now_));
  sent_until(1750ms);
  EXPECT_FALSE(schedule_->finished(now_)) << "TCP has its own time";
  end_tcp(service_state::silent);
  EXPECT_TRUE(schedule_->finished(now_));
}

TEST_F(Survey, ErrorsAreRefusals) {
  begin({b});
  sent_until(10ms);
  stun::binding_answer refused;
  refused.error = 420;
  refused.error_text = "Unknown\x1b[31m";
  schedule_->handle_answer(find("b", 4, transport::udp), refused, now_);
  EXPECT_EQ(seen("b").state, service_state::refused);
  EXPECT_EQ(to_string(seen("b").detail), "it answered with error 420 (Unknown\\x1b[31m)");
  EXPECT_EQ(seen("b").rtt, millis(10));
}

TEST_F(Survey, WhatThisMachineDoesNotSendIsNoSilence) {
  begin({server("a", {"9.9.0.7"})});
  schedule_->end_unsent(0, "this machine does not send it");
  sent_until(3s);
  const auto evidence = schedule_->take(now_);
  EXPECT_EQ(evidence.front().state, service_state::not_tried);
  EXPECT_TRUE(evidence.front().local_fault);
  EXPECT_EQ(to_string(evidence.front().detail), "this machine does not send it");
  EXPECT_FALSE(evidence.back().local_fault) << "TCP";
}

TEST_F(Survey, WhatIsNoAnswerCountsOnlyWhenNothingElseComes) {
  begin({a, b}, true, false);
  sent_until(10ms);
  schedule_->handle_fault(find("a", 4, transport::udp), "contains no address");
  schedule_->handle_fault(find("b", 4, transport::udp), "contains no address");
  answer("b");
  EXPECT_EQ(seen("b").state, service_state::answered);
  EXPECT_TRUE(seen("b").detail.empty());
  sent_until(1750ms);
  EXPECT_EQ(seen("a").state, service_state::malformed);
  EXPECT_EQ(to_string(seen("a").detail), "contains no address");
}

TEST_F(Survey, AddressesThatDifferInsideOneAnswerAreNoted) {
  begin({b});
  sent_until(0ms);
  stun::binding_answer answer = good();
  answer.mapped = at("192.168.1.10:4000");
  schedule_->handle_answer(find("b", 4, transport::udp), answer, now_);
  EXPECT_EQ(seen("b").seen_as, at("5.5.5.5:4000"));
  EXPECT_EQ(seen("b").rewritten_as, at("192.168.1.10:4000"));
}

TEST_F(Survey, TheSameAddressTwiceIsNoFinding) {
  begin({b});
  sent_until(0ms);
  stun::binding_answer answer = good();
  answer.mapped = answer.xor_mapped;
  schedule_->handle_answer(find("b", 4, transport::udp), answer, now_);
  EXPECT_FALSE(seen("b").rewritten_as);
}

TEST_F(Survey, WhatTheCallersDeadlineCutsOffIsNotSilent) {
  begin({b});
  sent_until(400ms);
  const auto evidence = schedule_->take(now_);
  EXPECT_EQ(evidence[0].state, service_state::not_tried);
  EXPECT_THAT(to_string(evidence[0].detail), HasSubstr("timed out before"));
  EXPECT_EQ(evidence[0].attempts, 2);
}

TEST(CredibleOther, IsAnotherAddressAndAnotherPortAsPublicAsTheFirst) {
  struct row {
    const char* primary;
    const char* other;
    bool credible;
  };
  const row rows[]{
      {"9.9.0.1:3478", "9.9.0.2:3479", true},     {"9.9.0.1:3478", "9.9.0.1:3479", false},
      {"9.9.0.1:3478", "9.9.0.2:3478", false},    {"9.9.0.1:3478", "10.0.0.2:3479", false},
      {"9.9.0.1:3478", "100.64.0.2:3479", false}, {"9.9.0.1:3478", "[2620::2]:3479", false},
      {"10.0.0.1:3478", "10.0.0.2:3479", true},   {"10.0.0.1:3478", "9.9.0.2:3479", true}};
  for (const row& each : rows) {
    EXPECT_EQ(is_credible_other(at(each.primary), at(each.other)), each.credible)
        << each.primary << " " << each.other;
  }
  EXPECT_FALSE(is_credible_other(at("9.9.0.1:3478"), {make_address("9.9.0.2"), 0}));
  EXPECT_FALSE(is_credible_other(at("10.0.0.1:3478"), {make_address("0.0.0.0"), 3479}));
}

}  // namespace survey_test
}  // namespace natcheck::outside
