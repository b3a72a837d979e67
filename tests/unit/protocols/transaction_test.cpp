// One request of PCP or NAT-PMP in virtual time: when it is sent, and what ends it.
#include "protocols/lease/transaction.hpp"

#include <gtest/gtest.h>

#include <boost/asio/error.hpp>

#include "protocols/natpmp/codec.hpp"
#include "protocols/pcp/codec.hpp"

namespace natcheck::lease {
namespace transaction_test {

using namespace std::chrono_literals;
using boost::asio::ip::make_address;

const time_point start{1000s};
const endpoint gateway{make_address("192.168.1.1"), 5351};
constexpr time_point never = time_point::max();

const std::string address_answer("\x00\x80\x00\x00\x00\x00\x03\xe8\xcb\x00\x71\x07", 12);
const std::string refusal("\x00\x80\x00\x02\x00\x00\x00\x09", 8);
const std::string garbage("\x00\x80", 2);
const std::string other_version("\x02\x80", 2);

/// Runs it until it is finished, and hands it what comes after so long.
struct world {
  explicit world(time_point deadline = never, const codec& by = natpmp::codec)
      : machine(by, presence{make_address("192.168.1.10")}, gateway, start, deadline) {}

  void run(std::vector<std::pair<std::chrono::milliseconds, std::string>> coming = {}) {
    auto next = coming.begin();
    while (!machine.finished(now)) {
      while (const auto due = machine.poll_transmit(now)) {
        EXPECT_EQ(due->to, gateway);
        payloads.push_back(due->payload);
        sent.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(now - start));
        machine.handle_sent({});
      }
      const auto wake = machine.next_timeout().value_or(now);
      ASSERT_GT(wake, now) << "nothing to wait for, and not finished";
      if (next != coming.end() && start + next->first <= wake) {
        now = start + next->first;
        machine.handle_packet(now, gateway, next++->second);
      } else {
        now = wake;
      }
    }
  }

  transaction machine;
  time_point now = start;
  std::vector<std::chrono::milliseconds> sent;
  std::vector<std::string> payloads;
};

using times = std::vector<std::chrono::milliseconds>;

TEST(Transaction, SilenceIsTheWholeSchedule) {
  world silent;
  silent.run();
  EXPECT_EQ(silent.sent, (times{0ms, 250ms, 750ms}));
  EXPECT_EQ(silent.payloads, std::vector<std::string>(3, std::string(2, '\0')));
  EXPECT_EQ(silent.now, start + 1750ms);
  EXPECT_EQ(silent.machine.attempts(), 3);
  EXPECT_FALSE(silent.machine.answer());
  EXPECT_FALSE(silent.machine.fault());
  EXPECT_FALSE(silent.machine.cut_short());
}

TEST(Transaction, TheDeadlineCutsItShort) {
  for (const auto limit : {0ms, 1ms, 250ms, 400ms, 1749ms}) {
    world silent(start + limit);
    silent.run();
    EXPECT_EQ(silent.now, start + limit);
    EXPECT_TRUE(silent.machine.cut_short());
    EXPECT_EQ(silent.machine.waited(silent.now), millis(limit));
    for (const auto at : silent.sent) EXPECT_LT(at, limit);
  }
  world whole(start + 1750ms);
  whole.run();
  EXPECT_FALSE(whole.machine.cut_short()) << "its own schedule was over as well";
}

TEST(Transaction, TheFirstAnswerEndsIt) {
  world answered;
  answered.run({{30ms, address_answer}});
  ASSERT_TRUE(answered.machine.answer());
  EXPECT_EQ(answered.machine.answer()->epoch_s, 1000U);
  EXPECT_EQ(answered.machine.rtt(), millis(30));
  EXPECT_EQ(answered.now, start + 30ms);
  answered.machine.handle_packet(start + 31ms, gateway, refusal);
  EXPECT_EQ(answered.machine.answer()->result, 0) << "what comes later is not looked at";
}

TEST(Transaction, ARefusalIsAnAnswer) {
  world refused;
  refused.run({{5ms, refusal}});
  ASSERT_TRUE(refused.machine.answer());
  EXPECT_EQ(refused.machine.answer()->result, 2);
  EXPECT_EQ(refused.sent, times{0ms});
}

TEST(Transaction, TheRoundTripIsThatOfTheLastRequest) {
  world answered;
  answered.run({{770ms, address_answer}});
  EXPECT_EQ(answered.sent, (times{0ms, 250ms, 750ms}));
  EXPECT_EQ(answered.machine.rtt(), millis(20));
}

TEST(Transaction, GarbageIsRememberedAndPassedOver) {
  world nothing_else;
  nothing_else.run({{10ms, garbage}, {300ms, ""}, {310ms, garbage}});
  EXPECT_EQ(nothing_else.now, start + 1750ms) << "sense may follow";
  ASSERT_TRUE(nothing_else.machine.fault());
  EXPECT_EQ(nothing_else.machine.fault()->kind, fault_kind::malformed);
  EXPECT_EQ(nothing_else.machine.attempts(), 3);
  world followed;
  followed.run({{10ms, garbage}, {20ms, address_answer}});
  EXPECT_TRUE(followed.machine.answer());
}

TEST(Transaction, AnotherVersionEndsIt) {
  world nat_pmp;
  nat_pmp.run({{10ms, other_version}});
  EXPECT_EQ(nat_pmp.now, start + 10ms);
  ASSERT_TRUE(nat_pmp.machine.fault());
  EXPECT_EQ(nat_pmp.machine.fault()->kind, fault_kind::other_version);
  world pcp_server(never, pcp::codec);
  pcp_server.run({{10ms, refusal}});
  ASSERT_TRUE(pcp_server.machine.fault());
  EXPECT_EQ(pcp_server.machine.fault()->version, std::uint8_t{0});
}

TEST(Transaction, AnErrorOfTheSocketEndsIt) {
  const boost::system::error_code refused = boost::asio::error::connection_refused;
  world sending;
  ASSERT_TRUE(sending.machine.poll_transmit(start));
  sending.machine.handle_sent(refused);
  EXPECT_TRUE(sending.machine.finished(start));
  EXPECT_EQ(sending.machine.attempts(), 0);
  world receiving;
  ASSERT_TRUE(receiving.machine.poll_transmit(start));
  receiving.machine.handle_sent({});
  receiving.machine.handle_error(refused);
  EXPECT_TRUE(receiving.machine.finished(start));
  EXPECT_EQ(receiving.machine.error(), refused);
  EXPECT_FALSE(receiving.machine.poll_transmit(start + 250ms));
}

}  // namespace transaction_test
}  // namespace natcheck::lease
