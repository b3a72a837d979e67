#include "outside/path.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "support/peers.hpp"

namespace natcheck::outside {
namespace path_test {

using namespace support;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// On loopback every TTL reaches the target. The routers on the way are for tests/lab.
constexpr const char* target_ip = "127.0.0.5";

class Path : public ::testing::Test {
 protected:
  path_evidence follow(const endpoint& target, milliseconds limit = 60s) {
    path_evidence seen;
    const auto deadline = std::chrono::steady_clock::now() + limit;
    loop_.await(trace(target, {asio::ip::make_address(host_ip), ""}, seen, deadline));
    EXPECT_EQ(seen.target, target);
    return seen;
  }
  path_evidence follow(const udp_peer& peer, milliseconds limit = 60s) {
    return follow({target(), peer.port()}, limit);
  }
  static address target() { return asio::ip::make_address(target_ip); }

  loop loop_;
};

TEST_F(Path, ClosedPortOfTheTargetIsItsEnd) {
  const stopwatch watch;
  const auto seen = follow({target(), closed_udp_port(loop_.context(), target_ip)});
  EXPECT_LT(watch.elapsed(), 700ms) << "ICMP was waited for though it had come";
  EXPECT_EQ(seen.state, service_state::answered);
  EXPECT_TRUE(seen.target_answered);
  ASSERT_THAT(seen.hops, SizeIs(1)) << "what is beyond the target is none of the path";
  EXPECT_EQ(seen.hops[0].ttl, 1U);
  EXPECT_EQ(seen.hops[0].ip, target());
  EXPECT_TRUE(seen.hops[0].rtt);
  EXPECT_EQ(to_string(seen.detail), "");
}

TEST_F(Path, AnswerOfTheTargetIsItsEnd) {
  udp_peer peer(loop_.context(), target_ip,
                [](udp_peer& self, const auto&, const auto& from) { self.send("yes", from); });
  const stopwatch watch;
  const auto seen = follow(peer);
  EXPECT_LT(watch.elapsed(), 700ms);
  EXPECT_TRUE(seen.target_answered);
  ASSERT_THAT(seen.hops, SizeIs(1));
  EXPECT_EQ(seen.hops[0].ip, target());
  ASSERT_FALSE(peer.requests().empty());
  EXPECT_EQ(peer.requests()[0].substr(0, 8), from_hex("000100002112a442")) << "STUN is sent";
}

TEST_F(Path, SilenceIsTheWholeSchedule) {
  udp_peer peer(loop_.context(), target_ip, [](auto&, const auto&, const auto&) {});
  const stopwatch watch;
  const auto seen = follow(peer);
  EXPECT_GE(watch.elapsed(), 1180ms);
  EXPECT_EQ(seen.state, service_state::silent);
  EXPECT_EQ(to_string(seen.detail), "no answer to 32 packets in 1200 ms");
  EXPECT_FALSE(seen.target_answered);
  EXPECT_THAT(seen.hops, IsEmpty());
  EXPECT_THAT(peer.requests(), SizeIs(32));
}

TEST_F(Path, AsksAgainUntilItIsAnswered) {
  std::map<std::uint16_t, int> asked;
  udp_peer peer(loop_.context(), target_ip,
                [&](udp_peer& self, const auto&, const udp::endpoint& from) {
                  if (++asked[from.port()] == 3) self.send("yes", from);
                });
  const auto seen = follow(peer);
  EXPECT_EQ(seen.state, service_state::answered);
  ASSERT_THAT(seen.hops, SizeIs(1));
  EXPECT_EQ(seen.hops[0].rtt, std::nullopt) << "which of the three was answered is not known";
}

/// Answers everybody but the first who asks: TTL 1.
udp_peer::script all_but_the_first() {
  return [first = std::uint16_t{0}](udp_peer& self, const auto&, const auto& from) mutable {
    if (first == 0) first = from.port();
    if (from.port() != first) self.send("yes", from);
  };
}

TEST_F(Path, WaitsForTheHopsBelow) {
  udp_peer peer(loop_.context(), target_ip, all_but_the_first());
  const stopwatch watch;
  const auto seen = follow(peer);
  EXPECT_GE(watch.elapsed(), 1180ms);
  EXPECT_EQ(seen.state, service_state::answered);
  EXPECT_TRUE(seen.target_answered);
  ASSERT_THAT(seen.hops, SizeIs(2));
  EXPECT_EQ(seen.hops[0], (path_hop{1, std::nullopt, std::nullopt}));
  EXPECT_EQ(seen.hops[1].ip, target());
}

TEST_F(Path, KeepsWhatCameBeforeTheDeadline) {
  udp_peer peer(loop_.context(), target_ip, all_but_the_first());
  const auto seen = follow(peer, 300ms);
  EXPECT_EQ(seen.state, service_state::answered);
  EXPECT_TRUE(seen.target_answered);
  ASSERT_THAT(seen.hops, SizeIs(1)) << "TTL 1 was not fully tested";
  EXPECT_EQ(seen.hops[0].ttl, 2U);
  EXPECT_EQ(seen.hops[0].ip, target());
}

TEST_F(Path, DeadlineIsNoSilence) {
  udp_peer peer(loop_.context(), target_ip, [](auto&, const auto&, const auto&) {});
  const auto seen = follow(peer, 200ms);
  EXPECT_EQ(seen.state, service_state::not_tried);
  EXPECT_EQ(to_string(seen.detail), "stopped before an answer arrived");
}

TEST_F(Path, WhatCannotBeSentIsNotTried) {
  // A socket must ask for the right to send to a broadcast address.
  const auto seen = follow({asio::ip::make_address("127.255.255.255"), 3478});
  EXPECT_EQ(seen.state, service_state::not_tried);
  EXPECT_EQ(to_string(seen.detail), "this user lacks permission");
}

}  // namespace path_test
}  // namespace natcheck::outside
