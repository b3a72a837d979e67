#include "cli/results.hpp"

#include <gtest/gtest.h>

#include "unit/diagnosis/evidence_builder.hpp"

namespace natcheck::cli {
namespace results_test {

using namespace natcheck::testing;

TEST(ShortText, IsThePublicAddressOrNothing) {
  discover_report report;
  report.evidence = home();
  add_ipv6(report.evidence);
  EXPECT_EQ(short_text(report), "");
  report.judged.external = public_address{ip("5.5.5.5"), {"stun"}};
  EXPECT_EQ(short_text(report), "5.5.5.5\n");
}

TEST(ShortText, IsTheIpv6AddressOfAMachineThatHasNoOther) {
  discover_report report;
  add_ipv6(report.evidence);
  report.judged.main.code = verdict_code::ipv6_only;
  EXPECT_EQ(short_text(report), "2a00:1::10\n");
  report.judged.main.code = verdict_code::offline;
  EXPECT_EQ(short_text(report), "");
}

TEST(WaitingText, SaysWhoIsAsked) {
  discover_options options;
  options.stun_servers = {"a", "b", "c", "d"};
  EXPECT_EQ(waiting_text(options), "asking the router and 4 external servers");
  options.gateway = ip("192.168.1.1");
  options.stun_servers.resize(1);
  EXPECT_EQ(waiting_text(options), "asking 192.168.1.1 and 1 external server");
  options.stun_servers.clear();
  EXPECT_EQ(waiting_text(options), "asking 192.168.1.1");
}

handshake_evidence shake(probe_result result) {
  handshake_evidence one;
  one.result = result;
  one.echo_rtts = {millis(30)};
  return one;
}

TEST(EndedProbe, KeepsWhatWasDone) {
  probe_options options;
  options.host = "2a00:1::10";
  options.count = 10;
  const auto report =
      report_of_ended(options, {shake(probe_result::reached), shake(probe_result::timed_out)});
  EXPECT_EQ(report.evidence.target, "[2a00:1::10]:1234");
  EXPECT_EQ(report.evidence.address, (endpoint{ip("2a00:1::10"), 1234}));
  EXPECT_EQ(report.judged.rtt.sent, 2U);
  EXPECT_EQ(report.judged.rtt.received, 1U);
  EXPECT_EQ(report.judged.rtt.avg, millis(30));
  EXPECT_EQ(report.judged.main.code, verdict_code::inconclusive);
  EXPECT_EQ(report.judged.main.summary,
            "The probe was stopped after 2 of 10 handshakes; 1 reached the server.");
}

TEST(EndedProbe, KeepsTheProtocol) {
  probe_options options;
  options.host = "5.5.5.5";
  options.protocol = transport::udp;
  options.count = 5;
  const auto report = report_of_ended(options, {shake(probe_result::reached)});
  EXPECT_EQ(report.evidence.protocol, transport::udp);
  EXPECT_EQ(report.judged.main.advice.front(),
            "natcheck probe --protocol udp --count 5 5.5.5.5:1234");
}

TEST(EndedProbe, LeavesTheAddressOfANameOpen) {
  probe_options options;
  options.host = "home.example";
  const auto report = report_of_ended(options, {shake(probe_result::refused)});
  EXPECT_EQ(report.evidence.target, "home.example:1234");
  EXPECT_FALSE(report.evidence.address);
}

}  // namespace results_test
}  // namespace natcheck::cli
