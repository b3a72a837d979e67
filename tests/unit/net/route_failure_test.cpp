#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <natcheck/operations.hpp>

#include "net/sockets.hpp"

namespace natcheck {
namespace route_failure_test {

using ::testing::HasSubstr;

TEST(RouteFailure, NamesTheRouteOfThisMachine) {
  const struct {
    const char* target;
    int number;
    outcome kind;
    const char* words;
  } rows[] = {
      {"5.5.5.5", EHOSTUNREACH, outcome::unreachable, "a route on this machine marks"},
      {"5.5.5.5", EACCES, outcome::denied, "a route on this machine prohibits"},
      {"5.5.5.5", EINVAL, outcome::unreachable, "blackhole"},
      {"2a00::5", EINVAL, outcome::unreachable, "blackhole"},
      {"fe80::5", EINVAL, outcome::unavailable, "Invalid argument"},
      {"5.5.5.5", ENETUNREACH, outcome::unreachable, "no route to that network"},
  };
  for (const auto& row : rows) {
    const net::error_code error(row.number, boost::system::system_category());
    const auto told = net::route_failure(operation_code::connecting,
                                         boost::asio::ip::make_address(row.target), error);
    EXPECT_EQ(told.kind, row.kind) << row.target << " " << row.words;
    EXPECT_THAT(to_string(told.detail), HasSubstr(row.words));
  }
}

}  // namespace route_failure_test
}  // namespace natcheck
