#include "net/route_refusal.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>

namespace natcheck::net {
namespace route_refusal_test {

TEST(RouteRefusal, NamesWhatThisMachineDoes) {
  EXPECT_EQ(cause_of_refusal(EACCES), cause_code::route_prohibits);
  EXPECT_EQ(cause_of_refusal(EHOSTUNREACH), cause_code::route_unreachable);
  EXPECT_EQ(cause_of_refusal(EINVAL), cause_code::route_discards);
}

TEST(RouteRefusal, LoopbackIsNeverRefused) {
  const auto loopback = boost::asio::ip::make_address("127.0.0.1");
  for (const auto protocol : {transport::tcp, transport::udp}) {
    for (const char* interface : {"", "lo"}) {
      EXPECT_FALSE(route_refusal(operation_code::connecting, {loopback, interface}, protocol,
                                 {loopback, 3478}));
    }
  }
}

}  // namespace route_refusal_test
}  // namespace natcheck::net
