#include "outside/owner.hpp"

#include <gtest/gtest.h>

#include "support/peers.hpp"

namespace natcheck::outside {
namespace owner_test {

using namespace support;

// On loopback every address answers for itself. Gateways are for tests/lab.
constexpr const char* target_ip = "127.0.0.6";
constexpr const char* gateway_ip = "127.0.0.7";

owner_evidence ask(loop& on, milliseconds limit = 60s) {
  owner_evidence seen;
  const auto deadline = std::chrono::steady_clock::now() + limit;
  on.await(ask_owner(asio::ip::make_address(target_ip), asio::ip::make_address(gateway_ip),
                     {asio::ip::make_address(host_ip), ""}, seen, deadline));
  EXPECT_EQ(seen.target, asio::ip::make_address(target_ip));
  return seen;
}

TEST(Owner, AnAnswerOfTheAddressItselfIsTheEnd) {
  loop loop;
  const auto seen = ask(loop);
  EXPECT_EQ(seen.state, service_state::answered);
  EXPECT_EQ(seen.answered_by, asio::ip::make_address(target_ip));
  EXPECT_FALSE(seen.expired);
  EXPECT_LE(seen.attempts, 4) << "asked again although the answer was there";
  EXPECT_EQ(to_string(seen.detail), "");
}

TEST(Owner, CutShortIsNotSilent) {
  loop loop;
  const auto seen = ask(loop, 0ms);
  EXPECT_NE(seen.state, service_state::silent);
}

}  // namespace owner_test
}  // namespace natcheck::outside
