#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "reports.hpp"

namespace natcheck {
namespace text_serve_test {

using namespace natcheck::testing;
using ::testing::HasSubstr;
using ::testing::Not;

class serve_text : public ::testing::Test {
 protected:
  serve_text() {
    ::setenv("TZ", "UTC-2", 1);
    ::tzset();
  }
};

TEST_F(serve_text, Listening) {
  EXPECT_EQ(to_text(event_of(events::listening{transport::tcp, {ip("::"), 1234}}), fancy),
            "Listening   [::]:1234 (TCP)\n");
}

TEST_F(serve_text, Mapped) {
  const auto event = event_of(events::mapped{
      example_mapping(), "natcheck probe 5.5.5.5:1234", {}, endpoint{ip("5.5.5.5"), 1234}});
  EXPECT_EQ(to_text(event, fancy),
            "Mapped      5.5.5.5:1234 → 192.168.1.10:1234\n"
            "            by UPnP, read back, for 60 min, renewed while this runs\n"
            "            (asked for 2 h; this is what the router granted)\n"
            "From outside, run      natcheck probe 5.5.5.5:1234\n"
            "or open in a browser   http://5.5.5.5:1234/\n");
  EXPECT_THAT(to_text(event, plain), HasSubstr("5.5.5.5:1234 -> 192.168.1.10:1234"));
}

TEST_F(serve_text, MappedOnARouterThatIsNotOnTheInternet) {
  auto entry = example_mapping();
  entry.external_address = ip("100.64.5.2");
  entry.verified = false;
  const auto text = to_text(event_of(events::mapped{entry, ""}), fancy);
  EXPECT_THAT(text, HasSubstr("by UPnP, for 60 min"));
  EXPECT_THAT(text, Not(HasSubstr("From outside, run")));
}

events::external_address seen_as(const char* ip_seen) {
  events::external_address e{transport::tcp, {}, {}, false, {}, {}};
  e.external = endpoint{ip(ip_seen), 1234};
  e.probe_command = fmt::format("natcheck probe {}:1234", ip_seen);
  e.judged.ip = ip(ip_seen);
  e.judged.sources = {"stun.example.org:3478", "router"};
  return e;
}

TEST_F(serve_text, WhatTheInternetSeesIsTheAddressToAskFor) {
  EXPECT_EQ(to_text(event_of(seen_as("5.5.5.5")), fancy),
            "Seen as     5.5.5.5 by stun.example.org:3478 and the router\n");
  auto other = seen_as("5.5.6.9");
  other.corrects = true;
  other.judged.doubt = {"sources-disagree", "They disagree.", "look twice"};
  EXPECT_EQ(to_text(event_of(other), fancy),
            "  Note: They disagree. Look twice.\n"
            "From outside, run      natcheck probe 5.5.6.9:1234\n"
            "or open in a browser   http://5.5.6.9:1234/\n");
  other.external.reset();
  other.probe_command.clear();
  EXPECT_EQ(to_text(event_of(other), fancy), "  Note: They disagree. Look twice.\n");
}

TEST_F(serve_text, MappedWithoutAnAddress) {
  auto entry = example_mapping();
  entry.external_address.reset();
  EXPECT_THAT(to_text(event_of(events::mapped{entry, ""}), fancy),
              HasSubstr("Mapped      port 1234 of the router → 192.168.1.10:1234"));
}

TEST_F(serve_text, WhatIsToBeCopiedStaysInOnePiece) {
  const std::string door = "[2a02:8109:9d40:1a2c:5054:1eff:fe12:3456]:1234";
  auto entry = example_mapping();
  entry.internal = {ip("2a02:8109:9d40:1a2c:5054:1eff:fe12:3456"), 1234};
  entry.external_address = entry.internal.ip;
  const auto text =
      to_text(event_of(events::mapped{
                  entry, "natcheck probe " + door, {}, endpoint{entry.internal.ip, 1234}}),
              fancy);
  EXPECT_THAT(text, HasSubstr("From outside, run\n  natcheck probe " + door + "\n"));
  EXPECT_THAT(text, HasSubstr("or open in a browser   http://" + door + "/\n"));
}

TEST_F(serve_text, MapFailed) {
  const auto seen = failed_mapping();
  EXPECT_EQ(to_text(event_of(events::map_failed{seen, diagnose(seen)}), plain),
            R"([no] The router does not allow this machine to open ports.
  Next: - allow it in the router: on a FRITZ!Box per device (Internet > Permit
          Access > Port Sharing), elsewhere the setting of UPnP or NAT-PMP and
          its list of permitted ports
        - or forward TCP port 1234 by hand on the router (192.168.1.1) to
          192.168.1.10:1234; its menu calls this port forwarding, port sharing,
          virtual server or NAT rule
        - then from outside, with the router's public address, run: natcheck
          probe ADDRESS:1234
  Why:  - NAT-PMP: refused, code 2: not authorised
        - UPnP: no answer
)");
}

TEST_F(serve_text, VisitorsHaveTheLocalTime) {
  const endpoint peer{ip("9.9.0.7"), 51820};
  EXPECT_EQ(to_text(event_of(events::greeted{transport::tcp, peer, dialect::natcheck, "8f2c", 16,
                                             millis(31)}),
                    fancy),
            "00:13:20  reached from 9.9.0.7:51820: greeted, 16 bytes echoed, 31 ms, session\n"
            "          8f2c\n");
  EXPECT_EQ(
      to_text(event_of(events::greeted{transport::tcp, peer, dialect::http, "", 9, millis(1)}),
              fancy),
      "00:13:20  reached from 9.9.0.7:51820: page, 9 bytes echoed, 1.0 ms\n");
  EXPECT_EQ(to_text(event_of(events::crowded{std::chrono::seconds(60), 5, 100, 3}), fancy),
            "00:13:20  in the last 60 s: 5 more visitors greeted, 100 rejected, from 3\n"
            "          sources\n");
  EXPECT_EQ(
      to_text(event_of(events::greeted{transport::tcp, peer, dialect::plain, "", 0, millis(1)}),
              fancy),
      "00:13:20  reached from 9.9.0.7:51820: plain greeting, 1.0 ms\n");
  EXPECT_EQ(
      to_text(event_of(events::rejected{transport::tcp, peer, "said nothing in 10 s"}), fancy),
      "00:13:20  rejected 9.9.0.7:51820: said nothing in 10 s\n");
}

TEST_F(serve_text, TheLifeOfAMapping) {
  auto entry = example_mapping();
  EXPECT_EQ(to_text(event_of(events::renewed{entry}), fancy),
            "00:13:20  mapping of 5.5.5.5:1234 renewed for 60 min\n");
  EXPECT_EQ(to_text(event_of(events::mapping_lost{entry, "no answer"}), fancy),
            "00:13:20  mapping of 5.5.5.5:1234 lost: no answer\n");
  EXPECT_THAT(to_text(event_of(events::remapped{entry, "natcheck probe 5.5.5.5:1234"}), fancy),
              ::testing::StartsWith("00:13:20  mapping restored:\nMapped "));
  EXPECT_EQ(to_text(event_of(events::unmapped{entry, true, ""}), fancy),
            "Closed      5.5.5.5:1234 on the router\n");
  EXPECT_EQ(to_text(event_of(events::unmapped{entry, false, "no answer"}), fancy),
            "Not closed  5.5.5.5:1234: no answer; it expires within 60 min\n");
  entry.external_address.reset();
  EXPECT_EQ(to_text(event_of(events::unmapped{entry, true, ""}), fancy),
            "Closed      port 1234 of the router\n");
}

TEST_F(serve_text, WhatWasGrantedAndNotAskedFor) {
  auto entry = example_mapping();
  entry.asked_port = 80;
  entry.asked_lifetime = entry.lifetime;
  const auto told = [&] {
    return to_text(event_of(events::mapped{entry, "natcheck probe"}), fancy);
  };
  EXPECT_THAT(told(), HasSubstr("(asked for port 80; this is what the router granted)"));
  entry.asked_port = entry.external_port;
  EXPECT_THAT(told(), Not(HasSubstr("asked for")));
  entry.lifetime = {};
  EXPECT_THAT(told(), HasSubstr("read back, permanent: it stays until it is removed"));
  EXPECT_THAT(to_text(event_of(events::unmapped{entry, false, "no answer"}), fancy),
              HasSubstr("no answer; run natcheck mappings clean when the router\n"));
}

TEST_F(serve_text, Pinholes) {
  auto entry = example_mapping();
  entry.via = mapping_protocol::pcp;
  entry.internal.ip = ip("2a00::5");
  entry.external_address = ip("2a00::5");
  entry.verified = false;
  entry.protocol = transport::udp;
  EXPECT_THAT(
      to_text(event_of(events::mapped{entry, "natcheck probe"}), fancy),
      ::testing::StartsWith("Opened      [2a00::5]:1234 (UDP)\n            by PCP, for 60 min"));
  mapping_evidence seen;
  seen.internal = {ip("2a00::5"), 1234};
  seen.attempts = {{mapping_protocol::pcp, service_state::silent, "no answer to 3 requests"},
                   {mapping_protocol::upnp, service_state::refused, ""}};
  EXPECT_EQ(to_text(event_of(events::pinhole_failed{seen}), fancy),
            "IPv6        the router opened no port for [2a00::5]:1234 (PCP: no answer to 3\n"
            "            requests; UPnP: refused). If it has an IPv6 firewall, open TCP port\n"
            "            1234 there by hand.\n");
}

TEST_F(serve_text, WhatAnEarlierRunLeft) {
  auto entry = example_mapping();
  entry.external_address.reset();
  EXPECT_EQ(to_text(event_of(events::stale_mapping{entry, true, ""}), fancy),
            "Cleaned     mapping of port 1234 of the router, left by an earlier run\n");
  EXPECT_EQ(to_text(event_of(events::stale_mapping{entry, false, "no answer"}), fancy),
            "Left over   mapping of port 1234 of the router of an earlier run could not be\n"
            "            removed: no answer\n");
}

TEST_F(serve_text, ARenewalThatFails) {
  EXPECT_EQ(to_text(event_of(events::renewal_failed{example_mapping(), "no answer",
                                                    std::chrono::seconds(1700)}),
                    fancy),
            "00:13:20  mapping of 5.5.5.5:1234 could not be renewed: no answer. It is valid\n"
            "          for another 28 min; natcheck keeps trying until then.\n");
}

TEST_F(serve_text, WhatIsNotWatched) {
  EXPECT_EQ(to_text(event_of(events::watching{true, {}}), fancy), "");
  EXPECT_EQ(to_text(event_of(events::watching{false, cause("It cannot tell."), true}), fancy),
            "Not watched It cannot tell. To allow it: sudo setcap cap_net_raw+ep \"$(command\n"
            "            -v natcheck)\", or run it with sudo\n");
}

TEST_F(serve_text, WhoIsKeptOut) {
  arrival_evidence seen;
  seen.peer = {ip("9.9.0.7"), 51820};
  diagnosis judged;
  judged.main = {verdict_code::host_firewall, confidence::confirmed, "A firewall.", {}, {"open"}};
  judged.answer = answer::no;
  EXPECT_EQ(to_text(event_of(events::blocked{seen, judged}), plain),
            "00:13:20  packets from 9.9.0.7:51820 arrive, but no connection results\n"
            "[no] A firewall.\n  Next: open\n");
}

TEST_F(serve_text, APublicHostNeedsNoMapping) {
  EXPECT_EQ(to_text(event_of(events::map_not_needed{
                        transport::tcp, {ip("5.5.5.5"), 1234}, "natcheck probe 5.5.5.5:1234"}),
                    fancy),
            "No NAT      this machine itself has 5.5.5.5, a public address; no port mapping\n"
            "            is needed\n"
            "From outside, run      natcheck probe 5.5.5.5:1234\n"
            "or open in a browser   http://5.5.5.5:1234/\n");
}

TEST_F(serve_text, Stopped) {
  EXPECT_EQ(to_text(event_of(events::stopped{1, 0, millis(59'900), {}}), fancy),
            "Stopped     after 59 s: 1 visitor greeted, 0 rejected\n");
  EXPECT_EQ(to_text(event_of(events::stopped{3, 1, millis(10'800'000), {}}), fancy),
            "Stopped     after 3 h: 3 visitors greeted, 1 rejected\n");
  EXPECT_THAT(to_text(event_of(events::stopped{0, 0, millis(1000), 0}), fancy),
              HasSubstr("; no request from another\n            machine arrived\n"));
}

}  // namespace text_serve_test
}  // namespace natcheck
