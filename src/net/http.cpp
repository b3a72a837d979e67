#include "net/http.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <natcheck/causes.hpp>

#include "net/route_refusal.hpp"

namespace natcheck::net {
namespace {

constexpr std::size_t header_limit = 32 * 1024;

/// Even a slow server's kernel takes a connection at once; a lost packet costs a second.
constexpr std::chrono::seconds longest_connecting{3};

/// A body without a known end that pauses for so long has ended.
constexpr std::chrono::milliseconds longest_pause{1500};
/// A device that takes one connection at a time has let go of the last one by then.
constexpr std::chrono::milliseconds before_the_next_try{100};

/// How far an exchange came, so that a time-out can say where it stopped.
struct progress {
  cause_code step = cause_code::http_connecting_took;
  bool connected = false;
  bool answered = false;  ///< a byte came
};

std::string request_text(const http_request& request) {
  std::string text =
      fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: {}\r\nConnection: close\r\n",
                  request.method, request.target, request.host, request.user_agent);
  for (const auto& [name, value] : request.more_headers) {
    text += fmt::format("{}: {}\r\n", name, value);
  }
  if (request.body) text += fmt::format("Content-Length: {}\r\n", request.body->size());
  return text + "\r\n" + request.body.value_or("");
}

/// Until something can be read, or no more has to be waited for; false for the latter.
asio::awaitable<bool> more_comes(tcp::socket& socket, const http::response_reader& reading) {
  if (!reading.may_be_all()) co_return true;
  const auto wait = [](tcp::socket& from) -> asio::awaitable<void> {
    co_await from.async_wait(tcp::socket::wait_read, as_result);
  };
  const auto pause_ends = std::chrono::steady_clock::now() + longest_pause;
  co_return co_await with_deadline(pause_ends, wait(socket));
}

/// Whoever took the connection and then broke it refuses nothing: what was asked for may be done.
failure unanswered(const natcheck::operation& operation, const error_code& error) {
  failure why = failure_from(operation, error);
  why.kind = outcome::malformed;
  return why;
}

/// Connected and then stuck is an answer of a kind; a connection that never opens is silence.
failure stuck(const progress& reached, natcheck::operation operation, millis waited) {
  return {reached.connected ? outcome::malformed : outcome::timed_out,
          std::move(operation),
          {reached.step, waited.count() / 1000},
          0};
}

/// A connection that breaks in the body ends it, as one that is closed does.
asio::awaitable<result<http_reply>> read(tcp::socket& socket, std::size_t body_limit,
                                         const natcheck::operation& operation, progress& reached) {
  http::response_reader reading({header_limit, body_limit});
  std::array<char, 4096> buffer;
  for (;;) {
    const bool more = co_await more_comes(socket, reading);
    error_code error = asio::error::eof;
    std::size_t size = 0;
    if (more)
      std::tie(error, size) = co_await socket.async_read_some(asio::buffer(buffer), as_result);
    reading.feed({buffer.data(), size});
    reached.answered = reading.began();
    const bool is_broken = error && error != asio::error::eof;
    if (is_broken && !reached.answered) co_return unanswered(operation, error);
    if (error) reading.end();
    auto answer = reading.poll();
    if (!answer) continue;
    if (*answer) co_return std::move(**answer);
    co_return failure{outcome::malformed, operation, answer->error().reason};
  }
}

asio::awaitable<error_code> connect(tcp::socket& socket, tcp::endpoint to) {
  auto [error] = co_await socket.async_connect(to, as_result);
  co_return error;
}

asio::awaitable<result<http_reply>> run(tcp::socket& socket, const endpoint& server,
                                        const std::string& request, std::size_t body_limit,
                                        const natcheck::operation& operation, progress& reached) {
  const tcp::endpoint to{server.ip, server.port};
  const auto give_up = std::chrono::steady_clock::now() + longest_connecting;
  const auto connected = co_await with_deadline(give_up, connect(socket, to));
  if (!connected) {
    co_return stuck(reached, operation, longest_connecting);
  }
  if (*connected) co_return connect_failure(operation, server.ip, *connected);
  reached = {cause_code::http_sending_took, true, false};
  auto [write_error, sent] = co_await asio::async_write(socket, asio::buffer(request), as_result);
  if (write_error) co_return unanswered(operation, write_error);
  reached.step = cause_code::http_answering_took;
  co_return co_await read(socket, body_limit, operation, reached);
}

std::string words_for(const std::optional<result<http_reply>>& reply) {
  if (!reply) return "no end";
  if (!*reply) return to_string(reply->error().detail);
  return fmt::format("HTTP {}, {} bytes", (*reply)->status, (*reply)->body.size());
}

}  // namespace

asio::awaitable<result<http_reply>> http_exchange(endpoint server, source from,
                                                  http_request request, http_bounds bounds,
                                                  natcheck::operation operation) {
  const auto executor = co_await asio::this_coro::executor;
  const std::string text = request_text(request);
  for (;;) {
    if (auto refused = route_refusal(operation, from, transport::tcp, server)) co_return *refused;
    auto socket = open_tcp(executor, from, operation);
    if (!socket) co_return socket.error();
    progress reached;
    const auto start = std::chrono::steady_clock::now();
    auto reply = co_await with_deadline(
        bounds.deadline, run(*socket, server, text, bounds.body, operation, reached));
    spdlog::debug("{}: {} after {:.1f} ms", to_string(operation), words_for(reply),
                  since(start).count());
    if (!reply) co_return stuck(reached, std::move(operation), since(start));
    const bool was_hung_up_on = !*reply && reached.connected && !reached.answered;
    if (!was_hung_up_on || !bounds.again) co_return std::move(*reply);
    bounds.again = false;
    co_await wait_for(before_the_next_try);
  }
}

}  // namespace natcheck::net
