#include "protocols/ssdp/url.hpp"

#include <fmt/format.h>

#include "core/canonical.hpp"
#include "core/written_address.hpp"
#include "protocols/http/url.hpp"

namespace natcheck::ssdp {
namespace {

/// A name such as routers have, "router.lan" or "my_router". One that ends with a number may be
/// meant as an address in an old form (RFC 3986 section 7.4).
bool is_name(const http::url& url) {
  const auto is_letter = [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; };
  const auto last = std::string_view(url.host).substr(url.host.rfind('.') + 1);
  return !url.bracketed && std::ranges::any_of(last, is_letter) && !last.starts_with("0x");
}

http_url at(const address& host, http::url url, bool named) {
  const address shown = canonical(host);  // a zone never goes out
  const auto header =
      http::host_header(named ? url.host : shown.to_string(), !named && shown.is_v6(), url.port);
  return {host, url.port, std::move(url.target), header, named ? url.host : ""};
}

}  // namespace

std::string to_string(const http_url& value) {
  return fmt::format("http://{}{}", value.host_text, value.target);
}

bool on_link(const address& value, const address& local) {
  constexpr unsigned subnet = 64;
  if (!value.is_v6()) return false;
  return value.to_v6().is_link_local() || same_prefix(value, local, subnet);
}

parsed<http_url> check_location(std::string_view text, const address& responder,
                                const std::optional<address>& local) {
  auto url = http::parse_url(text);
  if (!url) return url.error();
  if (is_name(*url)) return at(responder, *std::move(url), true);
  auto host = read_written_address(url->host);
  if (!host) {
    return parse_fault{fmt::format("has the host \"{}\", which is not an IP address", url->host)};
  }
  if (!local && (*host == canonical(responder) || host->is_unspecified())) {
    return at(responder, *std::move(url), false);
  }
  if (!local || !on_link(*host, *local)) {
    return parse_fault{fmt::format(
        "names {}, {}", local ? "a host outside this network" : "another host", host->to_string())};
  }
  auto neighbor = host->to_v6();
  if (neighbor.is_link_local()) neighbor.scope_id(responder.to_v6().scope_id());
  return at(neighbor, *std::move(url), false);
}

}  // namespace natcheck::ssdp
