#include "net/http.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

namespace natcheck::net {
namespace {

namespace http = boost::beast::http;
using message = http::request<http::string_body>;
using parser = http::response_parser<http::string_body>;

constexpr std::uint32_t header_limit = 16 * 1024;

/// How far an exchange came, so that a time-out can say where it stopped.
struct progress {
  const char* step = "accepting the connection";
  bool connected = false;
};

message prepare(http_request request) {
  message prepared;
  prepared.version(11);
  prepared.method_string(request.method);
  prepared.target(request.target);
  prepared.set(http::field::host, request.host);
  prepared.set(http::field::user_agent, request.user_agent);
  prepared.set(http::field::connection, "close");
  for (const auto& [name, value] : request.more_headers) prepared.set(name, value);
  if (request.body) {
    prepared.body() = *std::move(request.body);
    prepared.prepare_payload();
  }
  return prepared;
}

failure read_failure(std::string operation, const error_code& error, std::uint64_t body_limit) {
  if (error == http::error::body_limit || error == http::error::header_limit) {
    const auto limit = error == http::error::body_limit ? body_limit : header_limit;
    return {outcome::malformed, std::move(operation),
            fmt::format("the answer is longer than {} KiB", limit / 1024)};
  }
  if (error == http::error::end_of_stream) {
    return {outcome::malformed, std::move(operation), "closed the connection without an answer"};
  }
  if (error.category() == http::make_error_code(http::error::end_of_stream).category()) {
    return {outcome::malformed, std::move(operation), "the answer is not HTTP: " + error.message()};
  }
  return failure_from(std::move(operation), error);
}

/// Some gateways announce more bytes than they send; what came is judged by its content.
bool usable_though_short(const error_code& error, const parser& reading) {
  return error == http::error::partial_message && reading.is_header_done() &&
         !reading.get().body().empty();
}

asio::awaitable<error_code> read(tcp::socket& socket, parser& reading, std::uint64_t body_limit) {
  boost::beast::flat_buffer buffer;
  reading.header_limit(header_limit);
  if (body_limit == 0) {
    // The length of a body that nobody reads must not matter.
    reading.body_limit(boost::none);
    auto [error, size] = co_await http::async_read_header(socket, buffer, reading, as_result);
    co_return error;
  }
  reading.body_limit(body_limit);
  auto [error, size] = co_await http::async_read(socket, buffer, reading, as_result);
  co_return usable_though_short(error, reading) ? error_code{} : error;
}

http_reply reply_from(http::response<http::string_body>& answer) {
  http_reply reply{answer.result_int(), std::move(answer.body())};
  const auto location = answer.find(http::field::location);
  if (location != answer.end()) reply.location = std::string(location->value());
  return reply;
}

asio::awaitable<result<http_reply>> run(tcp::socket& socket, const endpoint& server,
                                        const message& request, std::uint64_t body_limit,
                                        const std::string& operation, progress& reached) {
  const tcp::endpoint to{server.ip, server.port};
  auto [connect_error] = co_await socket.async_connect(to, as_result);
  if (connect_error) co_return failure_from(operation, connect_error);
  reached = {"reading the request", true};
  auto [write_error, sent] = co_await http::async_write(socket, request, as_result);
  if (write_error) co_return failure_from(operation, write_error);
  reached.step = "answering";
  parser reading;
  const auto read_error = co_await read(socket, reading, body_limit);
  if (read_error) co_return read_failure(operation, read_error, body_limit);
  co_return reply_from(reading.get());
}

std::string words_for(const std::optional<result<http_reply>>& reply) {
  if (!reply) return "no end";
  if (!*reply) return reply->error().detail;
  return fmt::format("HTTP {}, {} bytes", (*reply)->status, (*reply)->body.size());
}

/// Connected and then stuck is an answer of a kind; a connection that never opens is silence.
failure stuck(const progress& reached, std::string operation, millis waited) {
  return {reached.connected ? outcome::malformed : outcome::timed_out, std::move(operation),
          fmt::format("it did not finish {} within {:.2g} s", reached.step, waited.count() / 1000)};
}

}  // namespace

asio::awaitable<result<http_reply>> http_exchange(endpoint server, source from,
                                                  http_request request, http_bounds bounds,
                                                  std::string operation) {
  auto socket = open_tcp(co_await asio::this_coro::executor, from, operation);
  if (!socket) co_return socket.error();
  const message prepared = prepare(std::move(request));
  progress reached;
  const auto start = std::chrono::steady_clock::now();
  auto reply = co_await before(bounds.deadline,
                               run(*socket, server, prepared, bounds.body, operation, reached));
  spdlog::debug("{}: {} after {:.1f} ms", operation, words_for(reply), since(start).count());
  if (reply) co_return std::move(*reply);
  co_return stuck(reached, std::move(operation), since(start));
}

}  // namespace natcheck::net
