#include "report/drawing.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "report/printable.hpp"

namespace natcheck::report {
namespace {

/// A station of the path.
struct cell {
  std::string text;
  std::string label;
  bool broken_before = false;  ///< nothing passes between the one before and this one
};

cell this_host(const address& ip) { return {ip.to_string(), "this host"}; }

cell internet(bool broken = false) { return {"Internet", "", broken}; }

std::string wall(const page& out) { return std::string(out.glyph("╫", "|")); }

/// The router's own outside address, where its services agree on it.
std::string outer_side(const discover_evidence& seen) {
  const auto named = outside_addresses(seen);
  return named.size() == 1 ? named.front().ip.to_string() : "?";
}

cell nat(const page& out, const discover_evidence& seen) {
  return {fmt::format("{} {} {}", seen.gateway->ip.to_string(), wall(out), outer_side(seen)),
          "router (NAT)"};
}

std::string_view second_nat(verdict_code code) {
  switch (code) {
    case verdict_code::cgnat:
      return "provider's NAT";
    case verdict_code::ds_lite:
      return "tunnel's end";
    case verdict_code::double_nat:
      return "second router";
    default:
      return {};
  }
}

std::vector<cell> ipv6_path(const discover_evidence& seen) {
  if (!seen.host.ipv6) return {};
  std::vector<cell> cells{this_host(seen.host.ipv6->local)};
  if (seen.host.ipv6->gateway) cells.push_back({seen.host.ipv6->gateway->to_string(), "router"});
  cells.push_back({"Internet (IPv6)", ""});
  return cells;
}

constexpr std::size_t longest_name = 15;  // IFNAMSIZ without its zero

std::vector<cell> path_without_router(const page& out, const route_info& way_out) {
  const bool tunnel = way_out.kind == interface_kind::tunnel;
  return {this_host(way_out.local),
          {clipped(printable(way_out.interface, out.style().unicode), longest_name),
           tunnel ? "tunnel" : "direct link"},
          internet()};
}

std::vector<cell> translated_path(const page& out, const discover_report& report) {
  const auto& seen = report.evidence;
  const auto beyond = second_nat(report.judged.main.code);
  std::vector<cell> cells{this_host(seen.host.ipv4->local), nat(out, seen)};
  if (!beyond.empty() && scope_of(seen.host.ipv4->local) == address_scope::shared) {
    cells.back().label = beyond;
  } else if (!beyond.empty()) {
    cells.push_back({wall(out) + " ?", std::string(beyond)});
  }
  cells.push_back(internet());
  return cells;
}

std::vector<cell> cells_of(const page& out, const discover_report& report) {
  const auto& seen = report.evidence;
  if (report.judged.main.code == verdict_code::ipv6_only) return ipv6_path(seen);
  if (!seen.host.ipv4) return {};
  if (!seen.gateway) return path_without_router(out, *seen.host.ipv4);
  const auto host = this_host(seen.host.ipv4->local);
  const cell router{seen.gateway->ip.to_string(), "router"};
  if (report.judged.main.code == verdict_code::offline)
    return {host, {router.text, "router", true}};
  if (report.judged.main.code == verdict_code::gateway_wan_down) {
    return {host, router, internet(true)};
  }
  if (is_public(seen.host.ipv4->local)) return {host, router, internet()};
  return translated_path(out, report);
}

std::string repeated(std::string_view piece, std::size_t times) {
  std::string line;
  while (times-- > 0) line += piece;
  return line;
}

/// The line between two stations, `length` columns and a space on either side.
std::string link(const page& out, std::size_t length, bool broken) {
  const auto dash = out.glyph("─", "-");
  if (!broken) return " " + repeated(dash, length) + " ";
  const auto left = (length - 1) / 2;
  return fmt::format(" {}{}{} ", repeated(dash, left), out.glyph("╳", "X"),
                     repeated(dash, length - 1 - left));
}

struct two_lines {
  std::string top{"  "}, labels{"  "};
};

two_lines side_by_side(const page& out, const std::vector<cell>& cells) {
  constexpr std::size_t shortest_link = 5;
  two_lines lines;
  for (const auto& c : cells) {
    if (&c != &cells.front()) {
      const auto gap = columns(lines.labels) > columns(lines.top)
                           ? columns(lines.labels) - columns(lines.top)
                           : 0;
      lines.top += link(out, std::max(shortest_link, gap), c.broken_before);
    }
    lines.labels = padded(lines.labels, columns(lines.top)) + c.label;
    lines.top += c.text;
  }
  return lines;
}

void draw_downwards(page& out, const std::vector<cell>& cells) {
  std::size_t widest = 0;
  for (const auto& c : cells) widest = std::max(widest, columns(c.text));
  for (const auto& c : cells) {
    if (&c != &cells.front()) {
      out.line(fmt::format("  {}", c.broken_before ? out.glyph("╳", "X") : out.glyph("│", "|")));
    }
    out.line("  " + padded(c.text, widest + 3) + c.label);
  }
}

void add_name(std::vector<outside_address>& all, const address& ip, std::string_view name) {
  const auto known =
      std::find_if(all.begin(), all.end(), [&](const auto& other) { return other.ip == ip; });
  if (known == all.end()) {
    all.push_back({ip, std::string(name)});
  } else {
    known->named_by += fmt::format(", {}", name);
  }
}

}  // namespace

std::vector<outside_address> outside_addresses(const discover_evidence& seen) {
  std::vector<outside_address> all;
  if (!seen.gateway) return all;
  const auto add = [&](const auto& service, std::string_view name) {
    const bool said = service.state == service_state::answered && service.external_address;
    if (said) add_name(all, *service.external_address, name);
  };
  add(seen.gateway->nat_pmp, "NAT-PMP");
  add(seen.gateway->upnp, "UPnP");
  return all;
}

void draw_path(page& out, const discover_report& report) {
  const auto cells = cells_of(out, report);
  if (cells.empty()) return;
  out.line("");
  const auto lines = side_by_side(out, cells);
  if (columns(lines.top) <= out.style().width && columns(lines.labels) <= out.style().width) {
    out.line(lines.top);
    out.line(lines.labels);
  } else {
    draw_downwards(out, cells);
  }
}

}  // namespace natcheck::report
