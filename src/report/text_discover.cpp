#include <fmt/format.h>

#include <natcheck/report.hpp>

#include "report/drawing.hpp"
#include "report/page.hpp"
#include "report/text_outside.hpp"

namespace natcheck {
namespace {

using report::page;

constexpr const char* no_ipv4 = "no IPv4 route to the Internet";

/// The router, and who the route names where that is another one.
std::string router_of(const discover_evidence& seen) {
  auto named = seen.host.ipv4->gateway->to_string();
  if (!seen.gateway || seen.gateway->ip == *seen.host.ipv4->gateway) return named;
  return fmt::format("{} behind {}", seen.gateway->ip.to_string(), named);
}

void private_row(page& out, const discover_report& report) {
  const auto& seen = report.evidence;
  if (!seen.host.ipv4) return out.row("Private address", "none", no_ipv4);
  const auto& egress_route = *seen.host.ipv4;
  const auto router = egress_route.gateway ? ", router " + router_of(seen) : ", no router";
  const auto scope = scope_of(egress_route.local);
  const bool is_public =
      scope == address_scope::global || (report.redacted && scope == address_scope::documentation);
  out.row(is_public ? "Local address" : "Private address", egress_route.local.to_string(),
          egress_route.interface + router);
}

void public_row(page& out, const discover_diagnosis& judged) {
  const bool ipv6_only = !judged.external && judged.main.code == verdict_code::ipv6_only;
  const auto value = judged.external ? judged.external->ip.to_string()
                     : ipv6_only     ? "IPv6 only"
                                     : "not known";
  out.row("Public address", value, ipv6_only ? no_ipv4 : judged.external_source);
}

void ipv6_rows(page& out, const discover_report& report) {
  const auto& seen = report.evidence;
  if (!seen.host.ipv6 || scope_of(seen.host.ipv6->local) == address_scope::link_local) return;
  const auto& egress_route = *seen.host.ipv6;
  const auto router = egress_route.gateway ? ", router " + egress_route.gateway->to_string() : "";
  const auto& source = report.judged.ipv6_source;
  out.row("IPv6 address", egress_route.local.to_string(),
          egress_route.interface + router + (source.empty() ? "" : "; " + source));
  if (!seen.nat64) return;
  out.row("NAT64 prefix", fmt::format("{}/{}", seen.nat64->ip.to_string(), seen.nat64->length),
          "IPv4 servers are reached through it");
}

}  // namespace

std::string addresses_text(const discover_report& so_far, const text_style& style) {
  page out(style);
  private_row(out, so_far);
  if (so_far.judged.external) public_row(out, so_far.judged);
  return out.text();
}

std::string to_text(const discover_report& report, const text_style& style) {
  page out(style);
  private_row(out, report);
  public_row(out, report.judged);
  ipv6_rows(out, report);
  report::asked_outside_row(out, report.evidence);
  report::behavior_rows(out, report.evidence.nat);
  draw_path(out, report.judged.path);
  out.line("");
  out.judgement(report.judged);
  report::behavior_doubts(out, report.evidence.nat);
  if (report.redacted)
    out.note("Public addresses are replaced with documentation addresses, safe to share.");
  return out.text();
}

}  // namespace natcheck
