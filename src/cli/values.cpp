#include "cli/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>

namespace natcheck::cli {
namespace {

using std::chrono::milliseconds;

constexpr double year_ms = 365.0 * 24 * 3600 * 1000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// `unit` is in milliseconds. from_chars alone would also take "inf", "1e3" and "-1".
std::optional<milliseconds> read_time(std::string_view text, double unit) {
  const bool plain =
      !text.empty() && std::ranges::all_of(text, [](char c) { return is_digit(c) || c == '.'; });
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (!plain || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  const double time = number * unit;
  if (time < 1 || time > year_ms) return std::nullopt;
  return milliseconds(static_cast<milliseconds::rep>(time));
}

bool is_ipv6(std::string_view text) {
  boost::system::error_code error;
  const address parsed = boost::asio::ip::make_address(text, error);
  return !error && parsed.is_v6();
}

/// Letters, digits, '-', '.', '_' (which DNS allows, and people have), and bytes beyond ASCII:
/// enough to tell a name from "http://example.org/" without deciding which names exist.
bool is_host(std::string_view text) {
  const auto allowed = [](char c) {
    const char lower = static_cast<char>(c | 0x20);
    return is_digit(c) || (lower >= 'a' && lower <= 'z') || c == '-' || c == '.' || c == '_' ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  return !text.empty() && text.size() <= 253 && text.front() != '-' &&
         std::ranges::all_of(text, allowed);
}

std::optional<probe_target> with_port(std::string_view host, std::string_view port) {
  const auto number = read_port(port);
  if (!number) return std::nullopt;
  return probe_target{std::string(host), *number};
}

/// "[address]" or "[address]:port", where `text` begins with the bracket.
std::optional<probe_target> read_bracketed(std::string_view text, std::uint16_t default_port) {
  const auto close = text.find(']');
  if (close == std::string_view::npos) return std::nullopt;
  const std::string_view host = text.substr(1, close - 1);
  const std::string_view rest = text.substr(close + 1);
  if (!is_ipv6(host)) return std::nullopt;
  if (rest.empty()) return probe_target{std::string(host), default_port};
  if (rest.front() != ':') return std::nullopt;
  return with_port(host, rest.substr(1));
}

}  // namespace

std::optional<unsigned> read_number(std::string_view text, unsigned least, unsigned most) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || number < least || number > most) return std::nullopt;
  return number;
}

std::optional<std::uint16_t> read_port(std::string_view text) {
  const auto number = read_number(text, 1, 65535);
  if (!number) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

std::optional<milliseconds> read_seconds(std::string_view text) { return read_time(text, 1000); }

std::optional<milliseconds> read_duration(std::string_view text) {
  struct unit {
    std::string_view name;
    double milliseconds;
  };
  static constexpr unit units[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
  for (const auto& [name, size] : units) {
    if (text.ends_with(name)) return read_time(text.substr(0, text.size() - name.size()), size);
  }
  return read_seconds(text);
}

std::optional<address> read_gateway(std::string_view text) {
  boost::system::error_code error;
  const auto parsed = boost::asio::ip::make_address_v4(text, error);
  const bool one_host = !parsed.is_unspecified() && !parsed.is_multicast() &&
                        parsed != boost::asio::ip::address_v4::broadcast();
  if (error || !one_host) return std::nullopt;
  return parsed;
}

std::optional<port_pair> read_ports(std::string_view text) {
  const auto colon = text.find(':');
  const auto external_port = read_port(text.substr(0, colon));
  const auto internal_port =
      colon == std::string_view::npos ? external_port : read_port(text.substr(colon + 1));
  if (!external_port || !internal_port) return std::nullopt;
  return port_pair{*external_port, *internal_port};
}

std::optional<probe_target> read_target(std::string_view text, std::uint16_t default_port) {
  if (text.starts_with('[')) return read_bracketed(text, default_port);
  if (is_ipv6(text)) return probe_target{std::string(text), default_port};
  const auto colon = text.find(':');
  const std::string_view host = text.substr(0, colon);
  if (!is_host(host)) return std::nullopt;
  if (colon == std::string_view::npos) return probe_target{std::string(host), default_port};
  return with_port(host, text.substr(colon + 1));
}

std::string to_text(const probe_target& target) {
  const bool bare_ipv6 = target.host.find(':') != std::string::npos;
  return fmt::format(fmt::runtime(bare_ipv6 ? "[{}]:{}" : "{}:{}"), target.host, target.port);
}

std::optional<std::string> read_web_page(std::string_view text) {
  constexpr std::string_view scheme = "http://";
  constexpr std::size_t longest = 2000;
  const auto visible = [](char c) { return c > 0x20 && c < 0x7f; };
  if (!text.starts_with(scheme) || text.size() > longest) return std::nullopt;
  const auto rest = text.substr(scheme.size());
  const auto host = rest.substr(0, rest.find_first_of("/?#"));
  if (!std::ranges::all_of(text, visible) || !read_target(host, 80)) return std::nullopt;
  return std::string(text);
}

}  // namespace natcheck::cli
