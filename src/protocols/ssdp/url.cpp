#include "protocols/ssdp/url.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <natcheck/causes.hpp>

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
  return url.host.find(':') == url.host.npos && std::ranges::any_of(last, is_letter) &&
         !last.starts_with("0x");
}

}  // namespace

std::string to_string(const http_url& value) {
  const address shown = canonical(value.host);  // a zone never goes out
  const std::string host = value.name.empty() ? shown.to_string() : value.name;
  return fmt::format("http://{}{}", http::host_header(host, value.port), value.target);
}

bool on_link(const address& value, const address& local) {
  constexpr unsigned subnet = 64;
  if (!value.is_v6()) return false;
  return value.to_v6().is_link_local() || same_prefix(value, local, subnet);
}

parsed<http_url> check_location(std::string_view text, const address& responder,
                                const std::optional<address>& local) {
  const auto url = http::parse_url(text);
  if (!url) return url.error();
  if (is_name(*url)) return http_url{responder, url->port, url->target, url->host};
  const auto host = read_written_address(url->host);
  if (!host) {
    return parse_fault{{cause_code::url_without_address, url->host}};
  }
  if (!local && (*host == canonical(responder) || host->is_unspecified())) {
    return http_url{responder, url->port, url->target, {}};
  }
  if (!local || !on_link(*host, *local)) {
    return parse_fault{
        {local ? cause_code::url_of_another_network : cause_code::url_of_another_host, *host}};
  }
  auto neighbor = host->to_v6();
  if (neighbor.is_link_local()) neighbor.scope_id(responder.to_v6().scope_id());
  return http_url{neighbor, url->port, url->target, {}};
}

}  // namespace natcheck::ssdp
