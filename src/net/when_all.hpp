// Several coroutines at the same time, and waits with an end. All of one thread.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <exception>
#include <optional>
#include <utility>
#include <vector>

namespace natcheck::net {

namespace asio = boost::asio;
using steady_time = std::chrono::steady_clock::time_point;

/// Completion token: the error is part of the returned tuple, nothing is thrown.
inline constexpr auto as_result = asio::as_tuple(asio::use_awaitable);

/// Ends the awaiting coroutine with operation_aborted if it was cancelled meanwhile. as_result
/// makes a value of an abort; without this check a cancelled operation would pass for one that came
/// to its end. The waits of natcheck::net have it built in.
asio::awaitable<void> unless_cancelled();

/// Until `timer` expires or is cancelled.
asio::awaitable<void> wait(asio::steady_timer& timer);

asio::awaitable<void> wait_until(steady_time end);
asio::awaitable<void> wait_for(std::chrono::steady_clock::duration time);

/// Never ends but by cancellation.
asio::awaitable<void> forever();

/// Puts what `work` returns into `place`, which must outlive it: what follows here runs coroutines
/// without values.
template <class Place, class T>
asio::awaitable<void> store(Place& place, asio::awaitable<T> work) {
  place = co_await std::move(work);
}

using coroutines = std::vector<asio::awaitable<void>>;

template <class... Work>
coroutines listed(Work... works) {
  coroutines all;
  (all.push_back(std::move(works)), ...);
  return all;
}

// Asio's operators && and || do the same, and compile a machinery of their own for each use.

/// Runs all of them, and ends with the last. When one throws, the others are cancelled, and what it
/// threw is thrown here.
asio::awaitable<void> when_all(coroutines works);
template <class... Work>
asio::awaitable<void> when_all(asio::awaitable<void> first, Work... others) {
  return when_all(listed(std::move(first), std::move(others)...));
}

/// Runs all of them until one ends, and gives its number. The others are cancelled, and have ended
/// when this returns. Throws what that one threw. There is at least one.
asio::awaitable<std::size_t> when_any(coroutines works);
template <class... Work>
asio::awaitable<std::size_t> when_any(asio::awaitable<void> first, Work... others) {
  return when_any(listed(std::move(first), std::move(others)...));
}

/// Runs `work` until `end` expires or is cancelled; false when that came first. What was running is
/// cancelled and finished when this returns. Throws what `work` throws, and operation_aborted when
/// the awaiting coroutine was cancelled.
asio::awaitable<bool> with_deadline(asio::steady_timer& end, asio::awaitable<void> work);

/// The same with a value; empty when the end came first.
template <class T>
asio::awaitable<std::optional<T>> with_deadline(asio::steady_timer& end, asio::awaitable<T> work) {
  std::optional<T> value;
  const bool ended = co_await with_deadline(end, store(value, std::move(work)));
  if (!ended) value.reset();
  co_return value;
}

/// The same with a point in time.
asio::awaitable<bool> with_deadline(steady_time deadline, asio::awaitable<void> work);
template <class T>
asio::awaitable<std::optional<T>> with_deadline(steady_time deadline, asio::awaitable<T> work) {
  asio::steady_timer timer(co_await asio::this_coro::executor, deadline);
  co_return co_await with_deadline(timer, std::move(work));
}

/// What an operation returned or threw, for those who have to await something else after it threw.
template <class T>
struct ending {
  std::optional<T> value;
  std::exception_ptr fault;
};

template <class T>
asio::awaitable<ending<T>> catch_errors(asio::awaitable<T> operation) {
  ending<T> end;
  try {
    end.value = co_await std::move(operation);
  } catch (...) {
    end.fault = std::current_exception();
  }
  co_return end;
}

}  // namespace natcheck::net
