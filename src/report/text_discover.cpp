#include <fmt/format.h>

#include <natcheck/report.hpp>

#include "report/drawing.hpp"
#include "report/page.hpp"
#include "report/printable.hpp"

namespace natcheck {
namespace {

using report::page;

constexpr std::size_t label_width = 18;
constexpr std::size_t comment_column = 33;
/// An address that leaves less room than this gets its comment on the next line.
constexpr std::size_t last_comment_column = 45;

void row(page& out, const char* label, const std::string& value, const std::string& comment) {
  const auto head = report::padded(label, label_width) + out.bold(value);
  const auto needed = std::max(comment_column, report::columns(head) + 3);
  if (needed <= last_comment_column) return out.paragraph(head, comment, needed);
  out.line(head);
  out.paragraph("", comment, label_width);
}

void private_row(page& out, const discover_evidence& seen) {
  if (!seen.host.ipv4)
    return row(out, "Private address", "none", "no IPv4 way out of this machine");
  const auto& way_out = *seen.host.ipv4;
  const auto router = way_out.gateway ? ", router " + way_out.gateway->to_string() : ", no router";
  row(out, is_public(way_out.local) ? "Local address" : "Private address",
      way_out.local.to_string(), way_out.interface + router);
}

/// Who named the public address, in words.
std::string sources_of(const public_address& external) {
  std::string services;
  bool own = false;
  for (const auto& source : external.sources) {
    own = own || source == "interface";
    const auto name = source == "nat-pmp" ? "NAT-PMP" : source == "upnp" ? "UPnP" : "";
    if (*name != 0) services += (services.empty() ? "" : ", ") + std::string(name);
  }
  if (own && services.empty()) return "this machine's own";
  if (own) return "this machine's own, your router agrees (" + services + ")";
  return "your router says so (" + services + ")";
}

std::string why_not_known(const discover_evidence& seen) {
  if (!seen.host.ipv4) return "no IPv4 way out of this machine";
  if (!seen.gateway) return "there is no router to ask";
  const auto named = report::outside_addresses(seen);
  if (named.empty()) return "the router did not say";
  if (named.size() == 1 && !is_public(seen.host.ipv4->local)) {
    return fmt::format("the router says {} ({}), which is not a public address, but {}",
                       named.front().ip.to_string(), named.front().named_by,
                       describe(scope_of(named.front().ip)));
  }
  // More than one, and none that all agree on.
  std::string all;
  if (is_public(seen.host.ipv4->local)) {
    all = fmt::format("this machine has {}", seen.host.ipv4->local.to_string());
  }
  for (const auto& one : named) {
    all += fmt::format("{}{} says {}", all.empty() ? "" : ", ", one.named_by, one.ip.to_string());
  }
  return all;
}

void public_row(page& out, const discover_report& report) {
  if (report.judged.main.code == verdict_code::ipv6_only) {
    return row(out, "Public address", "by IPv6 only", "no IPv4 way out of this machine");
  }
  if (!report.external) {
    return row(out, "Public address", "not known", why_not_known(report.evidence));
  }
  row(out, "Public address", report.external->ip.to_string(), sources_of(*report.external));
}

void ipv6_row(page& out, const discover_evidence& seen) {
  if (!seen.host.ipv6 || scope_of(seen.host.ipv6->local) == address_scope::link_local) return;
  const auto& way_out = *seen.host.ipv6;
  const auto router = way_out.gateway ? ", router " + way_out.gateway->to_string() : "";
  row(out, "IPv6 address", way_out.local.to_string(), way_out.interface + router);
}

}  // namespace

std::string to_text(const discover_report& report, const text_style& style) {
  page out(style);
  private_row(out, report.evidence);
  public_row(out, report);
  ipv6_row(out, report.evidence);
  draw_path(out, report);
  out.line("");
  out.judgement(report.judged.main, answer_of(report.evidence, report.judged.main));
  for (const auto& finding : report.judged.findings) out.note(finding);
  return out.text();
}

}  // namespace natcheck
