#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json/parse.hpp>

#include "reports.hpp"

namespace natcheck {
namespace mapping_changes_test {

using namespace natcheck::testing;
using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

mapping entry_of(std::uint16_t port) {
  mapping entry;
  entry.via = mapping_protocol::upnp;
  entry.internal = {ip("192.168.1.10"), 80};
  entry.external_port = entry.asked_port = port;
  entry.external_address = ip("5.5.5.5");
  entry.lifetime = entry.asked_lifetime = 1h;
  entry.verified = true;
  return entry;
}

template <class Report>
Report report_at_noon() {
  Report report;
  report.started_at =
      std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'123));
  report.elapsed = millis(12.5);
  report.egress_route = egress_route("192.168.1.10", "192.168.1.1");
  return report;
}

added_mapping made(std::uint16_t port) {
  added_mapping added;
  added.entry = entry_of(port);
  added.probe_command = "natcheck probe 5.5.5.5:" + std::to_string(port);
  added.evidence.gateway = ip("192.168.1.1");
  added.evidence.internal = added.entry->internal;
  added.evidence.external_port = port;
  added.asked_lifetime = added.entry->asked_lifetime;
  added.evidence.attempts = {{mapping_protocol::pcp, service_state::silent, "no answer"},
                             {mapping_protocol::upnp, service_state::answered, ""}};
  return added;
}

add_report added(std::vector<added_mapping> mappings) {
  auto report = report_at_noon<add_report>();
  report.mappings = std::move(mappings);
  return report;
}

added_mapping refused() {
  added_mapping one = made(8080);
  one.entry.reset();
  one.probe_command.clear();
  one.judged.main.code = verdict_code::port_conflict;
  one.judged.main.summary = "The port is already taken on the router.";
  one.judged.main.advice = {"try another"};
  one.judged.answer = answer::no;
  return one;
}

added_mapping not_told() {
  added_mapping one = refused();
  one.judged.main.code = verdict_code::inconclusive;
  one.judged.answer = answer::unknown;
  return one;
}

TEST(AddText, AMapping) {
  EXPECT_EQ(to_text(added({made(8080)}), fancy), R"(Mapped      TCP 5.5.5.5:8080 → 192.168.1.10:80
            by UPnP, read back
Expires     in 60 min; run this command again to renew it. To remove it:
            natcheck mappings remove 8080
From outside, run      natcheck probe 5.5.5.5:8080
)");
}

TEST(AddText, WhatDiffersFromWhatWasAskedFor) {
  auto one = made(8080);
  one.entry->asked_port = 80;
  one.entry->lifetime = 0s;
  one.entry->verified = false;
  EXPECT_EQ(to_text(added({one}), fancy), R"(Mapped      TCP 5.5.5.5:8080 → 192.168.1.10:80
            by UPnP
            port 80 was not available
            60 min were requested
Stays       until it is removed: natcheck mappings remove 8080
From outside, run      natcheck probe 5.5.5.5:8080
)");
}

TEST(AddText, AnAddressThatNobodyReaches) {
  auto one = made(8080);
  one.entry->external_address = ip("100.64.0.9");
  const auto text = to_text(added({one}), fancy);
  EXPECT_THAT(text, HasSubstr("Warning     100.64.0.9 is not a public address"));
  EXPECT_THAT(text, Not(HasSubstr("Ask somebody")));
  one.entry->external_address.reset();
  EXPECT_THAT(to_text(added({one}), fancy), HasSubstr("TCP port 8080 → 192.168.1.10:80"));
}

TEST(AddText, NoMapping) {
  EXPECT_EQ(to_text(added({refused()}), fancy), R"(✘ The port is already taken on the router.
  Next: try another
)");
  EXPECT_THAT(to_text(added({not_told()}), fancy), HasSubstr("? The port"));
}

TEST(AddText, WhatWillNotBeKnownAgain) {
  auto report = added({made(1)});
  report.not_remembered = "remembering port mappings in /x: Read-only file system";
  EXPECT_THAT(to_text(judged(report), fancy),
              HasSubstr("Note: natcheck could not record this mapping"));
}

TEST(AddText, TellsOfLeftOversFirst) {
  auto report = added({made(1)});
  report.stale_mappings = {{entry_of(99), true, ""}, {entry_of(98), false, "silent"}};
  const auto text = to_text(judged(report), fancy);
  EXPECT_LT(text.find(":99"), text.find(":98"));
  EXPECT_LT(text.find(":98"), text.find("Mapped"));
  EXPECT_THAT(text, HasSubstr("silent"));
}

TEST(AddAnswer, IsYesWhenAllWereMade) {
  auto without_router = not_told();
  without_router.evidence.gateway.reset();
  const std::pair<std::vector<added_mapping>, answer> rows[] = {
      {{made(1)}, answer::yes},
      {{made(1), made(2)}, answer::yes},
      {{made(1), refused()}, answer::unknown},
      {{refused()}, answer::no},
      {{refused(), refused()}, answer::no},
      {{not_told()}, answer::unknown},
      {{refused(), not_told()}, answer::unknown},
      {{without_router}, answer::no}};
  for (const auto& [mappings, expected] : rows)
    EXPECT_EQ(judging::judge(added(mappings)).answer, expected);
}

TEST(AddJson, HoldsEverything) {
  auto report = added({made(8080)});
  report.stale_mappings = {{entry_of(99), false, "no answer"}};
  EXPECT_EQ(boost::json::parse(to_json(judged(report))), boost::json::parse(R"({
      "schema":"natcheck/mappings-add/1","version":")" + std::string(version()) +
                                                                            R"(",
      "started_at":"2023-11-14T22:13:20.123Z","elapsed_ms":12.5,
      "gateway":{"address":"192.168.1.1","interface":"eth0"},
      "left_overs":[{"protocol":"tcp","via":"upnp","external":"5.5.5.5:99","external_port":99,
        "internal":"192.168.1.10:80","lifetime_s":3600,"removed":false,"detail":"no answer"}],
      "remembered":true,"reason":null,
      "mappings":[{"protocol":"tcp","via":"upnp","external":"5.5.5.5:8080","external_port":8080,
        "internal":"192.168.1.10:80","lifetime_s":3600,"verified":true,
        "asked":{"external_port":8080,"lifetime_s":3600},
        "probe_command":"natcheck probe 5.5.5.5:8080","findings":[],
        "attempts":[{"via":"pcp","outcome":"silent","detail":"no answer"},
                   {"via":"upnp","outcome":"answered","detail":null}],
        "verdict":null}]})"));
}

TEST(AddJson, HasTheSameFieldsWithoutAMapping) {
  const auto with = boost::json::parse(to_json(added({made(8080)}))).at("mappings").at(0);
  const auto without = boost::json::parse(to_json(added({refused()}))).at("mappings").at(0);
  for (const auto& [name, value] : with.as_object()) {
    EXPECT_TRUE(without.as_object().contains(name)) << name;
  }
  EXPECT_TRUE(without.at("via").is_null());
  EXPECT_EQ(without.at("asked"), with.at("asked"));
  EXPECT_EQ(without.at("verdict").at("code"), "port-conflict");
}

// --- remove and clean ------------------------------------------------------------------------

removal_report removal_of(std::optional<std::uint16_t> port, std::vector<removal> outcomes) {
  auto report = report_at_noon<removal_report>();
  report.external_port = port;
  for (const auto outcome : outcomes) {
    report.mappings.push_back({entry_of(8080), outcome, outcome == removal::removed ? "" : "why"});
  }
  return report;
}

TEST(RemovalText, EveryOutcome) {
  auto report = removal_of(8080, {removal::removed, removal::failed, removal::in_use,
                                  removal::elsewhere, removal::foreign});
  report.mappings[3].entry.lifetime = 0s;
  EXPECT_EQ(to_text(judged(report), fancy),
            R"(Removed     TCP 5.5.5.5:8080 → 192.168.1.10:80, by UPnP
Not removed TCP 5.5.5.5:8080 → 192.168.1.10:80: why; it expires within 60 min
Left alone  TCP 5.5.5.5:8080 → 192.168.1.10:80: why
Left alone  TCP 5.5.5.5:8080 → 192.168.1.10:80: why; it stays until it is
            removed
Left alone  TCP port 8080: why
? A natcheck mapping could not be removed.
  Next: run natcheck mappings remove 8080 again
)");
}

struct removal_row {
  std::optional<std::uint16_t> port;
  std::vector<removal> outcomes;
  const char* not_seen;
  answer expected;
  const char* summary;
};

TEST(RemovalAnswer, WeighsWhatHappened) {
  using enum removal;
  const removal_row rows[] = {
      {80, {removed}, "", answer::yes, "is gone"},
      {80, {removed, foreign}, "", answer::yes, "is gone"},
      {80, {removed, failed}, "", answer::unknown, "could not be removed"},
      {80, {removed}, "silent", answer::yes, "is gone"},
      {80, {in_use}, "", answer::no, "A running natcheck"},
      {80, {foreign}, "", answer::no, "not for natcheck"},
      {80, {elsewhere}, "", answer::no, "in another network"},
      {80, {}, "", answer::no, "There is no natcheck mapping"},
      {80, {}, "silent", answer::unknown, "There is no natcheck mapping"},
      {{}, {}, "", answer::yes, "no natcheck mappings to remove"},
      {{}, {removed}, "", answer::yes, "No natcheck mappings are left."},
      {{}, {removed, in_use}, "", answer::yes, "Only mappings in use"},
      {{}, {removed, failed}, "", answer::unknown, "Not every natcheck mapping"},
      {{}, {removed, elsewhere}, "", answer::unknown, "in another network"},
      {{}, {removed}, "silent", answer::unknown, "There may be more"},
  };
  for (const auto& row : rows) {
    auto report = removal_of(row.port, row.outcomes);
    report.not_seen = row.not_seen;
    EXPECT_EQ(judging::judge(report).answer, row.expected) << row.summary;
    EXPECT_THAT(judging::judge(report).main.summary, HasSubstr(row.summary));
    // A sentence of its own kind for each exit code.
    const bool tells_why = !judging::judge(report).main.evidence.empty();
    EXPECT_EQ(tells_why, row.not_seen[0] != '\0' && row.expected == answer::unknown);
  }
}

TEST(RemovalAnswer, ALeftOverThatStaysIsNotCleaned) {
  auto report = removal_of({}, {});
  report.stale_mappings = {{entry_of(99), true, ""}};
  EXPECT_EQ(judging::judge(report).answer, answer::yes);
  EXPECT_EQ(judging::judge(report).main.summary, "No natcheck mappings are left.");
  report.stale_mappings[0].removed = false;
  EXPECT_EQ(judging::judge(report).answer, answer::unknown);
}

TEST(RemovalJson, HoldsEverything) {
  const auto all = boost::json::parse(to_json(judged(removal_of(8080, {removal::foreign}))));
  EXPECT_EQ(all.at("schema"), "natcheck/mappings-remove/1");
  EXPECT_EQ(all.at("external_port"), 8080);
  EXPECT_EQ(all.at("gateway").at("address"), "192.168.1.1");
  EXPECT_TRUE(all.at("incomplete_because").is_null());
  EXPECT_NE(all.at("summary"), "");
  EXPECT_EQ(all.at("mappings").at(0), boost::json::parse(R"({
      "protocol":"tcp","via":"upnp","external":"5.5.5.5:8080","external_port":8080,
      "internal":"192.168.1.10:80","lifetime_s":3600,"outcome":"foreign","detail":"why"})"));
  const auto clean = boost::json::parse(to_json(judged(removal_of({}, {removal::in_use}))));
  EXPECT_EQ(clean.at("schema"), "natcheck/mappings-clean/1");
  EXPECT_FALSE(clean.as_object().contains("external_port"));
  EXPECT_EQ(clean.at("mappings").at(0).at("outcome"), "in-use");
}

TEST(RemovalText, NothingFromTheNetworkBreaksIt) {
  auto report = removal_of(80, {removal::foreign, removal::failed});
  for (auto& each : report.mappings) each.detail = "\x1b[2J\r\n\xff" + std::string(300, 'x');
  report.not_seen = "\x1b[31m";
  for (const auto& style : {fancy, plain}) {
    EXPECT_EQ(to_text(judged(report), style).find_first_of("\x1b\r\xff"), std::string::npos);
  }
}

}  // namespace mapping_changes_test
}  // namespace natcheck
