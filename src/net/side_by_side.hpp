// Any number of coroutines at the same time.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <utility>
#include <vector>

namespace natcheck::outside {

/// Runs all of them, and ends with the last. When one throws, the others are cancelled.
inline boost::asio::awaitable<void> side_by_side(std::vector<boost::asio::awaitable<void>> works) {
  using namespace boost::asio::experimental::awaitable_operators;
  if (works.empty()) co_return;
  auto last = std::move(works.back());
  works.pop_back();
  co_await (std::move(last) && side_by_side(std::move(works)));
}

}  // namespace natcheck::outside
