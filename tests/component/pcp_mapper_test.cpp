#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>

#include "portmap/pcp.hpp"
#include "support/fake_gateway.hpp"
#include "support/pcp_messages.hpp"

namespace natcheck::portmap {
namespace {

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
  result<mapping> map() { return loop_.await(mapper_.map({transport::tcp, 4321, 1234, 3600s})); }
  result<void> unmap() { return loop_.await(mapper_.unmap()); }

  std::vector<pcp_request> asked() const {
    const auto& requests = gateway_.nat_pmp.requests();
    return {requests.begin(), requests.end()};
  }

  loop loop_;
  fake_gateway gateway_{loop_.context()};
  pcp_mapper mapper_{gateway_.access()};
};

TEST_F(PcpMapper, Maps) {
  const auto made = map();
  ASSERT_TRUE(made) << made.error().message();
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
    const auto made = map();
    ASSERT_TRUE(made) << made.error().message();
    EXPECT_EQ(made->external_port, 20000);
    EXPECT_EQ(made->external_address, other.ip);
    EXPECT_EQ(made->lifetime, 120s);
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
  pcp_mapper other(gateway_.access());
  ASSERT_TRUE(map());
  const auto refused = loop_.await(other.map({transport::tcp, 4321, 1234, 3600s}));
  ASSERT_FALSE(refused) << "the port has an owner with another nonce";
  EXPECT_EQ(refused.error().kind, outcome::refused);
  EXPECT_EQ(refused.error().code, 2);
  EXPECT_NE(asked()[0].nonce, asked()[1].nonce);
  EXPECT_NE(asked()[0].nonce, std::string(12, '\0'));
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
      {2, 0, 30min, "does not allow"},
      {8, 0, 30s, "no resources"},
      {10, 90, 90s, "as many ports"},
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
    EXPECT_THAT(made.error().detail, HasSubstr(row.words));
    EXPECT_THAT(made.error().operation, HasSubstr(gateway_ip));
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
  EXPECT_EQ(made.error().code, 1);
  EXPECT_THAT(made.error().detail, HasSubstr("NAT-PMP only"));
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
  ASSERT_TRUE(made) << made.error().message();
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
  std::vector<std::unique_ptr<pcp_mapper>> mappers;
  std::vector<asio::awaitable<result<mapping>>> asking;
  for (const auto& make : table) {
    gateways.push_back(std::make_unique<fake_gateway>(loop_.context()));
    gateways.back()->on_nat_pmp = [=](udp_peer& peer, const auto& request, const auto& from) {
      peer.send(make(request), from);
    };
    mappers.push_back(std::make_unique<pcp_mapper>(gateways.back()->access()));
    asking.push_back(mappers.back()->map({transport::tcp, 4321, 1234, 3600s}));
  }
  for (const auto& made : loop_.await_all(std::move(asking))) {
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().kind, outcome::malformed) << made.error().message();
  }
}

TEST_F(PcpMapper, ADayIsTheLongestLifetime) {
  answer_by([](const std::string& request) { return pcp_grant(request, outside, 0xffffffff); });
  const auto made = map();
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(made->lifetime, 24h);
}

// A firewall without translation gives out the host's own address and port.
TEST(PcpMapperOverIpv6, OpensAPinhole) {
  loop loop;
  if (!has_ipv6(loop.context())) GTEST_SKIP() << "no IPv6 on this machine";
  const auto here = asio::ip::make_address("::1");

  udp_peer router(loop.context(), "::1", [](udp_peer& peer, const auto& request, const auto& from) {
    const pcp_request asked(request);
    peer.send(pcp_grant(request, {asked.client, asked.internal_port}, 120), from);
  });
  gateway_access access;
  access.gateway = access.from.local = here;
  access.nat_pmp_port = router.port();
  pcp_mapper mapper(access);
  const auto made = loop.await(mapper.map({transport::tcp, 4321, 1234, 3600s}));
  ASSERT_TRUE(made) << made.error().message();
  EXPECT_EQ(made->external_address, here);
  EXPECT_EQ(made->external_port, 4321);
  EXPECT_EQ(pcp_request(router.requests().at(0)).external.ip, asio::ip::make_address("::"))
      << "any address, of this family";
}

}  // namespace
}  // namespace natcheck::portmap
