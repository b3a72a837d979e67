#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "portmap/port_control.hpp"
#include "support/pcp_messages.hpp"
#include "support/peers.hpp"

namespace natcheck::portmap {
namespace pcp_pinhole_test {

using namespace support;

// A firewall without translation gives out the host's own address and port.
class PcpMapperOverIpv6 : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!has_ipv6(loop_.context())) GTEST_SKIP() << "no IPv6 on this machine";
    router_ = std::make_unique<udp_peer>(
        loop_.context(), "::1", [this](udp_peer& peer, const auto& request, const auto& from) {
          const pcp_request asked(request);
          const bool refuses = removal_ != 0 && asked.lifetime_s == 0;
          peer.send(refuses ? pcp_answer(request, removal_)
                            : pcp_grant(request, {asked.client, asked.internal_port},
                                        std::clamp(asked.lifetime_s, shortest_s_, 120U)),
                    from);
        });
    gateway_access access;
    access.gateway = access.from.local = here_;
    access.port_control_port = router_->port();
    mapper_ = std::make_unique<port_control_mapper>(access, pcp::codec);
  }
  result<mapping> map() {
    return loop_.await(mapper_->map({transport::tcp, 4321, 1234, 3600s, false}));
  }

  const address here_ = asio::ip::make_address("::1");
  int removal_ = 0;  ///< the result of a removal
  std::uint32_t shortest_s_ = 0;
  loop loop_;
  std::unique_ptr<udp_peer> router_;
  std::unique_ptr<port_control_mapper> mapper_;
};

TEST_F(PcpMapperOverIpv6, OpensAPinhole) {
  const auto made = map();
  ASSERT_TRUE(made) << to_string(made.error());
  EXPECT_EQ(made->external_address, here_);
  EXPECT_EQ(made->external_port, 4321);
  EXPECT_EQ(made->asked_port, 4321) << "nothing is translated";
  const pcp_request asked(router_->requests().at(0));
  EXPECT_EQ(asked.external, (endpoint{asio::ip::make_address("::"), 4321}))
      << "any address, of this family";
  EXPECT_EQ(mapper_->record({transport::tcp, 4321, 1234, 3600s, false}).external_port, 4321);
  EXPECT_TRUE(loop_.await(mapper_->unmap()));
}

// miniupnpd, which has no nonces for its pinholes.
TEST_F(PcpMapperOverIpv6, APinholeThatIsNotRemovedIsCutShort) {
  ASSERT_TRUE(map());
  removal_ = 2;
  EXPECT_TRUE(loop_.await(mapper_->unmap()));
  EXPECT_EQ(pcp_request(router_->requests().back()).lifetime_s, 1U);
  const std::size_t asked = router_->requests().size();
  EXPECT_TRUE(loop_.await(mapper_->unmap()));
  EXPECT_EQ(router_->requests().size(), asked) << "nothing is left to remove";
}

TEST_F(PcpMapperOverIpv6, APinholeThatTheRouterKeepsIsCalledSo) {
  ASSERT_TRUE(map());
  removal_ = 2;
  shortest_s_ = 60;
  const auto removed = loop_.await(mapper_->unmap());
  ASSERT_FALSE(removed);
  EXPECT_EQ(removed.error().code, 2);
  EXPECT_EQ(to_string(removed.error().detail),
            "the router keeps the pinhole until its lease expires, in at most 60 s");
  EXPECT_EQ(mapper_->record({}).lifetime, 60s);
}

}  // namespace pcp_pinhole_test
}  // namespace natcheck::portmap
