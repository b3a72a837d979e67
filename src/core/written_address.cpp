#include "core/written_address.hpp"

#include <algorithm>
#include <charconv>
#include <natcheck/causes.hpp>

#include "core/canonical.hpp"
#include "core/text.hpp"

namespace natcheck {
namespace {

/// A number of decimal digits, up to `largest`.
std::optional<unsigned> read_number(std::string_view text, unsigned largest) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  if (!whole || value > largest) return std::nullopt;
  return value;
}

std::optional<address> read_ipv4(std::string_view text) {
  boost::asio::ip::address_v4::bytes_type bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const bool last = i + 1 == bytes.size();
    const auto dot = last ? text.size() : text.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    const auto octet = read_number(text.substr(0, dot), 255);
    if (!octet) return std::nullopt;
    bytes[i] = static_cast<unsigned char>(*octet);
    text.remove_prefix(last ? dot : dot + 1);
  }
  return boost::asio::ip::address_v4(bytes);
}

std::optional<address> read_ipv6(std::string_view text) {
  text = text.substr(0, text.find('%'));
  boost::system::error_code error;
  const auto value = boost::asio::ip::make_address_v6(text, error);
  if (error) return std::nullopt;
  return canonical(address(value));
}

/// Cuts off "/24", "/255.255.255.0"; false where something else follows the slash.
bool cut_prefix_length(std::string_view& text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos) return true;
  const auto behind = bare(text.substr(slash + 1));
  text = bare(text.substr(0, slash));
  return behind.empty() || read_number(behind, 128) || read_ipv4(behind);
}

/// Cuts off a port; false where something else follows the colon.
bool cut_port(std::string_view& text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return true;
  const auto port = bare(text.substr(colon + 1));
  text = bare(text.substr(0, colon));
  return port.empty() || read_number(port, 65535).has_value();
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// "router.lan": dots within, and a letter behind the last. "None" is no name.
bool looks_like_host_name(std::string_view text) {
  const auto dot = text.rfind('.');
  return dot != std::string_view::npos && dot != 0 && dot + 1 < text.size() &&
         is_letter(text[dot + 1]) && text.find_first_of(" /:") == std::string_view::npos;
}

/// What an address is that cannot be an external one of the gateway at `gateway`; none: it can.
cause unusable_as_external(const address& ip, const address& gateway) {
  static const address broadcast = boost::asio::ip::address_v4::broadcast();
  if (ip.is_v6()) return cause_code::ipv6_not_ipv4;
  if (ip == gateway) return cause_code::its_own_address;
  if (ip == broadcast) return cause_code::broadcast_address;
  const auto scope = scope_of(ip);
  if (scope == address_scope::loopback) return cause_code::loopback_address;
  return scope == address_scope::multicast ? cause_code::multicast_address : cause();
}

cause what_is(std::string_view text, const address& gateway) {
  const auto ip = read_written_address(text);
  if (ip && ip->is_unspecified()) return {};
  if (ip) return unusable_as_external(*ip, gateway);
  return looks_like_host_name(text) ? cause_code::host_name : cause_code::no_ip_address;
}

}  // namespace

cause doubt_external_address(std::string_view text, const address& gateway) {
  constexpr std::size_t longest = 64;
  text = bare(text);
  if (text.empty()) return {};
  const cause what = what_is(text, gateway);
  if (what.empty()) return {};
  std::string shown(text.substr(0, longest));
  if (text.size() > longest) shown += "...";
  return {cause_code::external_address_impossible, shown, what};
}

std::string_view bare(std::string_view text) {
  const auto around = [](char c) {
    return (c >= '\0' && c <= ' ') || c == '\x7f' || c == '"' || c == '\'';
  };
  const auto first = std::find_if_not(text.begin(), text.end(), around);
  const auto last = std::find_if_not(text.rbegin(), text.rend(), around).base();
  return first < last ? std::string_view(first, last) : std::string_view();
}

std::optional<address> read_written_address(std::string_view text) {
  text = bare(text);
  if (text.starts_with('[')) {
    const auto end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    auto behind = text.substr(end + 1);
    return cut_prefix_length(behind) && cut_port(behind) && behind.empty()
               ? read_ipv6(text.substr(1, end - 1))
               : std::nullopt;
  }
  if (!cut_prefix_length(text)) return std::nullopt;
  const bool v6 = std::count(text.begin(), text.end(), ':') > 1;
  if (v6) return read_ipv6(text);
  return cut_port(text) ? read_ipv4(text) : std::nullopt;
}

}  // namespace natcheck
