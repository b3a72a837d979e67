// Which device of the link is the router.
#include "diagnosis/which_router.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <natcheck/diagnosis.hpp>

#include "evidence_builder.hpp"

namespace natcheck::judging {
namespace which_router_test {

using namespace natcheck::testing;

/// 192.168.1.254, which names `external` by NAT-PMP.
gateway_evidence other(const char* external) {
  auto device = home();
  device.gateway->ip = ip("192.168.1.254");
  nat_pmp_says(device, external);
  return *device.gateway;
}

struct row {
  const char* name;
  std::function<void(discover_evidence&)> bend;
  const char* router;
};

const row rows[] = {
    {"nobody else is there", [](auto& e) { seen_as(e, "5.5.5.5"); }, "192.168.1.1"},
    {"another one names what the Internet sees",
     [](auto& e) {
       e.other_gateways = {other("5.5.5.5")};
       seen_as(e, "5.5.5.5");
     },
     "192.168.1.254"},
    {"and forwards packets",
     [](auto& e) {
       e.other_gateways = {other("5.5.5.5")};
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "192.168.1.254", "9.9.9.1"});
     },
     "192.168.1.254"},
    {"another one forwards packets, and names a private address",
     [](auto& e) {
       e.other_gateways = {other("10.0.0.2")};
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "192.168.1.254", "9.9.9.1"});
     },
     "192.168.1.254"},
    {"it is further away than the second hop",
     [](auto& e) {
       e.other_gateways = {other("10.0.0.2")};
       hops(e, {"192.168.1.1", "10.1.1.1", "192.168.1.254"});
     },
     "192.168.1.1"},
    {"another one names another address",
     [](auto& e) {
       e.other_gateways = {other("6.6.6.6")};
       seen_as(e, "5.5.5.5");
     },
     "192.168.1.1"},
    {"another one, and no external server was asked",
     [](auto& e) { e.other_gateways = {other("5.5.5.5")}; }, "192.168.1.1"},
    {"the same device by another address",
     [](auto& e) {
       e.other_gateways = {other("5.5.5.5")};
       e.other_gateways.front().link_layer = e.gateway->link_layer = "02:00:00:00:00:01";
     },
     "192.168.1.254"},
    {"a repeater lends its address to two devices",
     [](auto& e) {
       e.other_gateways = {other("6.6.6.6")};
       e.other_gateways.front().link_layer = e.gateway->link_layer = "02:00:00:00:00:01";
       seen_as(e, "5.5.5.5");
     },
     "192.168.1.1"},
    {"link-layer addresses that are not known are not the same",
     [](auto& e) { e.other_gateways = {other("5.5.5.5")}; }, "192.168.1.1"},
    {"the gateway names what the Internet sees, too",
     [](auto& e) {
       nat_pmp_says(e, "5.5.5.5");
       e.other_gateways = {other("5.5.5.5")};
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "192.168.1.254", "9.9.9.1"});
     },
     "192.168.1.1"},
    {"the gateway names another address, and the other one is on the path",
     [](auto& e) {
       nat_pmp_says(e, "10.0.0.2");
       e.other_gateways = {other("5.5.5.5")};
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "192.168.1.254", "9.9.9.1"});
     },
     "192.168.1.254"},
    {"the gateway names another address, and the other one is not on the path",
     [](auto& e) {
       nat_pmp_says(e, "10.0.0.2");
       e.other_gateways = {other("5.5.5.5")};
       seen_as(e, "5.5.5.5");
     },
     "192.168.1.1"},
    {"the user named the gateway",
     [](auto& e) {
       e.asked.gateway = ip("192.168.1.1");
       e.other_gateways = {other("5.5.5.5")};
       seen_as(e, "5.5.5.5");
     },
     "192.168.1.1"},
    {"another one forwards packets, and offers nothing",
     [](auto& e) {
       e.other_gateways = {*home().gateway};
       e.other_gateways.front().ip = ip("192.168.1.254");
       seen_as(e, "5.5.5.5");
       hops(e, {"192.168.1.1", "192.168.1.254", "9.9.9.1"});
     },
     "192.168.1.1"},
};

TEST(WhichRouter, IsDecidedByWhatWasSeen) {
  for (const row& r : rows) {
    SCOPED_TRACE(r.name);
    auto seen = home();
    r.bend(seen);
    const auto devices = seen.other_gateways.size();
    settle_router(seen);
    EXPECT_EQ(seen.gateway->ip, ip(r.router));
    EXPECT_EQ(seen.other_gateways.size(), devices);
    EXPECT_EQ(why_other_router(seen).empty(), seen.gateway->ip == ip("192.168.1.1"));
    settle_router(seen);
    EXPECT_EQ(seen.gateway->ip, ip(r.router)) << "and stays so";
  }
}

TEST(WhichRouter, OnlyADeviceThatIsNotOnTheWayOutIsAWrongOne) {
  using ::testing::SizeIs;
  auto seen = home();
  seen.gateway->upnp.other_responders = {ip("192.168.1.254")};
  seen.other_gateways = {other("5.5.5.5")};
  seen_as(seen, "5.5.5.5");
  settle_router(seen);
  EXPECT_EQ(diagnose(seen).main.code, verdict_code::single_nat);
  EXPECT_THAT(diagnose(seen).findings, SizeIs(0));
  auto foreign = home();
  foreign.gateway->upnp.other_responders = {ip("192.168.1.254")};
  foreign.other_gateways = {other("6.6.6.6")};
  seen_as(foreign, "5.5.5.5");
  settle_router(foreign);
  ASSERT_THAT(diagnose(foreign).findings, SizeIs(1));
  EXPECT_EQ(diagnose(foreign).findings.front().code, "upnp-wrong-device");
}

}  // namespace which_router_test
}  // namespace natcheck::judging
