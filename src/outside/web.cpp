#include "outside/web.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/timed_out.hpp"
#include "net/http.hpp"
#include "net/resolver.hpp"
#include "outside/servers.hpp"
#include "protocols/ssdp/url.hpp"

namespace natcheck::outside {
namespace {

using net::asio::awaitable;

// Whoever has not answered by then is as good as gone; a person is waiting.
constexpr std::chrono::milliseconds total_time{1500};
constexpr std::size_t longest_location = 256;
constexpr unsigned no_content = 204;

bool is_host(const ssdp::url_parts& parts) {
  if (parts.bracketed) {
    boost::system::error_code error;
    boost::asio::ip::make_address_v6(parts.host, error);
    return !error && parts.host.find('%') == std::string_view::npos;
  }
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
  return parts.host.find_first_not_of(allowed) == std::string_view::npos;
}

std::string host_header(const ssdp::url_parts& parts, std::uint16_t port) {
  const std::string host =
      parts.bracketed ? fmt::format("[{}]", parts.host) : std::string(parts.host);
  return port == 80 ? host : fmt::format("{}:{}", host, port);
}

/// The server's address of the family that `from` has. A name is to lead outside, as that of a STUN
/// server.
awaitable<result<endpoint>> find_server(const web_url& page, const net::source& from,
                                        net::steady_time deadline, web_evidence& seen) {
  const auto addresses = co_await net::resolve(page.host, deadline);
  if (!addresses) co_return addresses.error();
  const auto usable = std::find_if(addresses->begin(), addresses->end(), [&](const address& each) {
    return each.is_v4() == from.local.is_v4();
  });
  if (usable == addresses->end()) {
    const auto why = fmt::format("it has no IPv{} address", from.local.is_v4() ? 4 : 6);
    co_return failure{outcome::unresolved, "resolving " + page.host, why};
  }
  boost::system::error_code no_literal;
  boost::asio::ip::make_address(page.host, no_literal);
  if (no_literal && cannot_be_outside(*usable)) {
    seen.diverted_to = *usable;
    co_return failure{outcome::unresolved, "resolving " + page.host, describe_diversion(*usable)};
  }
  co_return endpoint{*usable, page.port};
}

awaitable<result<net::http_reply>> fetch(const web_url& page, const net::source& from,
                                         net::steady_time deadline, web_evidence& seen) {
  const auto server = co_await find_server(page, from, deadline, seen);
  if (!server) co_return server.error();
  seen.resolved = true;
  net::http_request request;
  request.target = page.target;
  request.host = page.host_text;
  request.user_agent = "natcheck";
  // The header alone tells, and portals are known to leave the body open.
  const net::http_bounds bounds{0, deadline};
  const auto operation = fmt::format("asking {} for {}", to_string(*server), page.host_text);
  co_return co_await net::http_exchange(*server, from, std::move(request), bounds, operation);
}

void compare(net::http_reply reply, web_evidence& seen) {
  seen.result = reply.status == no_content ? web_result::expected : web_result::intercepted;
  seen.status = reply.status;
  seen.location = std::move(reply.location);
  if (seen.location) seen.location->resize(std::min(seen.location->size(), longest_location));
}

}  // namespace

parsed<web_url> parse_web_url(std::string_view text) {
  const auto parts = ssdp::split_url(text);
  if (!parts) return parts.error();
  if (!is_host(*parts)) return parse_fault{fmt::format("has an invalid host, \"{}\"", parts->host)};
  const auto port = ssdp::parse_port(parts->port);
  if (!port) return port.error();
  return web_url{std::string(parts->host), *port, parts->target, host_header(*parts, *port)};
}

awaitable<web_evidence> check_web(std::string url, net::source from, net::steady_time deadline) {
  web_evidence seen;
  seen.url = url;
  seen.result = web_result::failed;
  const auto page = parse_web_url(url);
  if (!page) {
    seen.detail = "the URL " + page.error().reason;
    co_return seen;
  }
  const auto end = std::min(deadline, std::chrono::steady_clock::now() + total_time);
  auto reply = co_await fetch(*page, from, end, seen);
  if (reply) {
    compare(*std::move(reply), seen);
  } else if (seen.diverted_to) {
    seen.result = web_result::not_tried;
    seen.detail = describe_diversion(*seen.diverted_to);
  } else if (std::chrono::steady_clock::now() >= deadline) {
    seen.result = web_result::not_tried;
    seen.detail = timed_out::before_answer;
  } else {
    seen.detail = reply.error().message();
  }
  co_return seen;
}

}  // namespace natcheck::outside
