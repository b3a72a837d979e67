// discover() cannot be pointed at a fake gateway's ports, so this is what can be said of it on any
// machine. The lab has the rest.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <natcheck/discover.hpp>

#include "support/peers.hpp"

namespace natcheck {
namespace {

using namespace support;
using ::testing::HasSubstr;
using ::testing::Not;

/// Only loopback is asked, whatever network this machine is in.
discover_options on_loopback() {
  discover_options options;
  options.interface = "lo";
  options.gateway = asio::ip::make_address(gateway_ip);
  return options;
}

TEST(Discover, EndsWhenItsTimeIsOver) {
  loop events_loop;
  auto options = on_loopback();
  options.timeout = 300ms;
  const stopwatch watch;
  const auto report = events_loop.await(discover(options));
  EXPECT_LT(watch.elapsed(), 1500ms);
  ASSERT_TRUE(report) << report.error().message();
  ASSERT_TRUE(report->evidence.gateway);
  EXPECT_EQ(report->evidence.gateway->nat_pmp.state, service_state::refused);
  const auto& upnp = report->evidence.gateway->upnp;
  EXPECT_EQ(upnp.state, service_state::not_tried);
  EXPECT_THAT(upnp.detail, HasSubstr("time limit"));
  EXPECT_THAT(report->judged.main.summary, Not(::testing::IsEmpty()));
}

TEST(Discover, NeedsAnInterfaceThatExists) {
  loop events_loop;
  discover_options options;
  options.interface = "nonexistent0";
  const auto report = events_loop.await(discover(options));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, outcome::unavailable);
  EXPECT_THAT(report.error().message(), HasSubstr("nonexistent0"));
}

}  // namespace
}  // namespace natcheck
