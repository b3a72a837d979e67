// Reports and events to be printed.
#pragma once

#include <natcheck/report.hpp>

#include "diagnosis/rules.hpp"
#include "diagnosis/stations.hpp"
#include "diagnosis/table_rules.hpp"
#include "unit/diagnosis/evidence_builder.hpp"

namespace natcheck::testing {

inline constexpr text_style fancy{};
inline constexpr text_style plain{false, false, 80};

inline discover_report report_on(discover_evidence seen) {
  discover_report report;
  report.started_at =
      std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'123));
  report.elapsed = millis(1751.0625);
  report.judged = diagnose(seen);
  report.evidence = std::move(seen);
  return report;
}

/// With the verdict and the public address that it has, and what follows from the evidence.
inline discover_report judged_again(discover_report report) {
  const judging::facts s(report.evidence);
  auto judged = diagnose(report.evidence);
  judged.main = report.judged.main;
  judged.findings = report.judged.findings;
  judged.answer = judging::answer_of(s, judged.main);
  judged.path = judging::stations(s, judged.main.code);
  report.judged = std::move(judged);
  return report;
}

/// With a verdict made up here, so that what is said of it does not depend on the rules.
inline discover_report judged_as(verdict_code code, discover_evidence seen) {
  discover_report report;
  report.started_at =
      std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'123));
  report.elapsed = millis(1751.0625);
  report.judged.main = {code,
                        confidence::confirmed,
                        "What it is.",
                        {"what it rests on", "what else"},
                        {"natcheck serve --map 1234"}};
  report.evidence = std::move(seen);
  return judged_again(std::move(report));
}

/// A server's answer over UDP; `seen_as` tells the family, and `server` its address.
inline stun_evidence stun_saw(const char* server, const char* seen_as) {
  stun_evidence one;
  one.state = service_state::answered;
  one.server = std::string(server) + ":3478";
  one.seen_as = endpoint{ip(seen_as), 40001};
  one.family = one.seen_as->ip.is_v4() ? 4 : 6;
  const auto prefix = one.family == 4 ? "9.9.0." : "2a00:9::";
  one.address = endpoint{
      ip((prefix + std::to_string(one.server.at(one.server.find(':') - 1))).c_str()), 3478};
  one.rtt = millis(21.4);
  one.attempts = 1;
  return one;
}

inline stun_evidence stun_is(const char* server, service_state state, int attempts) {
  stun_evidence one;
  one.state = state;
  one.server = std::string(server) + ":3478";
  one.address = endpoint{ip("198.18.0.8"), 3478};
  one.attempts = attempts;
  return one;
}

inline discover_evidence single_nat_home() {
  auto seen = home();
  nat_pmp_says(seen, "5.5.5.5");
  upnp_says(seen, "5.5.5.5");
  return seen;
}

inline handshake_evidence handshake(probe_result result, double total = 61.4) {
  handshake_evidence one;
  one.result = result;
  one.timing.connect = millis(30.2);
  one.timing.total = millis(total);
  return one;
}

inline probe_report probed(std::vector<handshake_evidence> handshakes) {
  probe_report report;
  report.evidence.target = "5.5.5.5:1234";
  report.evidence.address = endpoint{ip("5.5.5.5"), 1234};
  report.evidence.handshakes = std::move(handshakes);
  report.judged = diagnose(report.evidence);
  return report;
}

/// A report on mappings, whose other fields are filled in.
template <class Report>
Report judged(Report report) {
  report.judged = judging::judge(report);
  return report;
}

inline mapping example_mapping() {
  mapping entry;
  entry.via = mapping_protocol::upnp;
  entry.internal = {ip("192.168.1.10"), 1234};
  entry.external_port = 1234;
  entry.external_address = ip("5.5.5.5");
  entry.lifetime = std::chrono::seconds(3600);
  entry.verified = true;
  entry.asked_port = 1234;
  entry.asked_lifetime = std::chrono::seconds(7200);
  return entry;
}

/// 2023-11-14 22:13:20.123 UTC.
template <class Event>
serve_event event_of(Event what) {
  return {std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'123)),
          std::move(what)};
}

inline mapping_evidence failed_mapping() {
  mapping_evidence seen;
  seen.internal = {ip("192.168.1.10"), 1234};
  seen.external_port = 1234;
  seen.gateway = ip("192.168.1.1");
  seen.attempts = {{mapping_protocol::nat_pmp, service_state::refused, "not authorised",
                    mapping_refusal::not_authorized, 2},
                   {mapping_protocol::upnp, service_state::silent, ""}};
  return seen;
}

}  // namespace natcheck::testing
