#include "protocols/ssdp/codec.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/text.hpp"

namespace natcheck::ssdp {
namespace {

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Cuts the first line off, without its end; bare line feeds are tolerated. Empty at the end, at a
/// blank line, and for a line that does not end: part of a URL would pass for the whole.
std::string_view take_line(std::string_view& text) {
  const auto end = text.find('\n');
  if (end == std::string_view::npos) return {};
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

/// Gives what is wrong with the status line (RFC 9112 section 4), or nothing.
std::string check_status(std::string_view line) {
  if (line.starts_with("NOTIFY ")) return "a NOTIFY announcement, not an answer to a search";
  if (!line.starts_with("HTTP/1.")) {
    return fmt::format("begins with \"{}\", not with an HTTP status",
                       escape_bytes(line.substr(0, 32)));
  }
  line.remove_prefix(std::min(line.find(' '), line.size()));
  const std::string_view rest = trim(line);
  const std::string_view status = rest.substr(0, rest.find(' '));
  if (status == "200") return {};
  return fmt::format("HTTP status \"{}\"", escape_bytes(status.substr(0, 32)));
}

std::optional<std::uint32_t> parse_number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Of a repeated header the first counts.
void read_header(std::string_view line, search_response& out) {
  struct known_header {
    std::string_view name;
    std::string search_response::*field;
  };
  static constexpr std::array known{known_header{"LOCATION", &search_response::location},
                                    known_header{"ST", &search_response::st},
                                    known_header{"USN", &search_response::usn},
                                    known_header{"SERVER", &search_response::server}};
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return;
  const std::string_view name = trim(line.substr(0, colon));
  const std::string_view value = trim(line.substr(colon + 1));
  for (const auto& header : known) {
    std::string& field = out.*header.field;
    if (field.empty() && equal_ignoring_case(name, header.name)) field = value;
  }
  if (!out.boot_id && equal_ignoring_case(name, "BOOTID.UPNP.ORG")) {
    out.boot_id = parse_number(value);
  }
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
    return parse_fault{fmt::format("more than {} bytes", max_datagram)};
  }
  std::string wrong = check_status(take_line(datagram));
  if (!wrong.empty()) return parse_fault{std::move(wrong)};
  search_response read;
  for (auto line = take_line(datagram); !line.empty(); line = take_line(datagram)) {
    read_header(line, read);
  }
  if (read.location.empty()) return parse_fault{"no LOCATION"};
  return read;
}

bool announces_gateway(const search_response& response) {
  static constexpr std::array<std::string_view, 3> names{"InternetGatewayDevice", "WANIPConnection",
                                                         "WANPPPConnection"};
  return std::any_of(names.begin(), names.end(), [&](std::string_view name) {
    return response.st.find(name) != std::string::npos ||
           response.usn.find(name) != std::string::npos;
  });
}

}  // namespace natcheck::ssdp
