#include "cli/values.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <charconv>

#include "cli/targets.hpp"
#include "core/url.hpp"

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

std::optional<std::string> read_web_page(std::string_view text) {
  constexpr std::size_t longest = 2000;
  const auto visible = [](char c) { return c > 0x20 && c < 0x7f; };
  const auto url = split_url(text);
  const bool is_good = url && url->scheme == "http" && text.size() <= longest &&
                       std::ranges::all_of(text, visible) && read_host_and_port(url->authority, 80);
  return is_good ? std::optional{std::string(text)} : std::nullopt;
}

}  // namespace natcheck::cli
