#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>

#include "portmap/port_control.hpp"
#include "support/fake_gateway.hpp"

namespace natcheck::portmap {
namespace nat_pmp_mapper_test {

using namespace support;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const std::string good_answer = nat_pmp_address(0, "5.5.5.5");

class NatPmpMapper : public ::testing::Test {
 protected:
  result<mapping> map(mapping_request request = strict) {
    return loop_.await(mapper_.map(request));
  }
  result<mapping_check> check() { return loop_.await(mapper_.check()); }
  result<void> unmap() { return loop_.await(mapper_.unmap()); }

  /// Answers each request with all of these datagrams.
  void answer_with(std::vector<std::string> answers) {
    gateway_.on_nat_pmp = [=](udp_peer& peer, const std::string&, const udp::endpoint& from) {
      for (const std::string& answer : answers) peer.send(answer, from);
    };
  }
  /// Grants this port for 120 s, and says how removals go.
  void grant(std::uint16_t port, std::uint16_t removal = 0) {
    gateway_.on_nat_pmp = [=](udp_peer& peer, const std::string& request, const auto& from) {
      if (request.size() == 2) return peer.send(good_answer, from);
      const bool removes = nat_pmp_request(request).lifetime_s == 0;
      peer.send(
          removes ? nat_pmp_mapping(2, 4321, 0, 0, removal) : nat_pmp_mapping(2, 4321, port, 120),
          from);
    };
  }

  static constexpr mapping_request strict{transport::tcp, 4321, 1234, 3600s, false};
  static constexpr mapping_request any{transport::tcp, 4321, 1234, 3600s, true};

  loop loop_;
  fake_gateway gateway_{loop_.context()};
  port_control_mapper mapper_{gateway_.access(), natpmp::codec};
};

TEST_F(NatPmpMapper, Maps) {
  const auto made = map();
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_EQ(made->via, mapping_protocol::nat_pmp);
  EXPECT_EQ(made->internal, (endpoint{asio::ip::make_address(host_ip), 4321}));
  EXPECT_EQ(made->external_port, 1234);
  EXPECT_EQ(made->external_address, asio::ip::make_address("5.5.5.5"));
  EXPECT_EQ(made->lifetime, 3600s);
  EXPECT_FALSE(made->verified) << "NAT-PMP cannot read a mapping back";
  const auto asked = gateway_.mapping_requests();
  ASSERT_THAT(asked, SizeIs(1));
  EXPECT_EQ(asked[0].operation, 2);
  EXPECT_EQ(asked[0].internal_port, 4321);
  EXPECT_EQ(asked[0].external_port, 1234);
  EXPECT_EQ(asked[0].lifetime_s, 3600U);
}

TEST_F(NatPmpMapper, FindsTheServiceByAnyAnswerOfIt) {
  ASSERT_TRUE(loop_.await(mapper_.find()));
  EXPECT_THAT(gateway_.mapping_requests(), SizeIs(0)) << "to look changes nothing";
  for (const auto code : std::initializer_list<std::uint16_t>{2, 3, 4}) {
    answer_with({nat_pmp_address(code, "0.0.0.0")});
    EXPECT_TRUE(loop_.await(mapper_.find())) << "what it refuses is for map() to hear: " << code;
  }
  answer_with({nat_pmp_address(1, "0.0.0.0")});
  EXPECT_FALSE(loop_.await(mapper_.find())) << "another version is another protocol";
  answer_with({});
  const auto silent = loop_.await(mapper_.find());
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().kind, outcome::timed_out);
}

TEST_F(NatPmpMapper, MapsThoughNobodyTellsTheAddress) {
  gateway_.on_nat_pmp = [](udp_peer& peer, const std::string& request, const auto& from) {
    if (request.front() == 2) return peer.send(std::string("\0\x80\0\1\0\0\0\x0a", 8), from);
    if (request.size() == 2) return;
    peer.send(nat_pmp_mapping(2, 4321, 1234, 3600), from);
  };
  ASSERT_TRUE(loop_.await(mapper_.find())) << "an answer of version 0 to PCP is one of NAT-PMP";
  EXPECT_TRUE(mapper_.has_answered());
  const auto made = map();
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_EQ(made->external_port, 1234);
  EXPECT_FALSE(made->external_address);
}

TEST_F(NatPmpMapper, ObeysTheGrantAndRenewsIt) {
  grant(20000);
  for (int i = 0; i < 2; ++i) {
    const auto made = map(any);
    ASSERT_TRUE(made) << to_string(made.error());
    EXPECT_EQ(made->external_port, 20000);
    EXPECT_EQ(made->lifetime, 120s);
    EXPECT_EQ(made->asked_port, 1234);
    EXPECT_EQ(made->asked_lifetime, 3600s);
  }
  const auto asked = gateway_.mapping_requests();
  ASSERT_THAT(asked, SizeIs(2));
  EXPECT_EQ(asked[0].external_port, 1234);
  EXPECT_EQ(asked[1].external_port, 20000) << "RFC 6886 section 3.3: the port that was granted";
  EXPECT_EQ(asked[1].lifetime_s, 3600U);
}

TEST_F(NatPmpMapper, AnotherPortThanInsistedOnIsGivenBack) {
  grant(20000);
  const auto made = map();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, outcome::refused);
  EXPECT_EQ(made.error().refusal, mapping_refusal::granted_otherwise);
  EXPECT_EQ(to_string(made.error().detail), "it granted external port 20000 instead of 1234");
  ASSERT_THAT(gateway_.mapping_requests(), SizeIs(2));
  EXPECT_EQ(gateway_.mapping_requests()[1].lifetime_s, 0U);
  ASSERT_TRUE(unmap());
  EXPECT_THAT(gateway_.mapping_requests(), SizeIs(2)) << "it is given back once";
  ASSERT_FALSE(map());
  EXPECT_EQ(gateway_.mapping_requests()[2].external_port, 1234) << "not the one given back";
}

TEST_F(NatPmpMapper, ARenewalInsistsToo) {
  grant(1234);
  ASSERT_TRUE(map());
  grant(20000);
  const auto renewed = map();
  ASSERT_FALSE(renewed);
  EXPECT_TRUE(proves_loss(renewed.error()));
}

TEST_F(NatPmpMapper, WhatCouldNotBeGivenBackIsTriedAgain) {
  grant(20000, 2);
  const auto made = map();
  ASSERT_FALSE(made);
  EXPECT_THAT(to_string(made.error().detail), HasSubstr("could not be removed"));
  grant(20000);
  ASSERT_TRUE(unmap());
  EXPECT_EQ(gateway_.mapping_requests().back().lifetime_s, 0U);
}

// A MikroTik answers with an error (Tailscale, issue 11403).
TEST_F(NatPmpMapper, PortZeroIsNeverSuggested) {
  auto request = any;
  request.external_port = 0;
  ASSERT_TRUE(map(request));
  EXPECT_EQ(gateway_.mapping_requests().at(0).external_port, 4321);
}

TEST_F(NatPmpMapper, StandsAsLongAsTheEpochRuns) {
  ASSERT_TRUE(map());
  auto seen = check();
  ASSERT_TRUE(seen) << to_string(seen.error());
  EXPECT_TRUE(seen->stands);
  EXPECT_EQ(seen->external_address, asio::ip::make_address("5.5.5.5"));
  EXPECT_THAT(gateway_.mapping_requests(), SizeIs(1)) << "to look changes nothing";

  gateway_.restart();
  gateway_.external_address = "5.5.5.6";
  for (int i = 0; i < 2; ++i) {
    seen = check();
    ASSERT_TRUE(seen) << to_string(seen.error());
    EXPECT_FALSE(seen->stands) << "until it is made anew";
    EXPECT_THAT(to_string(seen->detail), HasSubstr("restarted"));
    EXPECT_EQ(seen->external_address, asio::ip::make_address("5.5.5.6"));
  }
  ASSERT_TRUE(map());
  seen = check();
  ASSERT_TRUE(seen) << to_string(seen.error());
  EXPECT_TRUE(seen->stands);
}

TEST_F(NatPmpMapper, ARestartThatARenewalCameAcrossIsOver) {
  ASSERT_TRUE(map());
  gateway_.restart();
  ASSERT_TRUE(map()) << "the mapping was made anew by it";
  const auto seen = check();
  ASSERT_TRUE(seen) << to_string(seen.error());
  EXPECT_TRUE(seen->stands);
}

TEST_F(NatPmpMapper, ALookThatFailsTellsNothing) {
  ASSERT_TRUE(map());
  answer_with({nat_pmp_address(3, "0.0.0.0")});
  const auto offline = check();
  ASSERT_TRUE(offline) << "it has no address, but its table";
  EXPECT_TRUE(offline->stands);
  EXPECT_FALSE(offline->external_address);
  answer_with({nat_pmp_address(0, "0.0.0.0")});
  const auto none = check();
  ASSERT_TRUE(none) << to_string(none.error());
  EXPECT_FALSE(none->external_address);
  answer_with({nat_pmp_address(2, "0.0.0.0")});
  const auto refused = check();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, 2);
  EXPECT_FALSE(proves_loss(refused.error()));
  answer_with({});
  const auto silent = check();
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().kind, outcome::timed_out);
}

TEST_F(NatPmpMapper, ANextRunRemovesWhatItClaimed) {
  EXPECT_EQ(mapper_.record(strict).external_port, 1234) << "about to be asked for";
  grant(20000);
  ASSERT_TRUE(map(any));
  const mapping_record record = mapper_.record(any);
  EXPECT_EQ(record.external_port, 20000);
  EXPECT_EQ(record.lifetime, 120s);
  port_control_mapper next(gateway_.access(), natpmp::codec);
  next.restore(record);
  ASSERT_TRUE(loop_.await(next.unmap()));
  const auto removal = gateway_.mapping_requests().back();
  EXPECT_EQ(removal.lifetime_s, 0U);
  EXPECT_EQ(removal.internal_port, 4321);
}

// The gateway would say yes: from here, there is no such mapping.
TEST_F(NatPmpMapper, ANextRunWithAnotherAddressCannotRemoveIt) {
  mapping_record record = mapper_.record(strict);
  record.internal.ip = asio::ip::make_address("192.168.1.77");
  mapper_.restore(record);
  const auto removed = unmap();
  ASSERT_FALSE(removed);
  EXPECT_THAT(to_string(removed.error().detail), HasSubstr("192.168.1.77"));
  EXPECT_THAT(gateway_.mapping_requests(), SizeIs(0));
}

TEST_F(NatPmpMapper, UnmapsByInternalPortAlone) {
  ASSERT_TRUE(map());
  ASSERT_TRUE(unmap());
  ASSERT_THAT(gateway_.mapping_requests(), SizeIs(2));
  const auto removal = gateway_.mapping_requests()[1];
  EXPECT_EQ(removal.operation, 2);
  EXPECT_EQ(removal.internal_port, 4321);
  EXPECT_EQ(removal.external_port, 0);
  EXPECT_EQ(removal.lifetime_s, 0U);
  ASSERT_TRUE(unmap()) << "nothing is left to remove";
  EXPECT_THAT(gateway_.mapping_requests(), SizeIs(2));
}

TEST_F(NatPmpMapper, RefusalsCarryTheirResult) {
  for (const auto code : std::initializer_list<std::uint16_t>{2, 3, 4}) {
    answer_with({nat_pmp_mapping(2, 4321, 0, 0, code)});
    const auto made = map();
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, outcome::refused);
    EXPECT_EQ(made.error().code, code);
    EXPECT_THAT(to_string(made.error().operation), HasSubstr(gateway_ip));
  }
}

TEST_F(NatPmpMapper, UnusableGrants) {
  const std::string table[] = {
      nat_pmp_mapping(2, 4321, 0, 0),        // yes, for no time at all
      nat_pmp_mapping(2, 9999, 1234, 3600),  // for another port of ours
      nat_pmp_mapping(1, 4321, 1234, 3600),  // for UDP
      good_answer,
  };
  std::vector<std::unique_ptr<fake_gateway>> gateways;
  std::vector<std::unique_ptr<port_control_mapper>> mappers;
  std::vector<asio::awaitable<result<mapping>>> asking;
  for (const std::string& grant : table) {
    gateways.push_back(std::make_unique<fake_gateway>(loop_.context()));
    gateways.back()->on_nat_pmp = [=](udp_peer& peer, const auto&, const auto& from) {
      peer.send(grant, from);
    };
    mappers.push_back(
        std::make_unique<port_control_mapper>(gateways.back()->access(), natpmp::codec));
    asking.push_back(mappers.back()->map(strict));
  }
  for (const auto& made : loop_.await_all(std::move(asking))) {
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, outcome::malformed) << to_string(made.error());
  }
}

TEST_F(NatPmpMapper, WithoutAnAddressTheMappingStands) {
  gateway_.on_nat_pmp = [&](udp_peer& peer, const std::string& request, const auto& from) {
    if (request.size() == 2) return peer.send(nat_pmp_address(3, "0.0.0.0"), from);
    peer.send(nat_pmp_mapping(2, 4321, 1234, 3600), from);
  };
  const auto made = map();
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_FALSE(made->external_address);
}

// miniupnp, issue 196: ports modulo 256. The mapping stands all the same.
TEST_F(NatPmpMapper, WhatWasAnsweredInNoUsableWayIsRemoved) {
  gateway_.on_nat_pmp = [](udp_peer& peer, const std::string& request, const auto& from) {
    if (request.size() == 2) return peer.send(good_answer, from);
    const nat_pmp_request asked(request);
    peer.send(
        nat_pmp_mapping(2, asked.internal_port % 256, asked.external_port % 256, asked.lifetime_s),
        from);
  };
  ASSERT_TRUE(loop_.await(mapper_.find()));
  const auto made = map();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, outcome::malformed);
  EXPECT_THAT(to_string(made.error().detail), HasSubstr("an answer for internal port 225"));
  EXPECT_TRUE(mapper_.has_answered());
  const auto removed = unmap();
  EXPECT_FALSE(removed) << "whether it is gone, that answer does not tell";
  EXPECT_EQ(gateway_.mapping_requests().back().lifetime_s, 0U);
  gateway_.on_nat_pmp = {};
  ASSERT_TRUE(unmap()) << "it is tried again";
}

TEST_F(NatPmpMapper, ARemovalThatIsRefusedOrOnlyCutsTheLeaseIsNone) {
  grant(1234);
  ASSERT_TRUE(map());
  for (const auto code : std::initializer_list<std::uint16_t>{2, 3, 4, 5}) {
    grant(1234, code);
    EXPECT_FALSE(unmap()) << code;
  }
  answer_with({nat_pmp_mapping(2, 4321, 1234, 60)});
  const auto kept = unmap();
  ASSERT_FALSE(kept);
  EXPECT_THAT(to_string(kept.error().detail), HasSubstr("keeps the mapping for 60 s"));
  gateway_.on_nat_pmp = {};
  EXPECT_TRUE(unmap());
}

TEST_F(NatPmpMapper, ARefusalSaysNothingOfARequestBeforeThatWasNotAnswered) {
  answer_with({});
  ASSERT_FALSE(map());
  answer_with({nat_pmp_mapping(2, 4321, 0, 0, 4)});
  ASSERT_FALSE(map());
  gateway_.on_nat_pmp = {};
  ASSERT_TRUE(unmap());
  EXPECT_EQ(gateway_.mapping_requests().back().lifetime_s, 0U) << "the first may have made it";
}

TEST_F(NatPmpMapper, WhatThisMachineCannotSendIsAFaultOfItsOwn) {
  auto nowhere = gateway_.access();
  nowhere.from.local = asio::ip::make_address("192.0.2.1");  // no interface has it
  port_control_mapper mapper(nowhere, natpmp::codec);
  const auto made = loop_.await(mapper.map(strict));
  ASSERT_FALSE(made);
  EXPECT_TRUE(is_local_fault(made.error())) << to_string(made.error());
  EXPECT_FALSE(mapper.has_answered());
  EXPECT_TRUE(loop_.await(mapper.unmap())) << "nothing was asked for";
}

TEST_F(NatPmpMapper, UnmapsWhatWasAskedForInVain) {
  answer_with({});
  ASSERT_FALSE(map()) << "the answer was lost, perhaps";
  gateway_.on_nat_pmp = {};
  ASSERT_TRUE(unmap());
  EXPECT_EQ(gateway_.mapping_requests().back().lifetime_s, 0U);
}

}  // namespace nat_pmp_mapper_test
}  // namespace natcheck::portmap
