#include "portmap/upnp_http.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace natcheck::portmap {
namespace {

namespace http = boost::beast::http;
using http_request = http::request<http::string_body>;

constexpr std::uint64_t body_limit = 256 * 1024;
constexpr std::uint32_t header_limit = 16 * 1024;
constexpr std::chrono::seconds total_time{3};

/// How far an exchange came, so that a time-out can say where it stopped.
struct progress {
  const char* step = "accepting the connection";
  bool connected = false;
};

std::string operation_for(const http_request& request, const ssdp::http_url& url) {
  return fmt::format("{} http://{}{} (UPnP)", request.method() == http::verb::get ? "GET" : "POST",
                     url.host_text, url.target);
}

http_request prepare(http::verb method, const ssdp::http_url& url) {
  http_request request{method, url.target, 11};
  // Numeric, with the port: some gateways answer 404 to anything else.
  request.set(http::field::host, to_string(endpoint{url.host, url.port}));
  request.set(http::field::user_agent, "natcheck UPnP/1.1");
  request.set(http::field::connection, "close");
  return request;
}

failure http_failure(std::string operation, const net::error_code& error) {
  if (error == http::error::body_limit || error == http::error::header_limit) {
    return {outcome::malformed, std::move(operation),
            fmt::format("the answer is longer than {} KiB", body_limit / 1024)};
  }
  if (error == http::error::end_of_stream) {
    return {outcome::malformed, std::move(operation), "closed the connection without an answer"};
  }
  if (error.category() == http::make_error_code(http::error::end_of_stream).category()) {
    return {outcome::malformed, std::move(operation), "the answer is not HTTP: " + error.message()};
  }
  return net::failure_from(std::move(operation), error);
}

/// Some gateways announce more bytes than they send; what came is judged by its XML.
bool usable_though_short(const net::error_code& error,
                         const http::response_parser<http::string_body>& parser) {
  return error == http::error::partial_message && parser.is_header_done() &&
         !parser.get().body().empty();
}

net::asio::awaitable<result<http_reply>> run(net::tcp::socket& socket, const ssdp::http_url& url,
                                             const http_request& request, progress& reached) {
  const std::string operation = operation_for(request, url);
  auto [connect_error] = co_await socket.async_connect({url.host, url.port}, net::as_result);
  if (connect_error) co_return net::failure_from(operation, connect_error);
  reached = {"reading the request", true};
  auto [write_error, sent] = co_await http::async_write(socket, request, net::as_result);
  if (write_error) co_return net::failure_from(operation, write_error);
  reached.step = "answering";
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(body_limit);
  parser.header_limit(header_limit);
  auto [read_error, received] = co_await http::async_read(socket, buffer, parser, net::as_result);
  if (read_error && !usable_though_short(read_error, parser)) {
    co_return http_failure(operation, read_error);
  }
  co_return http_reply{parser.get().result_int(), std::move(parser.get().body())};
}

std::string words_for(const std::optional<result<http_reply>>& reply) {
  if (!reply) return "no end";
  if (!*reply) return reply->error().detail;
  return fmt::format("HTTP {}, {} bytes", (*reply)->status, (*reply)->body.size());
}

net::asio::awaitable<result<http_reply>> exchange(const gateway_access& access,
                                                  const ssdp::http_url& url,
                                                  const http_request& request) {
  const auto executor = co_await net::asio::this_coro::executor;
  auto socket = net::open_tcp(executor, access.from, operation_for(request, url));
  if (!socket) co_return socket.error();
  progress reached;
  const auto deadline = std::chrono::steady_clock::now() + total_time;
  const auto start = std::chrono::steady_clock::now();
  auto reply = co_await net::before(deadline, run(*socket, url, request, reached));
  spdlog::debug("{}: {} after {:.1f} ms", operation_for(request, url), words_for(reply),
                net::since(start).count());
  if (reply) co_return std::move(*reply);
  // Connected and then stuck is an answer of a kind; a connection that never opens is silence.
  co_return failure{
      reached.connected ? outcome::malformed : outcome::timed_out, operation_for(request, url),
      fmt::format("it did not finish {} within {} s", reached.step, total_time.count())};
}

}  // namespace

net::asio::awaitable<result<http_reply>> http_get(const gateway_access& access,
                                                  const ssdp::http_url& url) {
  const http_request request = prepare(http::verb::get, url);
  co_return co_await exchange(access, url, request);
}

net::asio::awaitable<result<http_reply>> http_post(const gateway_access& access,
                                                   const ssdp::http_url& url, soap_call call) {
  http_request request = prepare(http::verb::post, url);
  request.set(http::field::content_type, "text/xml; charset=\"utf-8\"");
  request.set("SOAPAction", call.action);
  request.body() = std::move(call.envelope);
  request.prepare_payload();
  co_return co_await exchange(access, url, request);
}

}  // namespace natcheck::portmap
