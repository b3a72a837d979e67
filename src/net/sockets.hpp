// Sockets that leave by a chosen interface, waits with an end, and errors in plain words.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <natcheck/error.hpp>
#include <natcheck/evidence.hpp>
#include <optional>
#include <string>

namespace natcheck::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using asio::ip::udp;
using boost::system::error_code;
using steady_time = std::chrono::steady_clock::time_point;

/// Completion token: the error is part of the returned tuple, nothing is thrown.
inline constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// Where packets leave this host: the source address, and the interface to keep them on.
struct source {
  address local;
  std::string interface;  ///< empty: whichever the route says
};

/// Non-blocking, close-on-exec, bound to `from` with a port of the kernel's choice.
result<udp::socket> open_udp(const asio::any_io_executor& executor, const source& from,
                             std::string operation);
result<tcp::socket> open_tcp(const asio::any_io_executor& executor, const source& from,
                             std::string operation);

/// Keeps a socket's packets on one interface. Without effect where the kernel does not allow it
/// (before Linux 5.7 it took privileges); the bound address then decides.
void keep_on_interface(int descriptor, const std::string& name);

/// What an error of the operating system means to natcheck, with words for people.
failure failure_from(std::string operation, const error_code& error);

/// Runs `operation` until `deadline`; empty when the deadline came first. What was running is
/// cancelled and finished when this returns.
template <class T>
asio::awaitable<std::optional<T>> before(steady_time deadline, asio::awaitable<T> operation) {
  using namespace asio::experimental::awaitable_operators;
  asio::steady_timer timer(co_await asio::this_coro::executor, deadline);
  auto first = co_await (std::move(operation) || timer.async_wait(as_result));
  if (first.index() == 0) co_return std::get<0>(std::move(first));
  co_return std::nullopt;
}

inline millis since(steady_time start) { return std::chrono::steady_clock::now() - start; }

}  // namespace natcheck::net
