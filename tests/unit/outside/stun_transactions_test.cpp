#include "outside/stun_transactions.hpp"

#include <gtest/gtest.h>

#include <natcheck/causes.hpp>

namespace natcheck::outside {
namespace stun_transactions_test {

using namespace std::chrono_literals;

const net::steady_time start{1h};
const endpoint server{boost::asio::ip::make_address("9.9.0.7"), 3478};
const endpoint other_server{boost::asio::ip::make_address("9.9.0.8"), 3478};

/// A success response with MAPPED-ADDRESS 5.5.5.5:4000 to that request.
stun::bytes answer_to(const stun::bytes& request) {
  stun::bytes answer{0x01, 0x01, 0, 12};
  answer.insert(answer.end(), request.begin() + 4, request.begin() + 20);  // cookie and id
  const stun::bytes mapped{0, 1, 0, 8, 0, 1, 0x0f, 0xa0, 5, 5, 5, 5};
  answer.insert(answer.end(), mapped.begin(), mapped.end());
  return answer;
}

TEST(StunTransactions, AnAnswerBelongsToItsOwnQuestion) {
  stun_transactions asked;
  const auto first = asked.begin(server, start);
  const auto second = asked.begin(server, start + 10ms);  // one server, named twice
  for (const auto question : {first, second}) {
    const auto read = asked.judge(server, answer_to(asked.request(question)), start + 30ms);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->question, question);
    EXPECT_EQ(read->asked, server);
    EXPECT_EQ(read->rtt, question == first ? 30ms : 20ms);
    EXPECT_EQ(to_string(*read->said.seen_as()), "5.5.5.5:4000");
  }
}

TEST(StunTransactions, AnAnswerFromElsewhereSaysSo) {
  stun_transactions asked;
  const auto question = asked.begin(server, start, stun::change::address_and_port);
  const auto read = asked.judge(other_server, answer_to(asked.request(question)), start);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->asked, server);
  EXPECT_EQ(read->from, other_server);
}

TEST(StunTransactions, WhatAnswersNothingHasTheFaultOfTheQuestionToItsSender) {
  stun_transactions asked;
  asked.begin(server, start);
  auto foreign = answer_to(asked.request(0));
  foreign[8] ^= 1;
  const auto read = asked.judge(server, foreign, start);
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().reason, cause_code::stun_other_request);
  const auto stranger = asked.judge(other_server, foreign, start);
  ASSERT_FALSE(stranger);
  EXPECT_TRUE(stranger.error().reason.empty());
}

TEST(StunTransactions, EachQuestionHasAnIdOfItsOwn) {
  stun_transactions asked;
  asked.begin(server, start);
  asked.begin(server, start);
  EXPECT_NE(asked.request(0), asked.request(1));
}

}  // namespace stun_transactions_test
}  // namespace natcheck::outside
