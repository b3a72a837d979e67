// Reports and events to be printed.
#pragma once

#include <natcheck/report.hpp>

#include "unit/diagnosis/evidence_builder.hpp"

namespace natcheck::testing {

inline constexpr text_style fancy{};
inline constexpr text_style plain{false, false, 80};

inline discover_report report_on(discover_evidence seen) {
  discover_report report;
  report.started_at =
      std::chrono::system_clock::time_point(std::chrono::milliseconds(1'700'000'000'123));
  report.elapsed = millis(1751.0625);
  report.external = public_address_of(seen);
  report.judged = diagnose(seen);
  report.evidence = std::move(seen);
  return report;
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
  report.rtt.sent = static_cast<unsigned>(handshakes.size());
  report.evidence.handshakes = std::move(handshakes);
  report.judged = diagnose(report.evidence);
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
  seen.attempts = {{mapping_protocol::nat_pmp, service_state::refused, "not authorised", 2},
                   {mapping_protocol::upnp, service_state::silent, "", 0}};
  return seen;
}

}  // namespace natcheck::testing
