#include "report/drawing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "report/printable.hpp"

namespace natcheck::report {
namespace {

struct cell {
  std::string text;
  std::string_view label;
  bool cut_off = false;
};

// In the order of station_role.
constexpr std::array<std::string_view, 10> labels{"this host",
                                                  "router",
                                                  "second router",
                                                  "provider's NAT",
                                                  "tunnel's end",
                                                  "another NAT",
                                                  "tunnel",
                                                  "direct link",
                                                  "",
                                                  ""};

std::string_view label_of(const station& one) {
  if (one.role == station_role::router && one.translates) return "router (NAT)";
  return labels.at(static_cast<std::size_t>(one.role));
}

/// "192.168.1.1 ╫ 5.5.5.5", "tun0"
std::string text_of(const page& out, const station& one) {
  constexpr std::size_t longest_name = 15;  // IFNAMSIZ without its zero
  if (one.role == station_role::internet) return "Internet";
  if (one.role == station_role::ipv6_internet) return "Internet (IPv6)";
  std::string text = one.inner
                         ? one.inner->to_string()
                         : clipped(printable(one.interface, out.style().unicode), longest_name);
  if (!one.translates) return text;
  if (!text.empty()) text += " ";
  return fmt::format("{}{} {}", text, out.glyph("╫", "|"),
                     one.outer ? one.outer->to_string() : "?");
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
      lines.top += link(out, std::max(shortest_link, gap), c.cut_off);
    }
    lines.labels = padded(lines.labels, columns(lines.top)).append(c.label);
    lines.top += c.text;
  }
  return lines;
}

void draw_downwards(page& out, const std::vector<cell>& cells) {
  std::size_t widest = 0;
  for (const auto& c : cells) widest = std::max(widest, columns(c.text));
  for (const auto& c : cells) {
    if (&c != &cells.front()) {
      out.line(fmt::format("  {}", c.cut_off ? out.glyph("╳", "X") : out.glyph("│", "|")));
    }
    out.line("  " + padded(c.text, widest + 3).append(c.label));
  }
}

}  // namespace

void draw_path(page& out, const std::vector<station>& path) {
  if (path.empty()) return;
  std::vector<cell> cells;
  for (const auto& one : path) cells.push_back({text_of(out, one), label_of(one), one.cut_off});
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
