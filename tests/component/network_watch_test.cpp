#include "net/network_watch.hpp"

#include <gtest/gtest.h>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "support/loop.hpp"

namespace natcheck::net {
namespace {

using namespace support;
using namespace asio::experimental::awaitable_operators;

asio::awaitable<int> pause(milliseconds length) {
  asio::steady_timer timer(co_await asio::this_coro::executor, length);
  co_await timer.async_wait(asio::use_awaitable);
  co_return 1;
}

asio::awaitable<int> first_of(network_watch& watch, milliseconds limit) {
  auto first = co_await (watch.next() || pause(limit));
  co_return static_cast<int>(first.index());
}

// What the kernel tells of cannot be made here: a test may not change the network of its host. The
// lab does, and which message is a change is tested in route_news_test.cpp.
TEST(NetworkWatch, CanBeGivenUpAndAskedAgain) {
  loop loop;
  network_watch watch(loop.context().get_executor());
  for (int i = 0; i < 3; ++i) {
    const stopwatch time;
    loop.await(first_of(watch, 20ms));
    EXPECT_LT(time.elapsed(), 5s);
  }
}

}  // namespace
}  // namespace natcheck::net
