#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>

#include "reports.hpp"

namespace natcheck {
namespace {

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
  const auto event = event_of(events::mapped{example_mapping(), "natcheck probe 5.5.5.5:1234"});
  EXPECT_EQ(to_text(event, fancy),
            "Mapped      5.5.5.5:1234 → 192.168.1.10:1234\n"
            "            by UPnP, read back, for 60 min, renewed while this runs\n"
            "Ask somebody outside to run   natcheck probe 5.5.5.5:1234\n");
  EXPECT_THAT(to_text(event, plain), HasSubstr("5.5.5.5:1234 -> 192.168.1.10:1234"));
}

TEST_F(serve_text, MappedOnARouterThatIsNotOnTheInternet) {
  auto entry = example_mapping();
  entry.external_address = ip("100.64.5.2");
  entry.verified = false;
  const auto text =
      to_text(event_of(events::mapped{entry, "natcheck probe 100.64.5.2:1234"}), fancy);
  EXPECT_THAT(text, HasSubstr("by UPnP, for 60 min"));
  EXPECT_THAT(text, HasSubstr("Careful     100.64.5.2 is not a public address, but shared by"));
  EXPECT_THAT(text, Not(HasSubstr("Ask somebody outside")));
}

TEST_F(serve_text, MappedWithoutAnAddress) {
  auto entry = example_mapping();
  entry.external_address.reset();
  EXPECT_THAT(to_text(event_of(events::mapped{entry, "natcheck probe X:1234"}), fancy),
              HasSubstr("Mapped      port 1234 of the router → 192.168.1.10:1234"));
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
  EXPECT_EQ(to_text(event_of(events::greeted{transport::tcp, peer, dialect::natcheck, "s", 1600,
                                             millis(31)}),
                    fancy),
            "00:13:20  reached from 9.9.0.7:51820: greeted, 1600 bytes echoed, 31 ms\n");
  EXPECT_EQ(
      to_text(event_of(events::greeted{transport::tcp, peer, dialect::plain, "", 0, millis(1)}),
              fancy),
      "00:13:20  reached from 9.9.0.7:51820: plain greeting, 1.0 ms\n");
  EXPECT_EQ(
      to_text(event_of(events::rejected{transport::tcp, peer, "said nothing in 10 s"}), fancy),
      "00:13:20  turned away 9.9.0.7:51820: said nothing in 10 s\n");
}

TEST_F(serve_text, TheLifeOfAMapping) {
  const auto entry = example_mapping();
  EXPECT_EQ(to_text(event_of(events::renewed{entry}), fancy),
            "00:13:20  mapping of 5.5.5.5:1234 renewed for 60 min\n");
  EXPECT_EQ(to_text(event_of(events::mapping_lost{entry, "no answer"}), fancy),
            "00:13:20  mapping of 5.5.5.5:1234 lost: no answer\n");
  EXPECT_THAT(to_text(event_of(events::remapped{entry, "natcheck probe 5.5.5.5:1234"}), fancy),
              ::testing::StartsWith("00:13:20  the mapping is there again, as follows\nMapped "));
  EXPECT_EQ(to_text(event_of(events::unmapped{entry, true, ""}), fancy),
            "Closed      5.5.5.5:1234 on the router\n");
  EXPECT_EQ(to_text(event_of(events::unmapped{entry, false, "no answer"}), fancy),
            "Not closed  5.5.5.5:1234: no answer; it ends by itself within 60 min\n");
}

TEST_F(serve_text, APublicHostNeedsNoMapping) {
  EXPECT_EQ(to_text(event_of(events::map_not_needed{{ip("5.5.5.5"), 1234},
                                                    "natcheck probe 5.5.5.5:1234"}),
                    fancy),
            "No NAT      this machine itself has 5.5.5.5, a public address; nothing has to be\n"
            "            mapped\n"
            "Ask somebody outside to run   natcheck probe 5.5.5.5:1234\n");
}

TEST_F(serve_text, Stopped) {
  EXPECT_EQ(to_text(event_of(events::stopped{1, 0, millis(59'900)}), fancy),
            "Stopped     after 59 s: 1 visitor greeted, 0 turned away\n");
  EXPECT_EQ(to_text(event_of(events::stopped{3, 1, millis(10'800'000)}), fancy),
            "Stopped     after 3 h: 3 visitors greeted, 1 turned away\n");
}

}  // namespace
}  // namespace natcheck
