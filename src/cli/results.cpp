#include "cli/results.hpp"

#include <fmt/format.h>

namespace natcheck::cli {
namespace {

/// As the library writes it: with the port, and IPv6 in brackets.
std::string target_of(const probe_options& options) {
  const bool bare_ipv6 = options.host.find(':') != std::string::npos;
  return fmt::format(fmt::runtime(bare_ipv6 ? "[{}]:{}" : "{}:{}"), options.host, options.port);
}

}  // namespace

std::string short_text(const discover_report& report) {
  if (report.external) return report.external->ip.to_string() + "\n";
  const auto& ipv6 = report.evidence.host.ipv6;
  const bool alone = report.judged.main.code == verdict_code::ipv6_only;
  return alone && ipv6 ? ipv6->local.to_string() + "\n" : "";
}

probe_report report_of_ended(const probe_options& options,
                             std::vector<handshake_evidence> handshakes) {
  probe_report report;
  report.evidence.target = target_of(options);
  report.evidence.address = parse_endpoint(report.evidence.target, options.port);
  report.evidence.handshakes = std::move(handshakes);
  report.rtt = statistics_of(report.evidence);
  report.judged.main.summary =
      fmt::format("The probe was ended after {} of {} handshakes; {} reached the server.",
                  report.rtt.sent, options.count, report.rtt.received);
  report.judged.main.evidence = {"missing test: the handshakes that were still to come"};
  report.judged.main.advice = {
      fmt::format("natcheck probe --count {} {}", options.count, report.evidence.target)};
  return report;
}

}  // namespace natcheck::cli
