#include "portmap/upnp_http.hpp"

#include <fmt/format.h>

#include <natcheck/operations.hpp>

#include "core/canonical.hpp"
#include "protocols/http/url.hpp"

namespace natcheck::portmap {

using net::http_reply;
using net::asio::awaitable;

namespace {

constexpr std::uint64_t body_limit = 256 * 1024;

bool is_redirect(unsigned status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// Where a redirect of `url` leads; empty where that is another host or port.
std::optional<ssdp::http_url> target_of(const http_reply& reply, const ssdp::http_url& url) {
  if (!is_redirect(reply.status) || !reply.location) return std::nullopt;
  const auto& location = *reply.location;
  const bool names_host = location.starts_with("//");
  const auto there = ssdp::check_location(
      names_host ? "http:" + location : http::absolute_url(location, to_string(url)), url.host);
  if (!there || there->port != url.port) return std::nullopt;
  return *there;
}

net::http_request prepare(std::string method, const ssdp::http_url& url) {
  net::http_request request;
  request.method = std::move(method);
  request.target = url.target;
  // With the port, and numeric where the gateway itself gives no name: some answer 404 to anything
  // else. A zone means nothing there.
  request.host = url.name.empty() ? to_string(canonical(endpoint{url.host, url.port}))
                                  : fmt::format("{}:{}", url.name, url.port);
  request.user_agent = "natcheck UPnP/1.1";
  return request;
}

awaitable<result<http_reply>> exchange(const gateway_access& access, const ssdp::http_url& url,
                                       net::http_request request, std::chrono::milliseconds time) {
  const operation asking{operation_code::requesting_by_upnp, request.method, to_string(url)};
  net::turn turn(access.exchanges, co_await net::asio::this_coro::executor);
  co_await turn.comes();
  const net::http_bounds bounds{body_limit, std::chrono::steady_clock::now() + time, true};
  const endpoint server{url.host, url.port};
  co_return co_await net::http_exchange(server, access.from, std::move(request), bounds, asking);
}

}  // namespace

awaitable<result<http_reply>> http_get(const gateway_access& access, const ssdp::http_url& url) {
  auto request = prepare("GET", url);
  auto reply = co_await exchange(access, url, std::move(request), access.times.reading);
  const auto there = reply ? target_of(*reply, url) : std::nullopt;
  if (!there) co_return reply;
  auto again = prepare("GET", *there);
  co_return co_await exchange(access, *there, std::move(again), access.times.reading);
}

awaitable<result<soap_values>> call_service(const gateway_access& access,
                                            const wan_service& service, std::string_view action,
                                            const soap_arguments& arguments) {
  auto request = prepare("POST", service.control);
  request.more_headers = {{"Content-Type", "text/xml; charset=\"utf-8\""},
                          {"SOAPAction", fmt::format("\"{}#{}\"", service.type, action)}};
  request.body = soap_envelope(service.type, action, arguments);
  // Many routers reload their firewall, which takes time.
  const bool changes = action.starts_with("Add") || action.starts_with("Delete");
  const auto time = changes ? access.times.changing : access.times.reading;
  const auto reply = co_await exchange(access, service.control, std::move(request), time);
  if (!reply) co_return reply.error();
  const endpoint peer{service.control.host, service.control.port};
  operation asking{operation_code::calling_by_upnp, peer, action};
  co_return read_answer(action, *reply, std::move(asking));
}

}  // namespace natcheck::portmap
