#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "portmap/port_control.hpp"
#include "support/fake_gateway.hpp"
#include "support/pcp_messages.hpp"

namespace natcheck::portmap {
namespace pcp_test {

using namespace support;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class Pcp : public ::testing::Test {
 protected:
  gateway_service_evidence ask(milliseconds limit = 60s) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    return loop_.await(ask_port_control(gateway_.access(), pcp::codec, deadline));
  }

  /// Answers each request with all of these datagrams.
  void answer_with(std::vector<std::string> answers) {
    gateway_.on_nat_pmp = [=](udp_peer& peer, const std::string&, const udp::endpoint& from) {
      for (const std::string& answer : answers) peer.send(answer, from);
    };
  }
  /// Answers each request with what `make` makes of it.
  void answer_by(std::function<std::string(const std::string&)> make) {
    gateway_.on_nat_pmp = [=](udp_peer& peer, const std::string& request, const auto& from) {
      peer.send(make(request), from);
    };
  }

  loop loop_;
  fake_gateway gateway_{loop_.context()};
};

TEST_F(Pcp, Answers) {
  const auto evidence = ask();
  EXPECT_EQ(evidence.state, service_state::answered) << to_string(evidence.detail);
  EXPECT_EQ(to_string(evidence.detail), "");
  EXPECT_EQ(evidence.result, 0);
  EXPECT_EQ(evidence.version, 2);
  EXPECT_GE(evidence.epoch_s, 1000U);
  EXPECT_LE(evidence.epoch_s, gateway_.epoch_s());
  EXPECT_EQ(evidence.attempts, 1);
  ASSERT_TRUE(evidence.rtt);
  EXPECT_LT(*evidence.rtt, 250ms);
  ASSERT_THAT(gateway_.nat_pmp.requests(), SizeIs(1));
  const pcp_request asked(gateway_.nat_pmp.requests()[0]);
  EXPECT_EQ(asked.version, 2);
  EXPECT_EQ(asked.operation, 0) << "ANNOUNCE, which changes nothing";
  EXPECT_EQ(asked.client, asio::ip::make_address(host_ip));
}

TEST_F(Pcp, AnErrorIsAnAnswerOfPcp) {
  const std::pair<int, const char*> table[] = {
      {2, "not authorized"}, {7, "no WAN connection"}, {12, "another NAT"}, {77, "not define"}};
  for (const auto& [code, words] : table) {
    answer_by([code = code](const std::string& asked) { return pcp_answer(asked, code); });
    const auto evidence = ask();
    EXPECT_EQ(evidence.state, service_state::answered) << code;
    EXPECT_EQ(evidence.result, code);
    EXPECT_EQ(evidence.version, 2);
    EXPECT_THAT(to_string(evidence.detail), HasSubstr(words));
  }
}

TEST_F(Pcp, ClosedPortIsARefusalAtOnce) {
  gateway_.switch_off_nat_pmp();
  const stopwatch watch;
  const auto evidence = ask();
  EXPECT_EQ(evidence.state, service_state::refused);
  EXPECT_THAT(to_string(evidence.detail), HasSubstr("nothing listens"));
  EXPECT_FALSE(evidence.version);
  EXPECT_LT(watch.elapsed(), 250ms) << "without a second request";
}

TEST_F(Pcp, OtherVersionsAreRefusals) {
  struct {
    const char* what;
    const char* answer;
    int version;
    const char* detail;
  } const table[] = {
      {"miniupnpd without PCP", "008000010000000a", 0, "it speaks only NAT-PMP (version 0)"},
      {"as RFC 6886 has it", "000000010000000a", 0, "it speaks only NAT-PMP (version 0)"},
      {"pre-standard", "018000010000000000000000", 1, "only a draft of PCP (version 1)"},
      {"to come", "038000010000000000000000", 3, "only a later PCP (version 3)"},
  };
  for (const auto& row : table) {
    answer_with({from_hex(row.answer)});
    const stopwatch watch;
    const auto evidence = ask();
    EXPECT_EQ(evidence.state, service_state::refused) << row.what;
    EXPECT_EQ(evidence.version, row.version) << row.what;
    EXPECT_THAT(to_string(evidence.detail), HasSubstr(row.detail));
    EXPECT_LT(watch.elapsed(), 1s) << "nothing better will come";
  }
  answer_by([](const std::string& asked) { return pcp_answer(asked, 1); });
  EXPECT_EQ(ask().state, service_state::refused) << "version 2 saying that it is none";
}

// A gateway with one of the two protocols, asked for both.
TEST_F(Pcp, EachProtocolTellsOfTheOther) {
  answer_with({from_hex("0000000100000009")});
  EXPECT_EQ(ask().version, 0);
  gateway_.on_nat_pmp = [](udp_peer& peer, const std::string& request, const auto& from) {
    peer.send(request[0] == 2 ? pcp_answer(request, 0) : from_hex("0280"), from);
  };
  EXPECT_EQ(ask().state, service_state::answered);
  const auto nat_pmp =
      loop_.await(ask_port_control(gateway_.access(), natpmp::codec, net::steady_time::max()));
  EXPECT_EQ(nat_pmp.state, service_state::refused);
  EXPECT_THAT(to_string(nat_pmp.detail), HasSubstr("speaks PCP"));
}

TEST_F(Pcp, SilenceIsTheWholeSchedule) {
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

TEST_F(Pcp, DeadlineIsNoSilence) {
  answer_with({});
  const auto evidence = ask(1000ms);  // between the last request and the end of the schedule
  EXPECT_EQ(evidence.state, service_state::not_tried);
  EXPECT_EQ(evidence.attempts, 3);
  EXPECT_THAT(to_string(evidence.detail), HasSubstr("timed out after"));
}

TEST_F(Pcp, AnAddressThatIsNotOursIsNotTried) {
  gateway_access access = gateway_.access();
  access.from.local = asio::ip::make_address("203.0.113.7");
  const auto evidence = loop_.await(ask_port_control(access, pcp::codec, net::steady_time::max()));
  EXPECT_EQ(evidence.state, service_state::not_tried);
  EXPECT_THAT(to_string(evidence.detail), HasSubstr("not have that address"));
  EXPECT_EQ(evidence.attempts, 0);
}

TEST_F(Pcp, AnswerToTheSecondRequest) {
  gateway_.on_nat_pmp = [](udp_peer& peer, const std::string& request, const auto& from) {
    if (peer.requests().size() == 2) peer.send(pcp_answer(request, 0), from);
  };
  const auto evidence = ask();
  EXPECT_EQ(evidence.state, service_state::answered) << to_string(evidence.detail);
  EXPECT_EQ(evidence.attempts, 2);
  ASSERT_TRUE(evidence.rtt);
  EXPECT_LT(*evidence.rtt, 240ms) << "measured from the second request";
}

TEST_F(Pcp, GarbageIsMalformedUnlessAnAnswerFollows) {
  std::vector<std::string> flood(100, from_hex("0280"));
  flood.push_back(std::string(1400, '\2'));
  flood.emplace_back();
  answer_with(flood);
  const stopwatch watch;
  const auto garbage = ask();
  EXPECT_EQ(garbage.state, service_state::malformed);
  EXPECT_THAT(to_string(garbage.detail), HasSubstr("an empty datagram"));
  EXPECT_GE(watch.elapsed(), 1700ms) << "sense may follow";
  gateway_.on_nat_pmp = [=](udp_peer& peer, const std::string& request, const auto& from) {
    for (const std::string& bytes : flood) peer.send(bytes, from);
    peer.send(pcp_answer(request, 0), from);
  };
  EXPECT_EQ(ask().state, service_state::answered);
}

TEST_F(Pcp, AnswerFromElsewhereIsNotBelieved) {
  udp_peer stranger(loop_.context(), stranger_ip, {});
  udp_peer other_port(loop_.context(), gateway_ip, {});
  gateway_.on_nat_pmp = [&](udp_peer&, const std::string& request, const auto& from) {
    stranger.send(pcp_answer(request, 0), from);
    other_port.send(pcp_answer(request, 0), from);
  };
  const auto evidence = ask();
  EXPECT_EQ(evidence.state, service_state::silent) << to_string(evidence.detail);
  EXPECT_FALSE(evidence.result);
}

// --- IPv6 ----------------------------------------------------------------------------------

class PcpOverIpv6 : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_ipv6(loop_.context())) GTEST_SKIP() << "no IPv6 on this machine";
  }

  static gateway_access access_to(std::uint16_t port) {
    gateway_access access;
    access.gateway = access.from.local = asio::ip::make_address("::1");
    access.port_control_port = port;
    return access;
  }

  loop loop_;
};

TEST_F(PcpOverIpv6, AnnouncesItself) {
  udp_peer router(loop_.context(), "::1",
                  [](udp_peer& peer, const auto& request, const auto& from) {
                    peer.send(pcp_answer(request, 0), from);
                  });
  const auto evidence =
      loop_.await(ask_port_control(access_to(router.port()), pcp::codec, net::steady_time::max()));
  EXPECT_EQ(evidence.state, service_state::answered) << to_string(evidence.detail);
  EXPECT_EQ(pcp_request(router.requests().at(0)).client, asio::ip::make_address("::1"));
}

TEST_F(PcpOverIpv6, ClosedPortIsARefusal) {
  const auto port = closed_udp_port(loop_.context(), "::1");
  const auto evidence =
      loop_.await(ask_port_control(access_to(port), pcp::codec, net::steady_time::max()));
  EXPECT_EQ(evidence.state, service_state::refused) << to_string(evidence.detail);
}

}  // namespace pcp_test
}  // namespace natcheck::portmap
