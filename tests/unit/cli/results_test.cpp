#include "cli/results.hpp"

#include <gtest/gtest.h>

#include "unit/diagnosis/evidence_builder.hpp"

namespace natcheck::cli {
namespace {

using namespace natcheck::testing;

std::string short_text_of(const discover_evidence& seen) {
  discover_report report;
  report.external = public_address_of(seen);
  report.judged = diagnose(seen);
  report.evidence = seen;
  return short_text(report);
}

TEST(ShortText, IsThePublicAddressOrNothing) {
  auto seen = home();
  add_ipv6(seen);
  EXPECT_EQ(short_text_of(seen), "");
  nat_pmp_says(seen, "5.5.5.5");
  EXPECT_EQ(short_text_of(seen), "5.5.5.5\n");
}

TEST(ShortText, IsTheIpv6AddressOfAMachineThatHasNoOther) {
  discover_evidence seen;
  add_ipv6(seen);
  EXPECT_EQ(short_text_of(seen), "2a00:1::10\n");
  seen.host.ipv6->local = ip("fd00::10");
  EXPECT_EQ(short_text_of(seen), "");
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
  EXPECT_EQ(report.rtt.sent, 2U);
  EXPECT_EQ(report.rtt.received, 1U);
  EXPECT_EQ(report.rtt.avg, millis(30));
  EXPECT_EQ(report.judged.main.code, verdict_code::inconclusive);
  EXPECT_EQ(report.judged.main.summary,
            "The probe was ended after 2 of 10 handshakes; 1 reached the server.");
}

TEST(EndedProbe, LeavesTheAddressOfANameOpen) {
  probe_options options;
  options.host = "home.example";
  const auto report = report_of_ended(options, {shake(probe_result::refused)});
  EXPECT_EQ(report.evidence.target, "home.example:1234");
  EXPECT_FALSE(report.evidence.address);
}

}  // namespace
}  // namespace natcheck::cli
