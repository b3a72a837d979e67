#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>

#include "portmap/port_control.hpp"
#include "support/fake_gateway.hpp"
#include "support/pcp_messages.hpp"

namespace natcheck::portmap {
namespace pcp_mapper_test {

using namespace support;
using ::testing::HasSubstr;
using ::testing::SizeIs;

const endpoint outside{asio::ip::make_address("5.5.5.5"), 1234};

class PcpMapper : public ::testing::Test {
 protected:
  /// Answers each request with what `make` makes of it.
  void answer_by(std::function<std::string(const std::string&)> make) {
    gateway_.on_nat_pmp = [=](udp_peer& peer, const std::string& request, const auto& from) {
      peer.send(make(request), from);
    };
  }
  result<mapping> map(mapping_request request = strict) {
    return loop_.await(mapper_.map(request));
  }
  result<mapping_check> check() { return loop_.await(mapper_.check()); }
  result<void> unmap() { return loop_.await(mapper_.unmap()); }

  std::vector<pcp_request> asked() const {
    const auto& requests = gateway_.nat_pmp.requests();
    return {requests.begin(), requests.end()};
  }

  /// Grants `given` for 120 s, and answers removals with this result.
  void grant(const endpoint& given, int removal = 0) {
    answer_by([=](const std::string& request) {
      const pcp_request wanted(request);
      if (wanted.operation == 0) return pcp_answer(request, 0);
      if (wanted.lifetime_s != 0) return pcp_grant(request, given, 120);
      return removal == 0 ? pcp_grant(request, {}, 0) : pcp_answer(request, removal);
    });
  }

  static constexpr mapping_request strict{transport::tcp, 4321, 1234, 3600s, false};
  static constexpr mapping_request any{transport::tcp, 4321, 1234, 3600s, true};

  loop loop_;
  fake_gateway gateway_{loop_.context()};
  port_control_mapper mapper_{gateway_.access(), pcp::codec};
};

TEST_F(PcpMapper, Maps) {
  const auto made = map();
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_EQ(made->via, mapping_protocol::pcp);
  EXPECT_EQ(made->protocol, transport::tcp);
  EXPECT_EQ(made->internal, (endpoint{asio::ip::make_address(host_ip), 4321}));
  EXPECT_EQ(made->external_port, 1234);
  EXPECT_EQ(made->external_address, outside.ip);
  EXPECT_EQ(made->lifetime, 3600s);
  EXPECT_FALSE(made->verified) << "PCP cannot read a mapping back";
  ASSERT_THAT(asked(), SizeIs(1));
  const pcp_request request = asked()[0];
  EXPECT_EQ(request.operation, 1);
  EXPECT_EQ(request.client, asio::ip::make_address(host_ip));
  EXPECT_EQ(request.protocol, 6);
  EXPECT_EQ(request.internal_port, 4321);
  EXPECT_EQ(request.external, (endpoint{asio::ip::make_address("0.0.0.0"), 1234}));
  EXPECT_EQ(request.lifetime_s, 3600U);
}

TEST_F(PcpMapper, KeepsItsNonceAndSuggestsWhatWasGranted) {
  const endpoint other{asio::ip::make_address("5.5.5.6"), 20000};
  // The first request is lost, so the second is a retransmission, the third a renewal.
  gateway_.on_nat_pmp = [=](udp_peer& peer, const std::string& request, const auto& from) {
    if (peer.requests().size() == 1) return;
    const pcp_request asked(request);
    peer.send(pcp_grant(request, asked.lifetime_s == 0 ? endpoint{} : other,
                        std::min(asked.lifetime_s, 120U)),
              from);
  };
  for (int i = 0; i < 2; ++i) {
    const auto made = map(any);
    ASSERT_TRUE(made) << to_string(made.error());
    EXPECT_EQ(made->external_port, 20000);
    EXPECT_EQ(made->external_address, other.ip);
    EXPECT_EQ(made->lifetime, 120s);
    EXPECT_EQ(made->asked_port, 1234);
    EXPECT_EQ(made->asked_lifetime, 3600s);
  }
  ASSERT_TRUE(unmap());
  ASSERT_THAT(asked(), SizeIs(4));
  for (const pcp_request& request : asked()) EXPECT_EQ(request.nonce, asked()[0].nonce);
  EXPECT_EQ(asked()[1].external.port, 1234);
  EXPECT_EQ(asked()[2].external, other) << "RFC 6887 section 11.2.1";
  const pcp_request removal = asked()[3];
  EXPECT_EQ(removal.lifetime_s, 0U);
  EXPECT_EQ(removal.internal_port, 4321);
  EXPECT_EQ(removal.external, (endpoint{asio::ip::make_address("0.0.0.0"), 0}));
}

TEST_F(PcpMapper, NobodyElseHasItsNonce) {
  port_control_mapper other(gateway_.access(), pcp::codec);
  ASSERT_TRUE(map());
  const auto refused = loop_.await(other.map(strict));
  ASSERT_FALSE(refused) << "the port has an owner with another nonce";
  EXPECT_EQ(refused.error().kind, outcome::refused);
  EXPECT_EQ(refused.error().code, 2);
  EXPECT_NE(asked()[0].nonce, asked()[1].nonce);
  EXPECT_NE(asked()[0].nonce, std::string(12, '\0'));
}

TEST_F(PcpMapper, FindsTheServerByAnyAnswerOfVersion2) {
  ASSERT_TRUE(loop_.await(mapper_.find()));
  ASSERT_THAT(asked(), SizeIs(1));
  EXPECT_EQ(asked()[0].operation, 0) << "to look changes nothing";
  for (const int code : {2, 4, 7, 12}) {
    answer_by([=](const std::string& request) { return pcp_answer(request, code); });
    EXPECT_TRUE(loop_.await(mapper_.find())) << "what it refuses is for map() to hear: " << code;
  }
  answer_by([](const std::string& request) { return pcp_answer(request, 1); });
  EXPECT_FALSE(loop_.await(mapper_.find()));
  answer_by([](const auto&) { return from_hex("008000010000000a"); });
  EXPECT_FALSE(loop_.await(mapper_.find())) << "only NAT-PMP";
  gateway_.on_nat_pmp = [](auto&, const auto&, const auto&) {};
  const auto silent = loop_.await(mapper_.find());
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().kind, outcome::timed_out);
}

TEST_F(PcpMapper, AnotherPortThanInsistedOnIsGivenBack) {
  grant({outside.ip, 20000});
  const auto made = map();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, outcome::refused);
  EXPECT_EQ(made.error().refusal, mapping_refusal::granted_otherwise);
  EXPECT_EQ(to_string(made.error().detail), "it granted external port 20000 instead of 1234");
  EXPECT_FALSE(mapper_.refused_for());
  ASSERT_THAT(asked(), SizeIs(2));
  EXPECT_EQ(asked()[1].lifetime_s, 0U);
  EXPECT_EQ(asked()[1].nonce, asked()[0].nonce);
  ASSERT_TRUE(unmap());
  EXPECT_THAT(asked(), SizeIs(2)) << "it is given back once";
  ASSERT_FALSE(map());
  EXPECT_EQ(asked()[2].external.port, 1234) << "not the one given back";
}

TEST_F(PcpMapper, WhatCouldNotBeGivenBackIsTriedAgain) {
  grant({outside.ip, 20000}, 7);
  const auto made = map();
  ASSERT_FALSE(made);
  EXPECT_THAT(to_string(made.error().detail), HasSubstr("could not be removed"));
  grant({outside.ip, 20000});
  ASSERT_TRUE(unmap());
  EXPECT_EQ(asked().back().lifetime_s, 0U);
}

TEST_F(PcpMapper, ARefusedRenewalIsNoProofOfLoss) {
  ASSERT_TRUE(map());
  answer_by([](const std::string& request) { return pcp_answer(request, 2); });
  const auto renewed = map();
  ASSERT_FALSE(renewed);
  EXPECT_FALSE(proves_loss(renewed.error()));
  EXPECT_EQ(mapper_.refused_for(), 30min);
}

TEST_F(PcpMapper, StandsAsLongAsTheEpochRuns) {
  ASSERT_TRUE(map());
  auto seen = check();
  ASSERT_TRUE(seen) << to_string(seen.error());
  EXPECT_TRUE(seen->stands);
  EXPECT_FALSE(seen->external_address) << "ANNOUNCE names none";
  EXPECT_EQ(asked().back().operation, 0) << "to look changes nothing";

  gateway_.restart();
  for (int i = 0; i < 2; ++i) {
    seen = check();
    ASSERT_TRUE(seen) << to_string(seen.error());
    EXPECT_FALSE(seen->stands) << "until it is made anew";
    EXPECT_THAT(to_string(seen->detail), HasSubstr("restarted"));
  }
  ASSERT_TRUE(map());
  EXPECT_EQ(asked().back().external, outside) << "RFC 6887 section 8.5: the same again";
  seen = check();
  ASSERT_TRUE(seen) << to_string(seen.error());
  EXPECT_TRUE(seen->stands);
}

TEST_F(PcpMapper, ARefusedLookHasAnEpochToo) {
  ASSERT_TRUE(map());
  struct {
    std::uint32_t epoch_s;
    bool stands;
  } const table[] = {{gateway_.epoch_s(), true}, {0, false}};
  for (const auto& row : table) {
    answer_by([&](const std::string& request) {
      constexpr int unsupported_opcode = 4;
      return pcp_answer(request, unsupported_opcode, 0, row.epoch_s);
    });
    const auto seen = check();
    ASSERT_TRUE(seen) << to_string(seen.error());
    EXPECT_EQ(seen->stands, row.stands);
  }
}

TEST_F(PcpMapper, ALookWithoutAnAnswerTellsNothing) {
  ASSERT_TRUE(map());
  answer_by([](const auto&) { return from_hex("008000010000000a"); });
  EXPECT_FALSE(check()) << "it speaks NAT-PMP now";
  gateway_.on_nat_pmp = [](auto&, const auto&, const auto&) {};
  const auto silent = check();
  ASSERT_FALSE(silent);
  EXPECT_EQ(silent.error().kind, outcome::timed_out);
}

TEST_F(PcpMapper, ANextRunRemovesWhatItClaimed) {
  grant({outside.ip, 20000});
  EXPECT_EQ(mapper_.record(strict).external_port, 1234) << "about to be asked for";
  ASSERT_TRUE(map(any));
  const mapping_record record = mapper_.record(any);
  EXPECT_EQ(record.external_port, 20000);
  EXPECT_EQ(record.lifetime, 120s);
  port_control_mapper next(gateway_.access(), pcp::codec);
  next.restore(record);
  ASSERT_TRUE(loop_.await(next.unmap()));
  EXPECT_EQ(asked().back().lifetime_s, 0U);
  EXPECT_EQ(asked().back().internal_port, 4321);
  EXPECT_EQ(asked().back().nonce, asked().front().nonce) << "with another one it is refused";
}

TEST_F(PcpMapper, WhatCannotBeRemovedIsNotAskedFor) {
  mapping_record elsewhere = mapper_.record(strict);
  elsewhere.internal.ip = asio::ip::make_address("192.168.1.77");
  mapping_record unnamed = mapper_.record(strict);
  unnamed.nonce = "0123";
  const std::pair<mapping_record, const char*> table[] = {{elsewhere, "192.168.1.77"},
                                                          {unnamed, "nonce"}};
  for (const auto& [record, words] : table) {
    port_control_mapper next(gateway_.access(), pcp::codec);
    next.restore(record);
    const auto removed = loop_.await(next.unmap());
    ASSERT_FALSE(removed) << "a server says yes to the removal of what it does not have";
    EXPECT_THAT(to_string(removed.error().detail), HasSubstr(words));
  }
  EXPECT_THAT(asked(), SizeIs(0));
}

TEST_F(PcpMapper, ARemovalThatIsRefusedOrOnlyCutsTheLeaseIsNone) {
  grant(outside);
  ASSERT_TRUE(map());
  for (const int code : {2, 3, 4, 8, 99}) {
    grant(outside, code);
    EXPECT_FALSE(unmap()) << code;
  }
  answer_by([](const std::string& request) { return pcp_grant(request, outside, 60); });
  const auto kept = unmap();
  ASSERT_FALSE(kept);
  EXPECT_THAT(to_string(kept.error().detail), HasSubstr("keeps the mapping for 60 s"));
  grant(outside);
  EXPECT_TRUE(unmap());
}

TEST_F(PcpMapper, WhatWasAnsweredInNoUsableWayIsRemoved) {
  answer_by([](const std::string& request) {
    const bool announces = pcp_request(request).operation == 0;
    return announces ? pcp_answer(request, 0) : pcp_grant(request, outside, 3600).substr(0, 56);
  });
  ASSERT_TRUE(loop_.await(mapper_.find()));
  const auto made = map();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, outcome::malformed);
  EXPECT_TRUE(mapper_.has_answered());
  EXPECT_FALSE(unmap());
  EXPECT_EQ(asked().back().lifetime_s, 0U);
  grant(outside);
  ASSERT_TRUE(unmap()) << "it is tried again";
}

TEST_F(PcpMapper, UnmapsOnce) {
  ASSERT_TRUE(unmap()) << "nothing was asked for";
  EXPECT_THAT(asked(), SizeIs(0));
  ASSERT_TRUE(map());
  ASSERT_TRUE(unmap());
  ASSERT_TRUE(unmap()) << "nothing is left to remove";
  EXPECT_THAT(asked(), SizeIs(2));
}

TEST_F(PcpMapper, UnmapsWhatWasAskedForInVain) {
  gateway_.on_nat_pmp = [](udp_peer&, const auto&, const auto&) {};
  ASSERT_FALSE(map()) << "the answer was lost, perhaps";
  gateway_.on_nat_pmp = {};
  ASSERT_TRUE(unmap());
  EXPECT_EQ(asked().back().lifetime_s, 0U);
  EXPECT_EQ(asked().back().nonce, asked().front().nonce);
}

TEST_F(PcpMapper, AFailedRenewalLeavesSomethingToRemove) {
  ASSERT_TRUE(map());
  answer_by([](const std::string& request) { return pcp_answer(request, 7); });
  ASSERT_FALSE(map());
  gateway_.on_nat_pmp = {};
  ASSERT_TRUE(unmap());
  EXPECT_EQ(asked().back().lifetime_s, 0U);
}

TEST_F(PcpMapper, RefusalsCarryTheirResultAndHowLongTheyStand) {
  struct {
    int code;
    std::uint32_t lifetime_s;
    std::chrono::seconds stands;
    const char* words;
  } const table[] = {
      {2, 0, 30min, "not authorized"},
      {8, 0, 30s, "no resources"},
      {10, 90, 90s, "limit of ports"},
      {12, 0, 30min, "another NAT"},
  };
  EXPECT_FALSE(mapper_.refused_for());
  for (const auto& row : table) {
    answer_by(
        [=](const std::string& request) { return pcp_answer(request, row.code, row.lifetime_s); });
    const auto made = map();
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, outcome::refused);
    EXPECT_EQ(made.error().code, row.code);
    EXPECT_THAT(to_string(made.error().detail), HasSubstr(row.words));
    EXPECT_THAT(to_string(made.error().operation), HasSubstr(gateway_ip));
    EXPECT_EQ(mapper_.refused_for(), row.stands);
  }
  gateway_.on_nat_pmp = {};
  ASSERT_TRUE(unmap()) << "nothing was granted, so nothing is asked";
  EXPECT_THAT(asked(), SizeIs(4));
}

TEST_F(PcpMapper, AnotherVersionIsARefusal) {
  answer_by([](const auto&) { return from_hex("008000010000000a"); });
  const auto made = map();
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().kind, outcome::refused);
  EXPECT_EQ(made.error().code, 0) << "NAT-PMP is asked instead";
  EXPECT_THAT(to_string(made.error().detail), HasSubstr("only NAT-PMP"));
}

TEST_F(PcpMapper, AnswersToSomebodyElseAreIgnored) {
  gateway_.on_nat_pmp = [](udp_peer& peer, const std::string& request, const auto& from) {
    for (const std::size_t at : {24U, 36U, 41U}) {  // nonce, protocol, internal port
      std::string foreign = pcp_grant(request, {outside.ip, 9999}, 3600);
      foreign[at] = static_cast<char>(foreign[at] + 1);
      peer.send(foreign, from);
    }
    peer.send(pcp_grant(request, outside, 3600), from);
  };
  const auto made = map();
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_EQ(made->external_port, 1234);
}

TEST_F(PcpMapper, UnusableGrants) {
  const std::function<std::string(const std::string&)> table[] = {
      [](const auto& request) { return pcp_grant(request, outside, 0); },  // for no time at all
      [](const auto& request) {
        return pcp_grant(request, {outside.ip, 0}, 3600);
      },
      [](const auto& request) { return pcp_grant(request, outside, 3600).substr(0, 44); },
      [](const auto& request) {
        std::string foreign = pcp_grant(request, outside, 3600);
        foreign[24] = static_cast<char>(foreign[24] + 1);
        return foreign;
      },
  };
  std::vector<std::unique_ptr<fake_gateway>> gateways;
  std::vector<std::unique_ptr<port_control_mapper>> mappers;
  std::vector<asio::awaitable<result<mapping>>> asking;
  for (const auto& make : table) {
    gateways.push_back(std::make_unique<fake_gateway>(loop_.context()));
    gateways.back()->on_nat_pmp = [=](udp_peer& peer, const auto& request, const auto& from) {
      peer.send(make(request), from);
    };
    mappers.push_back(std::make_unique<port_control_mapper>(gateways.back()->access(), pcp::codec));
    asking.push_back(mappers.back()->map(strict));
  }
  for (const auto& made : loop_.await_all(std::move(asking))) {
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, outcome::malformed) << to_string(made.error());
  }
}

TEST_F(PcpMapper, ADayIsTheLongestLifetime) {
  answer_by([](const std::string& request) { return pcp_grant(request, outside, 0xffffffff); });
  const auto made = map();
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_EQ(made->lifetime, 24h);
}

}  // namespace pcp_mapper_test
}  // namespace natcheck::portmap
