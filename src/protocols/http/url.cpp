#include "protocols/http/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/ip/address_v6.hpp>
#include <charconv>
#include <natcheck/causes.hpp>
#include <optional>

#include "core/text.hpp"
#include "core/url.hpp"

namespace natcheck::http {
namespace {

bool is_control(char c) { return (c >= '\0' && c < ' ') || c == '\x7f'; }

/// Names need not exist; '_' is common in them though it is not allowed.
bool is_host(const host_parts& parts) {
  if (parts.bracketed) {
    boost::system::error_code error;
    boost::asio::ip::make_address_v6(parts.host, error);
    return !error && parts.host.find('%') == std::string_view::npos;
  }
  return parts.host.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
             "0123456789.-_") == std::string_view::npos;
}

/// Empty where it is none; 80 where the text is empty.
std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  if (text.empty()) return std::uint16_t{80};
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, port);
  return error == std::errc{} && end == last && port != 0 ? std::optional{port} : std::nullopt;
}

/// A fragment is never sent (RFC 9110 section 7.1).
std::string target_of(std::string_view text) {
  std::string target = text.starts_with('/') ? "" : "/";
  for (const char c : text.substr(0, text.find('#'))) {
    if (c > ' ' && c <= '~') {
      target += c;
    } else {
      target += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return target;
}

}  // namespace

parsed<url> parse_url(std::string_view text) {
  if (text.size() > max_url) return parse_fault{{cause_code::longer_than, max_url}};
  if (std::ranges::any_of(text, is_control))
    return parse_fault{cause_code::url_with_control_character};
  const auto parts = split_url(text);
  if (!parts || !equal_ignoring_case(parts->scheme, "http")) {
    return parse_fault{cause_code::url_not_http};
  }
  if (parts->authority.find('@') != std::string_view::npos) {
    return parse_fault{cause_code::url_with_user};
  }
  const auto host = split_host(parts->authority);
  if (host.host.empty()) return parse_fault{cause_code::url_without_host};
  if (!is_host(host)) {
    return parse_fault{{cause_code::url_with_bad_host, host.host}};
  }
  const auto port = port_of(host.port);
  if (!port) return parse_fault{{cause_code::url_with_bad_port, host.port}};
  return url{std::string(host.host), *port, target_of(parts->target)};
}

std::string absolute_url(std::string_view text, std::string_view base) {
  const auto own = split_url(text);
  if (own && equal_ignoring_case(own->scheme, "http")) return std::string(text);
  const auto parts = split_url(base);
  return fmt::format("http://{}{}{}", parts ? parts->authority : "",
                     text.starts_with('/') ? "" : "/", text);
}

std::string host_header(std::string_view host, std::uint16_t port) {
  const bool is_ipv6 = host.find(':') != host.npos;
  const auto name = is_ipv6 ? fmt::format("[{}]", host) : std::string(host);
  return port == 80 ? name : fmt::format("{}:{}", name, port);
}

}  // namespace natcheck::http
