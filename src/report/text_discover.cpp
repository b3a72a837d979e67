#include <fmt/format.h>

#include <algorithm>
#include <natcheck/report.hpp>

#include "report/drawing.hpp"
#include "report/page.hpp"
#include "report/text_outside.hpp"
#include "report/witnesses.hpp"

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
  out.row(
      report::counts_as_public(report, egress_route.local) ? "Local address" : "Private address",
      egress_route.local.to_string(), egress_route.interface + router);
}

bool is_source(const public_address& external, std::string_view name) {
  return std::ranges::find(external.sources, name) != external.sources.end();
}

/// "PCP, NAT-PMP": the router's services among the sources.
std::string services_among(const public_address& external) {
  std::vector<std::string_view> names;
  for (const auto& source : external.sources) {
    if (source == "pcp") names.emplace_back("PCP");
    if (source == "nat-pmp") names.emplace_back("NAT-PMP");
    if (source == "upnp") names.emplace_back("UPnP");
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

/// "UPnP says 5.5.5.5"
std::string claim_of(const report::outside_address& one) {
  const bool several = one.named_by.find(',') != std::string::npos;
  return fmt::format("{} {} {}", one.named_by, several ? "say" : "says", one.ip.to_string());
}

/// What the router says where that is not `external`: "; your router reports 100.64.5.2".
std::string dissent(const discover_evidence& seen, const public_address& external) {
  auto named = report::outside_addresses(seen);
  const bool agrees =
      std::erase_if(named, [&](const auto& one) { return one.ip == external.ip; }) > 0;
  if (named.empty()) return "";
  if (named.size() == 1 && !agrees) return "; your router reports " + named.front().ip.to_string();
  std::string all;
  for (const auto& one : named) {
    all += "; " + claim_of(one);
  }
  return all;
}

/// Who reported the public address, in words; external servers among them.
std::string seen_outside(const discover_report& report, const public_address& external) {
  const auto all = report::reflexive_addresses(report, 4);
  const auto here = std::ranges::find(all, external.ip, &report::reflexive_address::ip);
  const auto who = report::in_short(here == all.end() ? std::vector<std::string>{} : here->servers);
  const auto services = services_among(external);
  const bool own = is_source(external, "interface");
  if (services.empty()) return (own ? "this machine's own, seen by " : "seen by ") + who;
  const bool several = here != all.end() && here->servers.size() > 1;
  return fmt::format("{}the router ({}){} {} agree", own ? "this machine's own; " : "", services,
                     several ? "," : " and", who);
}

std::string sources_of(const discover_report& report, const public_address& external) {
  if (is_source(external, "stun"))
    return seen_outside(report, external) + dissent(report.evidence, external);
  const auto services = services_among(external);
  if (!is_source(external, "interface")) return "reported by your router (" + services + ")";
  if (services.empty()) return "this machine's own";
  return "this machine's own, your router agrees (" + services + ")";
}

/// What each source says where no two agree.
std::string contradiction(const discover_report& report) {
  std::vector<std::string> all;
  const auto& local = report.evidence.host.ipv4->local;
  if (report::counts_as_public(report, local))
    all.push_back("this machine has " + local.to_string());
  for (const auto& one : report::outside_addresses(report.evidence)) {
    all.push_back(claim_of(one));
  }
  for (const auto& one : report::reflexive_addresses(report, 4)) {
    all.push_back(fmt::format("{} saw {}", report::in_short(one.servers), one.ip.to_string()));
  }
  return fmt::format("{}", fmt::join(all, ", "));
}

std::string why_not_known(const discover_report& report) {
  const auto& seen = report.evidence;
  if (!seen.host.ipv4) return no_ipv4;
  if (!report::reflexive_addresses(report, 4).empty()) return contradiction(report);
  const std::string outside = seen.stun.empty() ? "" : ", and no external server answered";
  if (!seen.gateway) return "there is no router to ask" + outside;
  const auto named = report::outside_addresses(seen);
  if (named.empty()) return "the router did not report it" + outside;
  const auto& first = named.front();
  const bool both = report::counts_as_public(report, seen.host.ipv4->local) ||
                    report::counts_as_public(report, first.ip);
  if (named.size() > 1 || both) return contradiction(report);
  return fmt::format("the router reports {} ({}), which is not a public address but {}",
                     first.ip.to_string(), first.named_by, describe(scope_of(first.ip)));
}

void public_row(page& out, const discover_report& report) {
  const char* label = "Public address";
  if (report.external) {
    return out.row(label, report.external->ip.to_string(), sources_of(report, *report.external));
  }
  if (report.judged.main.code == verdict_code::ipv6_only) {
    return out.row(label, "IPv6 only", no_ipv4);
  }
  out.row(label, "not known", why_not_known(report));
}

/// "; seen by stun.a", "; stun.a sees 2a00:1::77"
std::string ipv6_seen_outside(const discover_report& report) {
  const auto& local = report.evidence.host.ipv6->local;
  std::string all;
  for (const auto& one : report::reflexive_addresses(report, 6)) {
    const auto who = report::in_short(one.servers);
    all += one.ip == local ? fmt::format("; seen by {}", who)
                           : fmt::format("; {} sees {}", who, one.ip.to_string());
  }
  return all;
}

void ipv6_rows(page& out, const discover_report& report) {
  const auto& seen = report.evidence;
  if (!seen.host.ipv6 || scope_of(seen.host.ipv6->local) == address_scope::link_local) return;
  const auto& egress_route = *seen.host.ipv6;
  const auto router = egress_route.gateway ? ", router " + egress_route.gateway->to_string() : "";
  out.row("IPv6 address", egress_route.local.to_string(),
          egress_route.interface + router + ipv6_seen_outside(report));
  if (!seen.nat64) return;
  out.row("NAT64 prefix", fmt::format("{}/{}", seen.nat64->ip.to_string(), seen.nat64->length),
          "IPv4 servers are reached through it");
}

}  // namespace

std::string addresses_text(const discover_report& so_far, const text_style& style) {
  page out(style);
  private_row(out, so_far);
  if (so_far.external) public_row(out, so_far);
  return out.text();
}

std::string to_text(const discover_report& report, const text_style& style) {
  page out(style);
  private_row(out, report);
  public_row(out, report);
  ipv6_rows(out, report);
  report::asked_outside_row(out, report.evidence);
  report::behavior_rows(out, report.evidence.nat);
  draw_path(out, report);
  out.line("");
  out.judgement(report.judged.main, answer_of(report.evidence, report.judged.main));
  for (const auto& finding : report.judged.findings) out.note(finding);
  report::behavior_doubts(out, report.evidence.nat);
  if (report.redacted)
    out.note("Public addresses are replaced with documentation addresses, safe to share.");
  return out.text();
}

}  // namespace natcheck
