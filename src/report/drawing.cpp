#include "report/drawing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "report/printable.hpp"
#include "report/witnesses.hpp"

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

std::string_view second_nat(verdict_code code) {
  switch (code) {
    case verdict_code::cgnat:
      return "provider's NAT";
    case verdict_code::ds_lite:
      return "tunnel's end";
    case verdict_code::double_nat:
      return "second router";
    case verdict_code::public_address_mismatch:
      return "another NAT";
    default:
      return {};
  }
}

/// What external servers saw; "?" where none did, or they disagree.
std::string seen_outside(const discover_report& report) {
  const auto seen = reflexive_addresses(report, 4);
  return seen.size() == 1 ? seen.front().ip.to_string() : "?";
}

/// The router's own external address: what an external server saw where no other NAT follows, else
/// what its services agree on, unless the owner test disproved it.
std::string outer_side(const discover_report& report) {
  const auto code = report.judged.main.code;
  const bool last =
      code == verdict_code::single_nat || code == verdict_code::nat_no_mapping_service;
  auto seen = last ? seen_outside(report) : "?";
  if (seen != "?") return seen;
  const auto named = outside_addresses(report.evidence);
  if (named.size() != 1) return "?";
  const bool disproved = named.front().ip == report.evidence.owner.target &&
                         gateway_owns_seen_address(report.evidence) == tested::no;
  return disproved ? "?" : named.front().ip.to_string();
}

cell nat(const page& out, const discover_report& report) {
  return {fmt::format("{} {} {}", report.evidence.gateway->ip.to_string(), wall(out),
                      outer_side(report)),
          "router (NAT)"};
}

/// The routers upstream of the gateway that have no public address, as far as the first that has
/// one.
std::vector<address> hops_beyond(const discover_report& report) {
  const auto& seen = report.evidence;
  std::vector<address> inner;
  for (const auto& hop : seen.path.hops) {
    if (!hop.ip || hop.ttl < 2 || hop.ip == seen.gateway->ip) continue;
    if (counts_as_public(report, *hop.ip)) break;
    if (inner.empty() || inner.back() != *hop.ip) inner.push_back(*hop.ip);
  }
  return inner;
}

bool is_providers(const address& ip) {
  return scope_of(ip) == address_scope::shared || scope_of(ip) == address_scope::ds_lite;
}

/// The router's own address is the provider's already: there is no second router at home.
bool gateway_is_at_provider(const discover_report& report) {
  const auto named = outside_addresses(report.evidence);
  return std::ranges::any_of(named, [](const auto& one) { return is_providers(one.ip); });
}

/// What is upstream of the router, each named by its address: 100.64.0.0/10 is the provider's, and
/// private addresses before that are routers'. The last is the inner side of the last NAT, as far
/// as a path can show it.
std::vector<cell> beyond_router(const page& out, const discover_report& report,
                                std::string_view label) {
  const auto hops = hops_beyond(report);
  const auto carrier = std::ranges::find_if(hops, is_providers);
  std::vector<cell> cells;
  const auto last = carrier != hops.end() ? carrier : hops.begin();
  if (carrier != hops.end() && !gateway_is_at_provider(report)) {
    for (auto hop = hops.begin(); hop != carrier; ++hop) {
      cells.push_back({hop->to_string(), cells.empty() ? "second router" : "router"});
    }
  }
  if (carrier != hops.end() && scope_of(*carrier) == address_scope::shared) {
    label = "provider's NAT";
  }
  const auto text = last == hops.end() ? "" : last->to_string() + " ";
  cells.push_back(
      {fmt::format("{}{} {}", text, wall(out), seen_outside(report)), std::string(label)});
  return cells;
}

std::vector<cell> ipv6_path(const discover_evidence& seen) {
  if (!seen.host.ipv6) return {};
  std::vector<cell> cells{this_host(seen.host.ipv6->local)};
  if (seen.host.ipv6->gateway) cells.push_back({seen.host.ipv6->gateway->to_string(), "router"});
  cells.push_back({"Internet (IPv6)", ""});
  return cells;
}

constexpr std::size_t longest_name = 15;  // IFNAMSIZ without its zero

std::vector<cell> path_by_interface(const page& out, const discover_report& report) {
  const auto& egress_route = *report.evidence.host.ipv4;
  const bool tunnel = egress_route.kind == interface_kind::tunnel;
  cell link{clipped(printable(egress_route.interface, out.style().unicode), longest_name),
            tunnel ? "tunnel" : "direct link"};
  const auto outer = seen_outside(report);
  if (outer != "?" && outer != egress_route.local.to_string()) {
    link.text += fmt::format(" {} {}", wall(out), outer);
  }
  return {this_host(egress_route.local), link, internet()};
}

std::vector<cell> translated_path(const page& out, const discover_report& report) {
  const auto& local = report.evidence.host.ipv4->local;
  const auto beyond = second_nat(report.judged.main.code);
  std::vector<cell> cells{this_host(local), nat(out, report)};
  if (!beyond.empty() && scope_of(local) == address_scope::shared) {
    // The gateway itself is the provider's: there is no router of one's own before it.
    const auto outer = outer_side(report);
    cells.back() = {fmt::format("{} {} {}", report.evidence.gateway->ip.to_string(), wall(out),
                                outer == "?" ? seen_outside(report) : outer),
                    std::string(beyond)};
  } else if (!beyond.empty()) {
    std::ranges::move(beyond_router(out, report, beyond), std::back_inserter(cells));
  }
  cells.push_back(internet());
  return cells;
}

/// The router does: the address here is no public one, or it is, and the Internet sees another,
/// which is the router's.
bool translates(const discover_report& report) {
  if (!counts_as_public(report, report.evidence.host.ipv4->local)) return true;
  const auto code = report.judged.main.code;
  const bool names_one = !outside_addresses(report.evidence).empty();
  return code == verdict_code::single_nat || code == verdict_code::nat_no_mapping_service ||
         code == verdict_code::double_nat || code == verdict_code::cgnat ||
         (code == verdict_code::public_address_mismatch && names_one);
}

bool is_cut_off(verdict_code code) {
  return code == verdict_code::gateway_wan_down || code == verdict_code::no_internet ||
         code == verdict_code::captive_portal;
}

std::vector<cell> cells_of(const page& out, const discover_report& report) {
  const auto& seen = report.evidence;
  const auto code = report.judged.main.code;
  if (code == verdict_code::ipv6_only) return ipv6_path(seen);
  if (!seen.host.ipv4) return {};
  const auto& egress_route = *seen.host.ipv4;
  if (!seen.gateway || egress_route.kind == interface_kind::tunnel)
    return path_by_interface(out, report);
  const auto host = this_host(egress_route.local);
  const cell router{seen.gateway->ip.to_string(), "router"};
  if (code == verdict_code::offline) return {host, {router.text, "router", true}};
  if (is_cut_off(code)) return {host, router, internet(true)};
  if (translates(report)) return translated_path(out, report);
  std::vector<cell> cells{host, router};
  if (const auto beyond = second_nat(code); !beyond.empty()) {
    std::ranges::move(beyond_router(out, report, beyond), std::back_inserter(cells));
  }
  cells.push_back(internet());
  return cells;
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

two_lines when_all(const page& out, const std::vector<cell>& cells) {
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

}  // namespace

void draw_path(page& out, const discover_report& report) {
  const auto cells = cells_of(out, report);
  if (cells.empty()) return;
  out.line("");
  const auto lines = when_all(out, cells);
  if (columns(lines.top) <= out.style().width && columns(lines.labels) <= out.style().width) {
    out.line(lines.top);
    out.line(lines.labels);
  } else {
    draw_downwards(out, cells);
  }
}

}  // namespace natcheck::report
