#include "portmap/upnp_http.hpp"

#include <fmt/format.h>

#include "core/canonical.hpp"

namespace natcheck::portmap {
namespace {

constexpr std::uint64_t body_limit = 256 * 1024;
constexpr std::chrono::seconds total_time{3};

net::http_request prepare(std::string method, const ssdp::http_url& url) {
  net::http_request request;
  request.method = std::move(method);
  request.target = url.target;
  // Numeric, with the port: some gateways answer 404 to anything else. A zone means nothing there.
  request.host = to_string(canonical(endpoint{url.host, url.port}));
  request.user_agent = "natcheck UPnP/1.1";
  return request;
}

net::asio::awaitable<result<http_reply>> exchange(const gateway_access& access,
                                                  const ssdp::http_url& url,
                                                  net::http_request request) {
  const auto operation =
      fmt::format("{} http://{}{} (UPnP)", request.method, url.host_text, url.target);
  const net::http_bounds bounds{body_limit, std::chrono::steady_clock::now() + total_time};
  const endpoint server{url.host, url.port};
  co_return co_await net::http_exchange(server, access.from, std::move(request), bounds, operation);
}

}  // namespace

net::asio::awaitable<result<http_reply>> http_get(const gateway_access& access,
                                                  const ssdp::http_url& url) {
  auto request = prepare("GET", url);
  co_return co_await exchange(access, url, std::move(request));
}

net::asio::awaitable<result<http_reply>> http_post(const gateway_access& access,
                                                   const ssdp::http_url& url, soap_call call) {
  auto request = prepare("POST", url);
  request.more_headers = {{"Content-Type", "text/xml; charset=\"utf-8\""},
                          {"SOAPAction", std::move(call.action)}};
  request.body = std::move(call.envelope);
  co_return co_await exchange(access, url, std::move(request));
}

}  // namespace natcheck::portmap
