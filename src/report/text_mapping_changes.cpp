// Text of `mappings add`, `mappings remove` and `mappings clean`.
#include <fmt/format.h>

#include <natcheck/report.hpp>

#include "core/asked.hpp"
#include "report/names.hpp"
#include "report/page.hpp"

namespace natcheck {
namespace {

using report::page;
using report::words_for;

constexpr std::size_t indent = 12;

/// "TCP 5.5.5.5:1234 → 192.168.1.10:1234"; where the external address is not known, its port.
std::string ways_of(const page& out, const mapping& entry) {
  const auto outside = entry.external_address
                           ? to_string(endpoint{*entry.external_address, entry.external_port})
                           : fmt::format("port {}", entry.external_port);
  return fmt::format("{} {} {} {}", words_for(entry.protocol), outside, out.glyph("→", "->"),
                     to_string(entry.internal));
}

/// As `serve` reports them.
std::string stale_mappings_text(const change_report& report, const text_style& style) {
  std::string text;
  for (const auto& each : report.stale_mappings) {
    text += to_text(serve_event{report.started_at, each}, style);
  }
  return text;
}

// --- add -------------------------------------------------------------------------------------

/// What was asked for and not granted.
void print_difference(page& out, const mapping& entry) {
  if (entry.asked_port != 0 && entry.asked_port != entry.external_port) {
    out.paragraph("", fmt::format("port {} was not available", entry.asked_port), indent);
  }
  if (entry.asked_lifetime.count() != 0 && entry.asked_lifetime != entry.lifetime) {
    out.paragraph("", fmt::format("{} were requested", words_for(entry.asked_lifetime)), indent);
  }
}

void print_end(page& out, const mapping& entry, const asked_options& asked) {
  const auto removal =
      fmt::format("natcheck mappings remove {}{}", entry.external_port, to_options(asked));
  if (entry.lifetime.count() == 0) {
    return out.paragraph("Stays", "until it is removed: " + removal, indent);
  }
  out.paragraph("Expires",
                fmt::format("in {}; run this command again to renew it. To remove it: {}",
                            words_for(entry.lifetime), removal),
                indent);
}

void print_how_to_reach(page& out, const added_mapping& added) {
  for (const finding& found : added.judged.findings) out.note(found);
  const auto& external = added.entry->external_address;
  if (!external) {
    out.paragraph("Not known",
                  "the external address: the router does not report it. natcheck discover asks "
                  "external servers.",
                  indent);
    return;
  }
  if (!is_public(*external)) {
    out.paragraph("Warning",
                  fmt::format("{} is not a public address but {}: the Internet cannot reach it. "
                              "natcheck discover shows what is in the way.",
                              external->to_string(), describe(scope_of(*external))),
                  indent);
    return;
  }
  out.paragraph("From outside, run", added.probe_command, 23);
}

void print(page& out, const added_mapping& added) {
  if (!added.entry) return out.judgement(added.judged);
  const mapping& entry = *added.entry;
  out.paragraph("Mapped", ways_of(out, entry), indent);
  out.paragraph("",
                fmt::format("by {}{}", words_for(entry.via), entry.verified ? ", read back" : ""),
                indent);
  print_difference(out, entry);
  print_end(out, entry, added.evidence.asked);
  print_how_to_reach(out, added);
}

// --- remove and clean ------------------------------------------------------------------------

std::string text_of(const page& out, const removed_mapping& each) {
  const auto what = ways_of(out, each.entry);
  switch (each.outcome) {
    case removal::removed:
      return fmt::format("{}, by {}", what, words_for(each.entry.via));
    case removal::failed:
    case removal::elsewhere:
      return fmt::format("{}: {}; {}", what, to_string(each.detail),
                         each.entry.lifetime.count() == 0
                             ? "it stays until it is removed"
                             : "it expires within " + words_for(each.entry.lifetime));
    case removal::in_use:
      return fmt::format("{}: {}", what, to_string(each.detail));
    case removal::foreign:
      break;
  }
  // Whom it leads to is in the detail, as the router says it.
  return fmt::format("{} port {}: {}", words_for(each.entry.protocol), each.entry.external_port,
                     to_string(each.detail));
}

}  // namespace

std::string to_text(const add_report& report, const text_style& style) {
  page out(style);
  for (const auto& each : report.mappings) print(out, each);
  if (!report.not_remembered.empty()) {
    out.note(
        fmt::format("natcheck could not record this mapping and may not be able to remove it: {}.",
                    to_string(report.not_remembered)));
  }
  return stale_mappings_text(report, style) + out.text();
}

std::string to_text(const removal_report& report, const text_style& style) {
  page out(style);
  for (const auto& each : report.mappings) {
    const auto* const head = each.outcome == removal::removed  ? "Removed"
                             : each.outcome == removal::failed ? "Not removed"
                                                               : "Left alone";
    out.paragraph(head, text_of(out, each), indent);
  }
  out.judgement(report.judged);
  return stale_mappings_text(report, style) + out.text();
}

}  // namespace natcheck
