#include "protocols/ssdp/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/canonical.hpp"
#include "core/text.hpp"
#include "core/written_address.hpp"

namespace natcheck::ssdp {
namespace {

constexpr std::string_view scheme = "http://";

/// Cuts the authority of a URL (RFC 3986 section 3.2) in two.
std::optional<url_parts> split_authority(std::string_view text) {
  const bool bracketed = text.starts_with('[');
  const auto end = std::min(bracketed ? text.find(']') : text.find(':'), text.size());
  if (bracketed && end == text.size()) return std::nullopt;
  const std::string_view after = text.substr(bracketed ? end + 1 : end);
  if (!after.empty() && !after.starts_with(':')) return std::nullopt;
  const std::string_view host = bracketed ? text.substr(1, end - 1) : text.substr(0, end);
  return url_parts{host, after.empty() ? after : after.substr(1), bracketed, "/"};
}

parsed<address> parse_host(const url_parts& from) {
  // Looking a zone up would ask this machine's interfaces for what a stranger wrote.
  if (from.host.find('%') != std::string_view::npos) return parse_fault{"names a zone"};
  const auto host = read_written_address(from.host);
  const bool has_colon = from.host.find(':') != from.host.npos;
  const bool fits = host && from.host.find('/') == from.host.npos && has_colon == from.bracketed;
  if (!fits) {
    return parse_fault{
        fmt::format("has the host \"{}\", which is not an IP address", escape_bytes(from.host))};
  }
  return *host;
}

/// A name such as routers have, "router.lan" or "my_router". One that ends with a number may be
/// meant as an address in a form of old (RFC 3986 section 7.4).
bool is_host_name(std::string_view text) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  constexpr std::string_view others = "0123456789-_.";
  const bool all_known = std::all_of(text.begin(), text.end(), [&](char c) {
    return letters.find(c) != letters.npos || others.find(c) != others.npos;
  });
  const auto last = text.substr(text.rfind('.') + 1);
  return all_known && last.find_first_of(letters) != last.npos && !last.starts_with("0x");
}

std::string host_header(const address& host, std::uint16_t port) {
  const address shown = canonical(host);  // a zone never goes out
  const std::string name =
      shown.is_v6() ? fmt::format("[{}]", shown.to_string()) : shown.to_string();
  return port == 80 ? name : fmt::format("{}:{}", name, port);
}

/// Path and query. A fragment is never sent (RFC 9110 section 7.1).
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

bool is_control(char c) { return (c >= '\0' && c < ' ') || c == '\x7f'; }

/// The URL that `parts` are of, with the host that they stand for.
parsed<http_url> assemble(const url_parts& parts, const address& host) {
  const auto port = parse_port(parts.port);
  if (!port) return port.error();
  return http_url{host, *port, parts.target, host_header(host, *port), {}};
}

/// A name in the place of an address: `responder` goes by it.
parsed<http_url> assemble_named(const url_parts& parts, const address& responder) {
  auto url = assemble(parts, responder);
  if (!url) return url;
  url->name = parts.host;
  url->host_text = url->port == 80 ? url->name : fmt::format("{}:{}", url->name, url->port);
  return url;
}

bool is_named(const url_parts& parts) { return !parts.bracketed && is_host_name(parts.host); }

}  // namespace

std::string to_string(const http_url& value) {
  return fmt::format("{}{}{}", scheme, value.host_text, value.target);
}

parsed<std::uint16_t> parse_port(std::string_view text) {
  if (text.empty()) return std::uint16_t{80};
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) {
    return parse_fault{fmt::format("has an invalid port, \"{}\"", text)};
  }
  return port;
}

parsed<url_parts> split_url(std::string_view text) {
  if (text.size() > max_url) return parse_fault{fmt::format("is longer than {} bytes", max_url)};
  if (std::any_of(text.begin(), text.end(), is_control)) {
    return parse_fault{"contains a control character"};
  }
  if (!equal_ignoring_case(text.substr(0, scheme.size()), scheme)) {
    return parse_fault{"is not an http URL"};
  }
  text.remove_prefix(scheme.size());
  const auto end = std::min(text.find_first_of("/?#"), text.size());
  const std::string_view authority = text.substr(0, end);
  if (authority.find('@') != std::string_view::npos) return parse_fault{"contains a user name"};
  auto parts = split_authority(authority);
  if (!parts) return parse_fault{"has a malformed host"};
  if (parts->host.empty()) return parse_fault{"names no host"};
  parts->target = target_of(text.substr(end));
  return *std::move(parts);
}

parsed<http_url> parse_url(std::string_view text) {
  const auto parts = split_url(text);
  if (!parts) return parts.error();
  const auto host = parse_host(*parts);
  if (!host) return host.error();
  return assemble(*parts, *host);
}

parsed<http_url> check_location(std::string_view text, const address& responder) {
  const auto parts = split_url(text);
  if (!parts) return parts.error();
  if (is_named(*parts)) return assemble_named(*parts, responder);
  const auto host = parse_host(*parts);
  if (!host) return host.error();
  if (*host != canonical(responder) && !host->is_unspecified()) {
    return parse_fault{fmt::format("names another host, {}", host->to_string())};
  }
  return assemble(*parts, responder);
}

bool on_link(const address& value, const address& local) {
  constexpr unsigned subnet = 64;
  if (!value.is_v6()) return false;
  return value.to_v6().is_link_local() || same_prefix(value, local, subnet);
}

parsed<http_url> check_neighbor(std::string_view text, const address& gateway,
                                const address& local) {
  const auto parts = split_url(text);
  if (parts && is_named(*parts)) return assemble_named(*parts, gateway);
  auto url = parse_url(text);
  if (!url) return url;
  if (!on_link(url->host, local)) {
    return parse_fault{fmt::format("names a host outside this network, {}", url->host.to_string())};
  }
  auto host = url->host.to_v6();
  if (host.is_link_local()) host.scope_id(gateway.to_v6().scope_id());
  url->host = host;
  return url;
}

}  // namespace natcheck::ssdp
