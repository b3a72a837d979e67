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
#include <boost/system/system_error.hpp>
#include <chrono>
#include <exception>
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

/// Ends the awaiting coroutine with operation_aborted if it was cancelled meanwhile. as_result
/// makes a value of an abort; without this check a cancelled wait would pass for an answer.
inline asio::awaitable<void> unless_cancelled() {
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() == asio::cancellation_type::none) co_return;
  throw boost::system::system_error(asio::error::operation_aborted);
}

/// What an operation returned or threw.
template <class T>
struct ending {
  std::optional<T> value;
  std::exception_ptr fault;
};

template <class T>
asio::awaitable<ending<T>> caught(asio::awaitable<T> operation) {
  ending<T> end;
  try {
    end.value = co_await std::move(operation);
  } catch (...) {
    end.fault = std::current_exception();
  }
  co_return end;
}

/// Runs `operation` until `end` expires or is cancelled; empty when that came first. What was
/// running is cancelled and finished when this returns. Throws what `operation` throws, and
/// operation_aborted when the awaiting coroutine was cancelled.
template <class T>
asio::awaitable<std::optional<T>> until(asio::steady_timer& end, asio::awaitable<T> operation) {
  using namespace asio::experimental::awaitable_operators;
  // `||` waits for a success: a thrown fault would be taken for a wait that goes on.
  auto first = co_await (caught(std::move(operation)) || end.async_wait(as_result));
  co_await unless_cancelled();
  if (first.index() != 0) co_return std::nullopt;
  ending<T>& came = std::get<0>(first);
  if (came.fault) std::rethrow_exception(came.fault);
  co_return std::move(came.value);
}

/// The same with a point in time.
template <class T>
asio::awaitable<std::optional<T>> before(steady_time deadline, asio::awaitable<T> operation) {
  asio::steady_timer timer(co_await asio::this_coro::executor, deadline);
  co_return co_await until(timer, std::move(operation));
}

inline millis since(steady_time start) { return std::chrono::steady_clock::now() - start; }

}  // namespace natcheck::net
