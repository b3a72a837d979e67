#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports.hpp"

namespace natcheck {
namespace text_probe_test {

using namespace natcheck::testing;

TEST(ProbeText, Refused) {
  EXPECT_EQ(to_text(probed({handshake(probe_result::refused, 31)}), fancy),
            R"(✘ 5.5.5.5 refused the connection on port 1234 (31 ms).
  Next: - on the server's side, check that natcheck serve says "Mapped", and
          compare the port
        - if 5.5.5.5 is the public address of the network you are probing from,
          probe from another network: many routers do not support hairpinning
  Why:  - something there rejects it: the port is not forwarded, or the server
          is not running
        - connection 30 ms
)");
}

TEST(ProbeText, Reached) {
  auto one = handshake(probe_result::reached);
  one.path = translation::mapped;
  one.seen_as = endpoint{ip("9.9.0.7"), 51820};
  one.timing.greeting = millis(30.6);
  EXPECT_EQ(to_text(probed({one}), fancy),
            R"(✔ 5.5.5.5:1234 is reachable: the server answered, and the echo came back intact
  (61 ms).
  Why:  - the server's own address is different: a router forwards the port
        - the server saw this machine as 9.9.0.7:51820
        - connection 30 ms, greeting 31 ms
)");
}

TEST(ProbeText, SeveralHandshakesHaveStatistics) {
  auto report = probed({handshake(probe_result::reached), handshake(probe_result::timed_out),
                        handshake(probe_result::reached), handshake(probe_result::reached)});
  report.judged.rtt = {millis(30.1), millis(30.44), millis(31), 4, 3};
  EXPECT_THAT(to_text(report, plain), ::testing::StartsWith(R"(
--- 5.5.5.5:1234 ---
4 handshakes, 3 reached the server, 25 % lost
round trip min/avg/max 30.1/30.4/31.0 ms

[?] 5.5.5.5:1234 is reachable only intermittently: 1 of 4 handshakes failed (25
    %).
)"));
}

TEST(ProbeText, StatisticsOfNothing) {
  const auto lost = handshake(probe_result::timed_out);
  EXPECT_THAT(to_text(probed({lost, lost}), plain), ::testing::StartsWith(R"(
--- 5.5.5.5:1234 ---
2 handshakes, 0 reached the server, 100 % lost

[no] 5.5.5.5 did not answer on port 1234 (61 ms).
)"));
}

TEST(ProbeText, OverUdpItIsLikePing) {
  auto report = probed({handshake(probe_result::reached), handshake(probe_result::timed_out),
                        handshake(probe_result::reached), handshake(probe_result::reached)});
  report.evidence.protocol = transport::udp;
  report.evidence.session = "8f2c";
  report.judged = diagnose(report.evidence);
  report.judged.rtt = {millis(30.1), millis(30.44), millis(31), 4, 3};
  const auto text = to_text(report, plain);
  EXPECT_THAT(text, ::testing::StartsWith(R"(
--- 5.5.5.5:1234 ---
4 datagrams, 3 answered, 25 % lost
round trip min/avg/max 30.1/30.4/31.0 ms

[?] 5.5.5.5:1234 is reachable only intermittently: 1 of 4 datagrams got no
    intact answer (25 %).
)"));
  EXPECT_THAT(text, ::testing::HasSubstr("session 8f2c; natcheck serve shows the same one"));
}

TEST(ProbeText, OneHandshakeOfSeveral) {
  EXPECT_EQ(to_text(handshake(probe_result::reached), 3, fancy), "3: reached in 61 ms\n");
  EXPECT_EQ(to_text(handshake(probe_result::reached_plain, 0.84), 1, fancy),
            "1: reached, plain greeting in 0.8 ms\n");
  auto failed = handshake(probe_result::timed_out, 3000);
  failed.detail = "no answer to the connection request in 3.0 s";
  EXPECT_EQ(to_text(failed, 12, fancy),
            "12: timed out in 3000 ms (no answer to the connection request in 3.0 s)\n");
  auto other = handshake(probe_result::other_service);
  other.wrong_identity = true;
  EXPECT_EQ(to_text(other, 2, fancy), "2: another server answered in 61 ms\n");
}

}  // namespace text_probe_test
}  // namespace natcheck
