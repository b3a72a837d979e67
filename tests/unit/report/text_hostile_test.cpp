// Whatever the network says: no control characters, no line wider than asked for.
#include <gtest/gtest.h>

#include "report/page.hpp"
#include "report/printable.hpp"
#include "reports.hpp"

namespace natcheck {
namespace text_hostile_test {

using namespace natcheck::testing;

const std::string hostile = "evil\x1b[2J\x07\r\n\xc2\x9b\xff\xe2\x80\xae" + std::string(300, 'x') +
                            " " + std::string(90, 'y');

/// Every text that the foreign bytes can get into.
std::vector<std::string> texts(const std::string& foreign, const text_style& style) {
  auto seen = single_nat_home();
  auto& upnp = seen.gateway->upnp;
  upnp.device = upnp.manufacturer = upnp.model = upnp.location = upnp.service = foreign;
  upnp.connection_status = upnp.external_address_text = foreign;
  upnp.detail = foreign;
  upnp.external_address.reset();
  seen.gateway->nat_pmp.detail = foreign;
  seen.gateway->pcp.detail = upnp.multicast_error = foreign;
  seen.stun = {stun_saw("stun.a", "5.5.5.5"), stun_is(foreign.c_str(), service_state::silent, 3)};
  seen.stun[1].detail = seen.path.detail = seen.web.detail = seen.web.url = foreign;
  seen.web.location = seen.nat.server = foreign;
  seen.web.result = web_result::intercepted;
  seen.nat.doubts = {foreign};
  auto tunnel = home();
  tunnel.gateway.reset();
  tunnel.host.ipv4->interface = foreign;
  auto other = handshake(probe_result::other_service);
  other.detail = foreign;
  auto report = probed({other, other});
  report.evidence.target = foreign;
  report.judged = diagnose(report.evidence);
  auto failed = failed_mapping();
  failed.attempts.front().detail = foreign;
  const endpoint peer{ip("2a00:1111:2222:3333:4444:5555:6666:7777"), 51820};
  return {to_text(report_on(seen), style),
          to_json(report_on(seen)),
          to_text(redacted(report_on(seen)), style),
          to_json(redacted(report_on(seen))),
          to_text(report_on(tunnel), style),
          to_text(report, style),
          to_json(report),
          to_text(other, 7, style),
          to_text(event_of(events::map_failed{failed, diagnose(failed)}), style),
          to_text(event_of(events::rejected{transport::tcp, peer, foreign}), style),
          to_json(event_of(events::rejected{transport::tcp, peer, foreign})),
          to_text(event_of(events::mapping_lost{example_mapping(), foreign}), style),
          to_text(event_of(events::unmapped{example_mapping(), false, foreign}), style)};
}

bool is_harmless(std::string_view text) {
  while (!text.empty()) {
    const auto next = report::decode(text);
    if (!next.valid || (next.value != '\n' && report::is_control(next.value))) return false;
    text.remove_prefix(next.length);
  }
  return true;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines{""};
  for (const char c : text) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  return lines;
}

TEST(Hostile, ControlCharactersNeverGetOut) {
  for (const auto& style : {fancy, plain}) {
    for (const auto& text : texts(hostile, style)) EXPECT_TRUE(is_harmless(text)) << text;
  }
}

TEST(Hostile, WithoutUnicodeTextIsAscii) {
  for (const auto& text : texts("Küche", plain)) {
    if (text.starts_with('{')) continue;
    for (const char c : text) EXPECT_EQ(static_cast<unsigned char>(c) & 0x80, 0) << text;
  }
}

TEST(Hostile, NoLineIsWiderThanTheTerminal) {
  for (const unsigned width : {60U, 80U, 132U}) {
    const text_style style{false, true, width};
    for (const auto& text : texts(hostile, style)) {
      if (text.starts_with('{')) continue;
      for (const auto& line : lines_of(text)) EXPECT_LE(report::columns(line), width) << line;
    }
  }
}

TEST(Wrap, BreaksBetweenWords) {
  using list = std::vector<std::string>;
  EXPECT_EQ(report::wrap("", 10), list{""});
  EXPECT_EQ(report::wrap("one two three", 7), (list{"one two", "three"}));
  EXPECT_EQ(report::wrap("one two", 6), (list{"one", "two"}));
  EXPECT_EQ(report::wrap("  one   two  ", 80), list{"one two"});
  EXPECT_EQ(report::wrap("a 123456789012 b", 5), (list{"a", "12345", "67890", "12 b"}));
  EXPECT_EQ(report::wrap("✔✔✔✔", 3), (list{"✔✔✔", "✔"}));
}

}  // namespace text_hostile_test
}  // namespace natcheck
