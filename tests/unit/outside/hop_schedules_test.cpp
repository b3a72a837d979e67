#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "outside/owner_schedule.hpp"
#include "outside/path_schedule.hpp"

namespace natcheck::outside {
namespace hop_schedules_test {

using namespace std::chrono_literals;
using boost::asio::ip::make_address;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using time_point = probe_rounds::time_point;

const time_point start{1h};
const address local = make_address("192.168.1.10");
const address gateway = make_address("192.168.1.1");
const address carrier = make_address("100.64.0.1");
const address backbone = make_address("9.9.1.1");
const endpoint target{make_address("9.9.0.7"), 3478};

net::socket_error icmp(const address& from, unsigned type, unsigned code) {
  net::socket_error error;
  error.icmp = icmp_notice{from, static_cast<std::uint8_t>(type), static_cast<std::uint8_t>(code)};
  return error;
}
net::socket_error expired(const address& from) { return icmp(from, 11, 0); }

const net::error_code forbidden{EACCES, boost::system::system_category()};

/// Sends all that is due, and gives the numbers of the sockets.
template <class Machine>
std::vector<std::size_t> send_due(Machine& machine, time_point now, net::error_code error = {}) {
  std::vector<std::size_t> sent;
  while (const auto next = machine.poll_transmit(now)) {
    machine.handle_sent(next->socket, error);
    sent.push_back(next->socket);
  }
  return sent;
}

TEST(HopAnswer, ErrorsThatEndedADatagram) {
  const auto at_gateway = hop_answer_of(expired(gateway), local);
  ASSERT_TRUE(at_gateway);
  EXPECT_TRUE(at_gateway->expired);
  EXPECT_EQ(at_gateway->from, gateway);
  const auto closed = hop_answer_of(icmp(target.ip, 3, 3), local);
  ASSERT_TRUE(closed);
  EXPECT_FALSE(closed->expired);
  EXPECT_EQ(closed->code, 3U);
}

TEST(HopAnswer, NothingElseIsOne) {
  EXPECT_FALSE(hop_answer_of(icmp(gateway, 4, 0), local)) << "source quench";
  EXPECT_FALSE(hop_answer_of(icmp(gateway, 11, 1), local)) << "fragments never came together";
  EXPECT_FALSE(hop_answer_of(icmp(make_address("2001:db8::1"), 3, 0), local)) << "ICMPv6";
  EXPECT_FALSE(hop_answer_of(icmp(local, 3, 1), local)) << "our own kernel";
  EXPECT_FALSE(hop_answer_of({}, local)) << "an error of this host";
}

class PathSchedule : public ::testing::Test {
 protected:
  path_evidence seen_;
  path_schedule machine_{target, local, "payload", seen_, start};
};

TEST_F(PathSchedule, AsksAllAtOnceAndTheSilentOnesAgain) {
  EXPECT_THAT(send_due(machine_, start), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  EXPECT_THAT(send_due(machine_, start + 149ms), IsEmpty());
  EXPECT_EQ(machine_.next_timeout(), start + 150ms);
  machine_.handle_error(start + 10ms, 0, expired(gateway));
  EXPECT_EQ(seen_.state, service_state::answered);
  EXPECT_THAT(send_due(machine_, start + 150ms), ElementsAre(1, 2, 3, 4, 5, 6, 7));
}

TEST_F(PathSchedule, EndsWithThePublicHopThatAllBelowLeadTo) {
  send_due(machine_, start);
  machine_.handle_error(start + 5ms, 2, expired(backbone));
  EXPECT_FALSE(machine_.finished(start + 5ms)) << "the hops below are not known";
  machine_.handle_error(start + 6ms, 0, expired(gateway));
  machine_.handle_error(start + 7ms, 1, expired(carrier));
  EXPECT_TRUE(machine_.finished(start + 7ms));
  machine_.conclude();
  ASSERT_THAT(seen_.hops, SizeIs(3));
  EXPECT_EQ(seen_.hops[2].ip, backbone);
  EXPECT_EQ(seen_.hops[2].rtt, 5ms);
  EXPECT_FALSE(seen_.target_answered);
}

TEST_F(PathSchedule, NothingIsAskedBeyondTheEnd) {
  send_due(machine_, start);
  machine_.handle_packet(start + 5ms, 2, target, "an answer");
  EXPECT_THAT(send_due(machine_, start + 150ms), ElementsAre(0, 1));
  EXPECT_TRUE(seen_.target_answered);
}

TEST_F(PathSchedule, WhoSendsItBackIsNamed) {
  send_due(machine_, start);
  machine_.handle_error(start + 5ms, 0, icmp(gateway, 3, 13));
  EXPECT_TRUE(machine_.finished(start + 5ms));
  EXPECT_EQ(to_string(seen_.detail),
            "192.168.1.1 reported the destination as unreachable (ICMP type 3, code 13)");
}

TEST_F(PathSchedule, TheLastRoundIsGivenTheTimeOfTheSlowestAnswer) {
  for (const auto round : probe_rounds::times) send_due(machine_, start + round);
  EXPECT_EQ(machine_.next_timeout(), start + 1200ms);
  machine_.handle_error(start + 1100ms, 0, expired(gateway));
  EXPECT_EQ(seen_.hops.at(0).rtt, std::nullopt) << "which of the four was answered is not known";
  EXPECT_EQ(machine_.next_timeout(), start + 1000ms + 1200ms);
  EXPECT_FALSE(machine_.finished(start + 2199ms));
  EXPECT_TRUE(machine_.finished(start + 2200ms));
}

TEST_F(PathSchedule, WhatCannotBeSentEndsItAtOnce) {
  send_due(machine_, start, forbidden);
  EXPECT_TRUE(machine_.finished(start));
  machine_.conclude();
  EXPECT_EQ(seen_.state, service_state::not_tried);
  EXPECT_EQ(to_string(seen_.detail), "this user lacks permission");
}

class OwnerSchedule : public ::testing::Test {
 protected:
  OwnerSchedule() { seen_.target = target.ip; }

  const owner_schedule::packet echo_ = owner_schedule::echo_request("12345678");
  owner_evidence seen_;
  owner_schedule machine_{gateway, local, {{"datagram"}, echo_}, seen_, start};
};

TEST_F(OwnerSchedule, AnEndedTtlAtTheGatewayDecides) {
  EXPECT_THAT(send_due(machine_, start), ElementsAre(0, 1));
  machine_.handle_error(start + 3ms, 0, expired(gateway));
  EXPECT_TRUE(machine_.finished(start + 3ms));
  EXPECT_TRUE(seen_.expired);
  EXPECT_EQ(seen_.answered_by, gateway);
  EXPECT_EQ(seen_.rtt, 3ms);
  EXPECT_THAT(send_due(machine_, start + 150ms), IsEmpty());
}

TEST_F(OwnerSchedule, AnotherRouterDecidesNothing) {
  send_due(machine_, start);
  machine_.handle_error(start + 3ms, 0, expired(carrier));
  EXPECT_FALSE(machine_.finished(start + 3ms));
  machine_.handle_error(start + 4ms, 1, icmp(gateway, 3, 13));
  EXPECT_FALSE(machine_.finished(start + 4ms)) << "the gateway sent it back";
  machine_.handle_error(start + 5ms, 0, icmp(target.ip, 3, 3));
  EXPECT_TRUE(machine_.finished(start + 5ms));
  EXPECT_EQ(seen_.answered_by, target.ip);
  EXPECT_FALSE(seen_.expired);
}

TEST_F(OwnerSchedule, OnlyTheReplyToItsOwnRequestCounts) {
  send_due(machine_, start);
  const std::string header("\0\0\x12\x34\0\1\0\1", 8);
  const endpoint from{target.ip, 0};
  machine_.handle_packet(start, 1, from, header + "87654321");
  machine_.handle_packet(start, 1, from, header);
  machine_.handle_packet(start, 1, from, echo_.bytes);
  machine_.handle_packet(start, 1, {gateway, 0}, header + "12345678");
  EXPECT_FALSE(machine_.finished(start));
  machine_.handle_packet(start, 1, from, header + "12345678");
  EXPECT_TRUE(machine_.finished(start));
}

TEST_F(OwnerSchedule, SilenceIsTheWholeSchedule) {
  for (const auto round : probe_rounds::times) {
    EXPECT_FALSE(machine_.finished(start + round));
    EXPECT_THAT(send_due(machine_, start + round), SizeIs(2));
  }
  EXPECT_EQ(machine_.next_timeout(), start + 1200ms);
  EXPECT_TRUE(machine_.finished(start + 1200ms));
  machine_.conclude();
  EXPECT_EQ(seen_.state, service_state::silent);
  EXPECT_EQ(to_string(seen_.detail), "no answer to 8 packets in 1200 ms");
}

TEST_F(OwnerSchedule, WhatCannotBeSentEndsItAtOnce) {
  send_due(machine_, start, forbidden);
  EXPECT_TRUE(machine_.finished(start));
  machine_.conclude();
  EXPECT_EQ(seen_.state, service_state::not_tried);
  EXPECT_EQ(to_string(seen_.detail), "this user lacks permission");
}

}  // namespace hop_schedules_test
}  // namespace natcheck::outside
