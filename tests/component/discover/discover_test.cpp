// discover() cannot be pointed at a fake gateway's ports, so this is what can be said of it on any
// machine. The lab has the rest.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <natcheck/discover.hpp>

#include "support/peers.hpp"

namespace natcheck::discovering {
namespace discover_test {

using namespace support;
using ::testing::HasSubstr;
using ::testing::Not;

/// Only loopback is asked, whatever network this machine is in.
discover_options on_loopback() {
  discover_options options;
  options.interface = "lo";
  options.gateway = asio::ip::make_address(gateway_ip);
  options.stun_servers = {};
  return options;
}

TEST(Discover, EndsWhenItsTimeIsOver) {
  loop events_loop;
  auto options = on_loopback();
  options.timeout = 300ms;
  const stopwatch watch;
  const auto report = events_loop.await(discover(options));
  EXPECT_LT(watch.elapsed(), 1500ms);
  ASSERT_TRUE(report) << to_string(report.error());
  ASSERT_TRUE(report->evidence.gateway);
  EXPECT_EQ(report->evidence.gateway->nat_pmp.state, service_state::refused);
  const auto& upnp = report->evidence.gateway->upnp;
  EXPECT_EQ(upnp.state, service_state::not_tried);
  EXPECT_THAT(to_string(upnp.detail), HasSubstr("timed out before"));
  EXPECT_THAT(report->judged.main.summary, Not(::testing::IsEmpty()));
}

TEST(Discover, AsksNobodyOutsideWhenNobodyIsNamed) {
  loop events_loop;
  auto options = on_loopback();
  options.timeout = 300ms;
  const auto report = events_loop.await(discover(options));
  ASSERT_TRUE(report) << to_string(report.error());
  EXPECT_TRUE(report->evidence.stun.empty());
  EXPECT_EQ(report->evidence.path.state, service_state::not_tried);
  EXPECT_THAT(to_string(report->evidence.path.detail),
              HasSubstr("external servers are turned off"));
  EXPECT_EQ(report->evidence.web.result, web_result::not_tried);
}

TEST(Discover, NamesTheServersThatItAsked) {
  loop events_loop;
  auto options = on_loopback();
  const auto closed = closed_udp_port(events_loop.context(), stranger_ip);
  options.stun_servers = {fmt::format("{}:{}", stranger_ip, closed)};
  options.web_check.clear();
  options.timeout = 500ms;
  const auto report = events_loop.await(discover(options));
  ASSERT_TRUE(report) << to_string(report.error());
  ASSERT_FALSE(report->evidence.stun.empty());
  const auto& first = report->evidence.stun.front();
  EXPECT_EQ(first.server, options.stun_servers.front());
  EXPECT_EQ(first.state, service_state::refused);
  EXPECT_FALSE(report->judged.external);
}

TEST(Discover, NeedsAnInterfaceThatExists) {
  loop events_loop;
  discover_options options;
  options.interface = "nonexistent0";
  const auto report = events_loop.await(discover(options));
  ASSERT_FALSE(report);
  EXPECT_EQ(report.error().kind, outcome::unavailable);
  EXPECT_THAT(to_string(report.error()), HasSubstr("nonexistent0"));
}

}  // namespace discover_test
}  // namespace natcheck::discovering
