// Any number of coroutines at the same time.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <exception>
#include <utility>
#include <vector>

namespace natcheck::net {

namespace detail {

/// `first` becomes what is thrown here, unless something was thrown elsewhere before.
inline boost::asio::awaitable<void> noting(boost::asio::awaitable<void> work,
                                           std::exception_ptr& first) {
  try {
    co_await std::move(work);
  } catch (...) {
    if (!first) first = std::current_exception();
    throw;
  }
}

inline boost::asio::awaitable<void> joined(std::vector<boost::asio::awaitable<void>> works) {
  using namespace boost::asio::experimental::awaitable_operators;
  if (works.empty()) co_return;
  auto last = std::move(works.back());
  works.pop_back();
  co_await (std::move(last) && joined(std::move(works)));
}

}  // namespace detail

/// Runs all of them, and ends with the last. When one throws, the others are cancelled, and what it
/// threw is thrown here: Asio's `&&` may name one of the cancellations instead.
inline boost::asio::awaitable<void> side_by_side(std::vector<boost::asio::awaitable<void>> works) {
  std::exception_ptr first;
  for (auto& work : works) work = detail::noting(std::move(work), first);
  try {
    co_await detail::joined(std::move(works));
  } catch (...) {
    if (!first) first = std::current_exception();
  }
  if (first) std::rethrow_exception(first);
}

}  // namespace natcheck::net
