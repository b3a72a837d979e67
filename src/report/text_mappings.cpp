#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <natcheck/report.hpp>

#include "core/units.hpp"
#include "report/names.hpp"
#include "report/page.hpp"
#include "report/printable.hpp"

namespace natcheck {
namespace {

using report::page;

constexpr std::size_t longest_client = 25;  // an IPv4 address and a port need 21
constexpr std::size_t longest_description = 60;
/// Less than this beside the columns before it, and a description is not put beside them.
constexpr std::size_t least_for_description = 16;

/// "urn:schemas-upnp-org:service:WANIPConnection:1" without what all of them begin with.
std::string short_service(const std::string& service) {
  const auto name = service.rfind("service:");
  return name == std::string::npos ? service : service.substr(name + 8);
}

void heading(page& out, const mappings_report& report) {
  const auto ours = static_cast<std::size_t>(
      std::ranges::count_if(report.entries, [](const table_entry& entry) { return entry.ours; }));
  const auto by = report.service.empty() ? "UPnP" : short_service(report.service) + " (UPnP)";
  const auto interface = report.egress_route ? report.egress_route->interface + ", " : "";
  out.row("Router", report.gateway->to_string(), interface + "asked by " + by);
  if (report.external_address) {
    out.row("External address", report.external_address->to_string(), "reported by the router");
  }
  const auto count = !report.entries.empty() ? std::to_string(report.entries.size())
                     : report.complete       ? "none"
                                             : "not known";
  const auto comment =
      ours > 0 ? fmt::format("{} by natcheck on this machine (*)", ours) : std::string();
  out.row("Port mappings", count, comment);
}

/// One line of the table; everything from the network in it is escaped.
struct cells {
  std::string mark, port, inside, lease, description;
};

std::string lease_of(const table_entry& entry) {
  if (!entry.lease_s) return "not reported";
  if (*entry.lease_s == 0) return "permanent";
  return report::words_for(std::chrono::seconds(*entry.lease_s));
}

std::string description_of(const table_entry& entry) {
  std::string text = entry.enabled ? "" : "(disabled) ";
  if (!entry.remote_host.empty()) {
    text += fmt::format("(only from {}) ", report::clipped(entry.remote_host, longest_client));
  }
  return text + report::clipped(entry.description, longest_description);
}

cells cells_of(const page& out, const table_entry& entry) {
  const auto client = report::clipped(entry.internal_client, longest_client);
  const bool v6 = client.find(':') != std::string::npos;
  const auto internal_port =
      entry.internal_port ? std::to_string(*entry.internal_port) : std::string("unreadable");
  const auto inside = v6 ? fmt::format("[{}]:{}", client, internal_port)
                         : fmt::format("{}:{}", client, internal_port);
  return {entry.ours ? "*" : "",
          fmt::format("{} {:>5}", report::words_for(entry.protocol), entry.external_port),
          report::printable(inside, out.style().unicode), lease_of(entry), description_of(entry)};
}

/// Prints rows in columns; in words one after the other where the terminal is too narrow for that.
class table {
 public:
  table(page& out, const std::vector<cells>& rows) : out_(out) {
    for (const auto& row : rows) {
      inside_ = std::max(inside_, report::columns(row.inside));
      lease_ = std::max(lease_, report::columns(row.lease));
    }
  }

  void print(const cells& row) {
    const auto mark = report::padded("  " + row.mark, 4);
    const auto way = fmt::format("{} {} ", row.port, out_.glyph("→", "->"));
    const auto head =
        mark + way + report::padded(row.inside, inside_ + 2) + report::padded(row.lease, lease_);
    const auto indent = report::columns(head) + 2;
    if (indent + least_for_description <= out_.style().width) {
      return out_.paragraph(head, row.description, indent);
    }
    out_.paragraph(mark, way + row.inside + "  " + row.lease + "  " + row.description, 4);
  }

 private:
  page& out_;
  std::size_t inside_ = 0;
  std::size_t lease_ = 0;
};

void print_table(page& out, const mappings_report& report) {
  if (report.entries.empty()) return;
  std::vector<cells> rows;
  for (const auto& entry : report.entries) rows.push_back(cells_of(out, entry));
  out.line("");
  table lines(out, rows);
  for (const auto& row : rows) lines.print(row);
}

void print_stale_mappings(page& out, const mappings_report& report) {
  if (report.stale_mappings.empty()) return;
  std::vector<std::string> ports;
  for (const mapping& each : report.stale_mappings) {
    ports.push_back(fmt::format("{} {} by {}", report::words_for(each.protocol), each.external_port,
                                report::words_for(each.via)));
  }
  out.line("");
  out.note(
      fmt::format("Earlier runs of natcheck left these open, or may have: {}. natcheck mappings "
                  "clean removes those that are on this router.",
                  fmt::join(ports, ", ")));
}

}  // namespace

std::string to_text(const mappings_report& report, const text_style& style) {
  page out(style);
  if (!report.gateway || report.upnp.state != service_state::answered) {
    out.judgement(report.judged);
    print_stale_mappings(out, report);
    return out.text();
  }
  heading(out, report);
  print_table(out, report);
  if (!report.complete) {
    out.line("");
    out.note(fmt::format("The router did not return its whole table: {}.",
                         to_string(report.incomplete_because)));
  }
  if (!report.notes.empty()) out.line("");
  for (const cause& each : report.notes) out.note(to_string(each));
  print_stale_mappings(out, report);
  return out.text();
}

}  // namespace natcheck
