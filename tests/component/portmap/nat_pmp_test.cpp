#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/steady_timer.hpp>
#include <thread>

#include "portmap/epoch_check.hpp"
#include "portmap/port_control.hpp"
#include "support/fake_gateway.hpp"

namespace natcheck::portmap {
namespace nat_pmp_test {

using namespace support;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class NatPmp : public ::testing::Test {
 protected:
  gateway_service_evidence ask(milliseconds limit = 60s) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    return loop_.await(ask_port_control(gateway_.access(), natpmp::codec, deadline));
  }

  /// Answers the `number`th request, and keeps silent before.
  void answer_only(std::size_t number, std::string answer) {
    gateway_.on_nat_pmp = [=](udp_peer& peer, const std::string&, const udp::endpoint& from) {
      if (peer.requests().size() == number) peer.send(answer, from);
    };
  }
  /// Answers each request with all of these datagrams.
  void answer_with(std::vector<std::string> answers) {
    gateway_.on_nat_pmp = [=](udp_peer& peer, const std::string&, const udp::endpoint& from) {
      for (const std::string& answer : answers) peer.send(answer, from);
    };
  }
  /// A gateway that answers each request like this.
  std::unique_ptr<fake_gateway> gateway_that_answers(const std::string& answer) {
    auto gateway = std::make_unique<fake_gateway>(loop_.context());
    gateway->on_nat_pmp = [=](udp_peer& peer, const std::string&, const udp::endpoint& from) {
      peer.send(answer, from);
    };
    return gateway;
  }

  loop loop_;
  fake_gateway gateway_{loop_.context()};
};

const std::string good_answer = nat_pmp_address(0, "5.5.5.5");

TEST_F(NatPmp, Answers) {
  const auto evidence = ask();
  EXPECT_EQ(evidence.state, service_state::answered) << to_string(evidence.detail);
  EXPECT_EQ(evidence.external_address, asio::ip::make_address("5.5.5.5"));
  EXPECT_GE(evidence.epoch_s, 1000U);
  EXPECT_LE(evidence.epoch_s, gateway_.epoch_s());
  EXPECT_EQ(evidence.result, 0);
  EXPECT_EQ(evidence.attempts, 1);
  ASSERT_TRUE(evidence.rtt);
  EXPECT_LT(*evidence.rtt, 250ms);
  EXPECT_THAT(gateway_.nat_pmp.requests(), ::testing::ElementsAre(std::string(2, '\0')));
}

TEST_F(NatPmp, ItsEpochAdvancesOnlyWhereASecondAnswerShowsIt) {
  const auto advances = [this](std::uint32_t first, milliseconds ago) {
    gateway_evidence seen;
    seen.nat_pmp.state = service_state::answered;
    seen.nat_pmp.epoch_s = first;
    const auto then = std::chrono::steady_clock::now() - ago;
    return loop_.await(epoch_advances(gateway_.access(), seen, then, then));
  };
  EXPECT_FALSE(advances(gateway_.epoch_s() - 1, 500ms)) << "too soon";
  EXPECT_THAT(gateway_.nat_pmp.requests(), ::testing::IsEmpty());
  EXPECT_TRUE(advances(gateway_.epoch_s() - 1, 2s));
  answer_with({nat_pmp_address(0, "5.5.5.5", 17)});
  EXPECT_FALSE(advances(17, 2s)) << "it stands still";
}

TEST_F(NatPmp, ClosedPortIsARefusalAtOnce) {
  gateway_.switch_off_nat_pmp();
  const stopwatch watch;
  const auto evidence = ask();
  EXPECT_EQ(evidence.state, service_state::refused);
  EXPECT_THAT(to_string(evidence.detail), HasSubstr("nothing listens"));
  EXPECT_LT(watch.elapsed(), 250ms) << "without a second request";
}

TEST_F(NatPmp, ErrorResultsAreRefusals) {
  const std::pair<std::uint16_t, const char*> table[] = {{2, "not authorized"},
                                                         {3, "no usable external address"},
                                                         {4, "table is full"},
                                                         {77, "not define"}};
  for (const auto& [code, words] : table) {
    answer_with({nat_pmp_address(code, "0.0.0.0")});
    const auto evidence = ask();
    EXPECT_EQ(evidence.state, service_state::refused) << code;
    EXPECT_EQ(evidence.result, code);
    EXPECT_THAT(to_string(evidence.detail), HasSubstr(words));
    EXPECT_FALSE(evidence.external_address) << "the address field of an error means nothing";
  }
}

TEST_F(NatPmp, SilenceIsTheWholeSchedule) {
  answer_with({});
  const stopwatch watch;
  const auto evidence = ask();
  EXPECT_EQ(evidence.state, service_state::silent);
  EXPECT_EQ(evidence.attempts, 3);
  EXPECT_THAT(gateway_.nat_pmp.requests(), SizeIs(3));
  EXPECT_EQ(to_string(evidence.detail), "no answer to 3 requests in 1750 ms");
  EXPECT_GE(watch.elapsed(), 1700ms);
  EXPECT_LT(watch.elapsed(), 5s);
}

TEST_F(NatPmp, DeadlineIsNoSilence) {
  answer_with({});
  const auto evidence = ask(400ms);
  EXPECT_EQ(evidence.state, service_state::not_tried);
  EXPECT_THAT(to_string(evidence.detail), HasSubstr("timed out after"));
}

TEST_F(NatPmp, AnswerToTheSecondRequest) {
  answer_only(2, good_answer);
  const auto evidence = ask();
  EXPECT_EQ(evidence.state, service_state::answered) << to_string(evidence.detail);
  EXPECT_EQ(evidence.attempts, 2);
  ASSERT_TRUE(evidence.rtt);
  EXPECT_LT(*evidence.rtt, 240ms) << "measured from the second request";
}

// The thread is held up until the wait for an answer is over, and only then does the answer come.
TEST_F(NatPmp, AnswerAtTheMomentOfARetransmission) {
  udp::endpoint client;
  asio::steady_timer busy(loop_.context());
  asio::steady_timer answer(loop_.context());
  gateway_.on_nat_pmp = [&](udp_peer& peer, const std::string&, const udp::endpoint& from) {
    if (peer.requests().size() > 1) return;
    client = from;
    busy.expires_after(230ms);
    answer.expires_after(235ms);
    busy.async_wait([](auto) {
      const stopwatch watch;
      while (watch.elapsed() < 60ms) std::this_thread::yield();
    });
    answer.async_wait([&](auto) { gateway_.nat_pmp.send(good_answer, client); });
  };
  const auto evidence = ask();
  EXPECT_EQ(evidence.state, service_state::answered) << to_string(evidence.detail);
  EXPECT_EQ(evidence.attempts, 1);
}

TEST_F(NatPmp, UnusableAnswers) {
  struct {
    const char* what;
    std::string answer;
    service_state state;
    const char* detail;
  } const table[] = {
      // Some clients take these two for success, with an address from uninitialized memory.
      {"two bytes", from_hex("0080"), service_state::malformed, "2 bytes"},
      {"a mapping answer", nat_pmp_mapping(2, 1234, 1234, 3600), service_state::malformed,
       "an answer to a TCP mapping request"},
      {"PCP, whole", from_hex("0280000100000000000003e8000000000000000000000000"),
       service_state::refused, "speaks PCP"},
      {"PCP, cut", from_hex("0280"), service_state::refused, "speaks PCP"},
      {"our own request", from_hex("0000"), service_state::malformed, "a request"},
      {"nothing", "", service_state::malformed, ""},
  };
  std::vector<std::unique_ptr<fake_gateway>> gateways;
  std::vector<asio::awaitable<gateway_service_evidence>> asking;
  for (const auto& row : table) {
    gateways.push_back(gateway_that_answers(row.answer));
    asking.push_back(
        ask_port_control(gateways.back()->access(), natpmp::codec, net::steady_time::max()));
  }
  const auto seen = loop_.await_all(std::move(asking));
  for (std::size_t i = 0; i < seen.size(); ++i) {
    EXPECT_EQ(seen[i].state, table[i].state) << table[i].what << ": " << to_string(seen[i].detail);
    EXPECT_THAT(to_string(seen[i].detail), HasSubstr(table[i].detail)) << table[i].what;
    EXPECT_FALSE(seen[i].external_address) << table[i].what;
  }
}

TEST_F(NatPmp, GarbageBeforeTheAnswerDoesNoHarm) {
  std::vector<std::string> flood(100, from_hex("0080"));
  flood.push_back(nat_pmp_mapping(2, 1234, 1234, 3600));
  flood.push_back(std::string(1400, 'x'));
  flood.push_back(good_answer);
  answer_with(flood);
  const auto evidence = ask();
  EXPECT_EQ(evidence.state, service_state::answered) << to_string(evidence.detail);
  EXPECT_EQ(evidence.external_address, asio::ip::make_address("5.5.5.5"));
}

TEST_F(NatPmp, AnswerFromElsewhereIsNamedAndNotBelieved) {
  udp_peer stranger(loop_.context(), stranger_ip, {});
  gateway_.on_nat_pmp = [&](udp_peer&, const std::string&, const udp::endpoint& from) {
    stranger.send(good_answer, from);
  };
  const auto evidence = ask();
  EXPECT_EQ(evidence.state, service_state::silent);
  EXPECT_THAT(to_string(evidence.detail),
              HasSubstr(to_string(endpoint{asio::ip::make_address(stranger_ip), stranger.port()})));
  EXPECT_FALSE(evidence.external_address);
}

TEST_F(NatPmp, EndlessGarbageEndsWithTheSchedule) {
  asio::steady_timer timer(loop_.context());
  std::function<void(const udp::endpoint&)> flood = [&](const udp::endpoint& to) {
    gateway_.nat_pmp.send(from_hex("0080"), to);
    timer.expires_after(1ms);
    timer.async_wait([&flood, to](auto error) {
      if (!error) flood(to);
    });
  };
  gateway_.on_nat_pmp = [&](udp_peer&, const std::string&, const udp::endpoint& from) {
    flood(from);
  };
  const stopwatch watch;
  const auto evidence = ask();
  EXPECT_EQ(evidence.state, service_state::malformed);
  EXPECT_GE(watch.elapsed(), 1700ms);
  EXPECT_LT(watch.elapsed(), 5s);
}

}  // namespace nat_pmp_test
}  // namespace natcheck::portmap
