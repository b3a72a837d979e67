#include "arrivals/arrival_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace natcheck::arrivals {
namespace arrival_table_test {

using namespace std::chrono_literals;
using ::testing::IsEmpty;
using ::testing::SizeIs;

endpoint at(const char* ip, std::uint16_t port) {
  return {boost::asio::ip::make_address(ip), port};
}

const endpoint local = at("192.168.1.10", 1234);
const endpoint visitor = at("9.9.0.7", 40000);

/// A table, and a clock that is set by hand.
class Arrivals : public ::testing::Test {
 protected:
  void see(packet_kind kind, endpoint peer = visitor, transport protocol = transport::tcp) {
    table_.note({kind, protocol, std::move(peer), local}, 2, now_);
  }
  void accept(const endpoint& peer, transport protocol = transport::tcp) {
    table_.accepted(protocol, peer, now_);
  }
  void pass(std::chrono::milliseconds time) { now_ += time; }
  std::vector<overdue_client> overdue() { return table_.take_overdue(now_); }

  arrival_table table_;
  arrival_time now_{1h};
};

TEST_F(Arrivals, WhoIsNotAcceptedIsOverdueAfterThreeSecondsAndOnce) {
  see(packet_kind::request);
  pass(1s);
  see(packet_kind::request);
  pass(1999ms);
  EXPECT_THAT(overdue(), IsEmpty());
  pass(1ms);
  const auto late = overdue();
  ASSERT_THAT(late, SizeIs(1));
  EXPECT_EQ(late[0].interface_index, 2U);
  EXPECT_EQ(late[0].seen.peer, visitor);
  EXPECT_EQ(late[0].seen.local, local);
  EXPECT_EQ(late[0].seen.requests, 2U);
  EXPECT_EQ(late[0].seen.answers, 0U);
  EXPECT_EQ(late[0].seen.refusals, 0U);
  EXPECT_EQ(late[0].seen.waited, 3000ms);
  EXPECT_FALSE(late[0].seen.reverse_path);
  EXPECT_THAT(overdue(), IsEmpty());
  pass(4s);
  see(packet_kind::request);
  pass(3s);
  EXPECT_THAT(overdue(), IsEmpty()) << "it is the same attempt";
  EXPECT_EQ(table_.arrived(), 1U);
}

TEST_F(Arrivals, WhoIsAcceptedIsNot) {
  see(packet_kind::request);
  see(packet_kind::answer);
  accept(visitor);
  pass(10s);
  EXPECT_THAT(overdue(), IsEmpty());
  EXPECT_EQ(table_.arrived(), 1U);
}

TEST_F(Arrivals, ThePacketsMayBeReadAfterTheServerHasTheClient) {
  accept(visitor);
  pass(20ms);
  see(packet_kind::request);
  see(packet_kind::request);
  see(packet_kind::answer);
  pass(10s);
  EXPECT_THAT(overdue(), IsEmpty());
  EXPECT_EQ(table_.arrived(), 1U);
}

TEST_F(Arrivals, AnAddressIsTheSameInEveryForm) {
  see(packet_kind::request);
  accept(at("::ffff:9.9.0.7", 40000));
  see(packet_kind::request, at("fe80::1", 7));
  accept(at("fe80::1%2", 7));
  pass(10s);
  EXPECT_THAT(overdue(), IsEmpty());
}

TEST_F(Arrivals, AnotherPortOrTransportIsAnotherClient) {
  see(packet_kind::request);
  accept(at("9.9.0.7", 40001));
  accept(visitor, transport::udp);
  pass(3s);
  EXPECT_THAT(overdue(), SizeIs(1));
}

TEST_F(Arrivals, WhatAnAcceptedClientsPortDoesLaterIsNew) {
  accept(visitor);
  pass(10s);
  see(packet_kind::request);
  pass(3s);
  EXPECT_THAT(overdue(), SizeIs(1));
}

TEST_F(Arrivals, WhoHasAnAnswerAndResetsItIsNotBlocked) {
  see(packet_kind::request);
  see(packet_kind::answer);
  see(packet_kind::abandoned);
  pass(10s);
  EXPECT_THAT(overdue(), IsEmpty());
}

TEST_F(Arrivals, WhoseAnswerIsNotRepeatedIsConnected) {
  see(packet_kind::request);
  see(packet_kind::answer);
  pass(3s);
  EXPECT_THAT(overdue(), IsEmpty()) << "the server may be slow to accept";
  see(packet_kind::answer);
  const auto late = overdue();
  ASSERT_THAT(late, SizeIs(1));
  EXPECT_EQ(late[0].seen.answers, 2U);
}

TEST_F(Arrivals, CountsEachPacketOnceThoughABridgeShowsItTwice) {
  for (int second = 0; second < 3; ++second) {
    for (const auto kind : {packet_kind::request, packet_kind::answer, packet_kind::refusal}) {
      see(kind);
      see(kind);
    }
    pass(1s);
  }
  const auto late = overdue();
  ASSERT_THAT(late, SizeIs(1));
  EXPECT_EQ(late[0].seen.requests, 3U);
  EXPECT_EQ(late[0].seen.answers, 3U);
  EXPECT_EQ(late[0].seen.refusals, 3U);
}

TEST_F(Arrivals, AnswersToNobodyAreNobody) {
  see(packet_kind::answer);
  see(packet_kind::refusal);
  see(packet_kind::abandoned);
  pass(10s);
  EXPECT_THAT(overdue(), IsEmpty());
  EXPECT_EQ(table_.arrived(), 0U);
}

TEST_F(Arrivals, OverUdpAnAnswerIsTheServers) {
  see(packet_kind::request, visitor, transport::udp);
  see(packet_kind::answer, visitor, transport::udp);
  pass(10s);
  EXPECT_THAT(overdue(), IsEmpty());
}

TEST_F(Arrivals, DatagramsThatKeepComingAreOneClient) {
  for (int i = 0; i < 20; ++i) {
    see(packet_kind::request, visitor, transport::udp);
    accept(visitor, transport::udp);
    pass(1s);
  }
  EXPECT_THAT(overdue(), IsEmpty());
  EXPECT_EQ(table_.arrived(), 1U);
}

TEST_F(Arrivals, ADisturbanceMakesThemWaitAnew) {
  see(packet_kind::request);
  see(packet_kind::request, visitor, transport::udp);
  pass(2s);
  table_.wait_anew(transport::tcp);
  pass(1s);
  auto late = overdue();
  ASSERT_THAT(late, SizeIs(1));
  EXPECT_EQ(late[0].seen.protocol, transport::udp);
  see(packet_kind::request);
  pass(3s);
  late = overdue();
  ASSERT_THAT(late, SizeIs(1));
  EXPECT_EQ(late[0].seen.protocol, transport::tcp);
  EXPECT_EQ(late[0].seen.requests, 1U);
  EXPECT_EQ(late[0].seen.waited, 3000ms);
  EXPECT_EQ(table_.arrived(), 2U) << "nobody counts twice";
}

TEST_F(Arrivals, TheReversePathFilterMarksThoseWhoWait) {
  see(packet_kind::request);
  table_.mark_reverse_path();
  see(packet_kind::request, at("9.9.0.8", 1));
  pass(3s);
  const auto late = overdue();
  ASSERT_THAT(late, SizeIs(2));
  EXPECT_TRUE(late[0].seen.reverse_path);
  EXPECT_FALSE(late[1].seen.reverse_path);
}

TEST_F(Arrivals, TheReversePathFilterIsForIpv4) {
  see(packet_kind::request, at("2a00::9", 1));
  table_.mark_reverse_path();
  pass(3s);
  const auto late = overdue();
  ASSERT_THAT(late, SizeIs(1));
  EXPECT_FALSE(late[0].seen.reverse_path);
}

TEST_F(Arrivals, WhoIsExplainedGoesOnWaiting) {
  const auto known = at("9.9.0.7", 4000);
  const auto unknown = at("9.9.0.8", 4000);
  for (const auto& each : {known, unknown}) see(packet_kind::request, each);
  pass(1s);
  const auto explained = [&](const arrival_evidence& seen) { return seen.peer == known; };
  table_.wait_anew(transport::tcp, explained);
  for (const auto& each : {known, unknown}) see(packet_kind::request, each);
  pass(2s);
  const auto late = overdue();
  ASSERT_THAT(late, SizeIs(1));
  EXPECT_EQ(late[0].seen.peer, known);
  EXPECT_EQ(late[0].seen.requests, 2U);
}

// A router that leads its own address back inside puts itself in the place of the source.
TEST_F(Arrivals, WhoeverWasThisMachineItselfDidNotArrive) {
  for (const bool noted_late : {false, true}) {
    const auto router = at("192.168.1.1", noted_late ? 4000 : 4001);
    if (!noted_late) see(packet_kind::request, router);
    table_.accepted(transport::tcp, router, now_);
    table_.was_ourselves(transport::tcp, router);
    if (noted_late) see(packet_kind::request, router);
    EXPECT_EQ(table_.arrived(), 0U) << noted_late;
  }
  see(packet_kind::request);
  EXPECT_EQ(table_.arrived(), 1U);
}

TEST_F(Arrivals, OfManyTheOldestAreForgotten) {
  for (unsigned i = 0; i < 5000; ++i) {
    see(packet_kind::request, {boost::asio::ip::address_v4(0x08000000 + i), 1000});
  }
  EXPECT_EQ(table_.arrived(), 5000U);
  pass(3s);
  const auto late = overdue();
  ASSERT_THAT(late, SizeIs(1024));
  EXPECT_EQ(late.back().seen.peer.ip, boost::asio::ip::address_v4(0x08000000 + 4999));
}

TEST(ReportLimit, OnceForASourceInTenMinutes) {
  report_limit limit;
  const arrival_time start{1h};
  const auto ip = boost::asio::ip::make_address("9.9.0.7");
  EXPECT_TRUE(limit.allows(ip, start));
  EXPECT_FALSE(limit.allows(ip, start + 599s));
  EXPECT_TRUE(limit.allows(boost::asio::ip::make_address("9.9.0.8"), start + 599s));
  EXPECT_TRUE(limit.allows(ip, start + 600s));
}

TEST(ReportLimit, TenInAnHour) {
  report_limit limit;
  const arrival_time start{1h};
  int allowed = 0;
  for (unsigned i = 0; i < 50; ++i) {
    allowed += limit.allows(boost::asio::ip::address_v4(0x08000000 + i), start + i * 1s);
  }
  EXPECT_EQ(allowed, 10);
  const auto next = boost::asio::ip::make_address("9.9.0.7");
  EXPECT_FALSE(limit.allows(next, start + 3599s));
  EXPECT_TRUE(limit.allows(next, start + 3600s));
}

TEST(ReportLimit, AnIpv6NetworkIsOneSource) {
  report_limit limit;
  const arrival_time start{1h};
  EXPECT_TRUE(limit.allows(boost::asio::ip::make_address("2001:db8:1:2::1"), start));
  EXPECT_FALSE(limit.allows(boost::asio::ip::make_address("2001:db8:1:2:ffff::9"), start));
  EXPECT_TRUE(limit.allows(boost::asio::ip::make_address("2001:db8:1:3::1"), start));
}

}  // namespace arrival_table_test
}  // namespace natcheck::arrivals
