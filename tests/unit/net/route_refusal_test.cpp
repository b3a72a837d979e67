#include "net/route_refusal.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace natcheck::net {
namespace {

TEST(RouteRefusal, NamesWhatThisMachineDoes) {
  EXPECT_EQ(describe_refusal(EACCES),
            "this machine does not send it: its routing rules prohibit it");
  EXPECT_EQ(describe_refusal(EHOSTUNREACH),
            "this machine does not send it: its routes mark the destination as unreachable");
  EXPECT_EQ(describe_refusal(EINVAL),
            "this machine does not send it: its routes discard packets to the destination "
            "(blackhole)");
}

TEST(RouteRefusal, LoopbackIsNeverRefused) {
  const auto loopback = boost::asio::ip::make_address("127.0.0.1");
  for (const auto protocol : {transport::tcp, transport::udp}) {
    for (const char* interface : {"", "lo"}) {
      EXPECT_FALSE(route_refusal("asking", {loopback, interface}, protocol, {loopback, 3478}));
    }
  }
}

}  // namespace
}  // namespace natcheck::net
