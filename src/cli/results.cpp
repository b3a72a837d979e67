#include "cli/results.hpp"

#include <fmt/format.h>

#include "cli/targets.hpp"

namespace natcheck::cli {
std::string waiting_text(const discover_options& options) {
  const auto router = options.gateway ? options.gateway->to_string() : "the router";
  const auto servers = options.stun_servers.size();
  if (servers == 0) return "asking " + router;
  return fmt::format("asking {} and {} external server{}", router, servers,
                     servers == 1 ? "" : "s");
}

std::string short_text(const discover_report& report) {
  if (report.judged.external) return report.judged.external->ip.to_string() + "\n";
  const auto& ipv6 = report.evidence.host.ipv6;
  const bool alone = report.judged.main.code == verdict_code::ipv6_only;
  return alone && ipv6 ? ipv6->local.to_string() + "\n" : "";
}

probe_report report_of_ended(const probe_options& options,
                             std::vector<handshake_evidence> handshakes) {
  probe_report report;
  report.evidence.protocol = options.protocol;
  report.evidence.target = to_text(probe_target{options.host, options.port});
  report.evidence.address = parse_endpoint(report.evidence.target, options.port);
  report.evidence.handshakes = std::move(handshakes);
  report.evidence.stopped_of = options.count;
  report.judged = diagnose(report.evidence);
  return report;
}

}  // namespace natcheck::cli
