#include "protocols/ssdp/codec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <natcheck/causes.hpp>

#include "core/text.hpp"
#include "core/written_address.hpp"

namespace natcheck::ssdp {
namespace {

/// Cuts the first line off, without its end, which may be any (CRLF, LF, CR, or that of the text).
std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find_first_of("\r\n"), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

std::string_view first_line(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of("\r\n"), text.size()));
  return take_line(text);
}

/// Why what begins with `line` is no answer to a search; empty where it looks like one.
cause doubt_status(std::string_view line) {
  if (line.starts_with("NOTIFY ")) return cause_code::ssdp_announcement;
  if (!equal_ignoring_case(line.substr(0, 4), "HTTP")) {
    return {cause_code::ssdp_without_status, line.substr(0, 32)};
  }
  line.remove_prefix(std::min(line.find(' '), line.size()));
  const std::string_view rest = bare(line);
  const std::string_view status = rest.substr(0, rest.find(' '));
  if (status == "200") return {};
  return {cause_code::ssdp_status, status.substr(0, 32)};
}

/// What a device means with the value of LOCATION: without quotes or "<" and ">" around it.
std::string bare_location(const std::string& text) {
  if (!text.starts_with('<')) return text;
  return std::string(bare(std::string_view(text).substr(1, text.find('>') - 1)));
}

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// The value of a header, up to a NUL; also behind a blank line and up to the end of a line that
/// does not end. Of a repeated one the first that has a value counts.
std::string find_header(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    const auto colon = line.find(':');
    if (colon == line.npos || !equal_ignoring_case(bare(line.substr(0, colon)), name)) continue;
    const auto value = bare(line.substr(colon + 1, line.find('\0', colon) - colon - 1));
    if (!value.empty()) return std::string(value);
  }
  return {};
}

bool names_gateway(std::string_view text) {
  static constexpr std::array<std::string_view, 4> names{
      "InternetGatewayDevice", "WANIPConnection", "WANPPPConnection", "WANIPv6FirewallControl"};
  return std::any_of(names.begin(), names.end(),
                     [&](std::string_view name) { return contains_ignoring_case(text, name); });
}

}  // namespace

std::string search_request(std::string_view target, const endpoint& host, unsigned mx) {
  // libupnp, which many routers are built with, drops a request whose MAN is not quoted or that has
  // no MX, also one that was sent to it alone and needs none (UPnP Device Architecture 1.3.2).
  return fmt::format(
      "M-SEARCH * HTTP/1.1\r\nHOST: {}\r\nMAN: \"ssdp:discover\"\r\nMX: {}\r\nST: {}\r\n\r\n",
      to_string(host), mx, target);
}

parsed<search_response> parse_response(std::string_view datagram) {
  if (datagram.size() > max_datagram) {
    return parse_fault{{cause_code::ssdp_answer_too_long, max_datagram}};
  }
  // Whatever it begins with: miniupnpc, which routers were tested with, does not look.
  search_response read;
  read.location = bare_location(find_header(datagram, "LOCATION"));
  read.st = find_header(datagram, "ST");
  read.usn = find_header(datagram, "USN");
  read.boot_id = parse_number(find_header(datagram, "BOOTID.UPNP.ORG"));
  if (!read.location.empty()) return read;
  const cause wrong = doubt_status(first_line(datagram));
  return parse_fault{wrong.empty() ? cause(cause_code::ssdp_without_location) : wrong};
}

bool announces_gateway(const search_response& response) {
  return names_gateway(response.st) || names_gateway(response.usn);
}

}  // namespace natcheck::ssdp
