// One call of the library on a strand of its own: none of what it does runs at the same time.
#pragma once

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/strand.hpp>

#include "net/when_all.hpp"

namespace natcheck::calls {

/// Runs `work` on a new strand over the executor of the awaiting coroutine, and passes on its
/// value, what it throws, and terminal cancellation.
template <class T>
net::asio::awaitable<T> serially(net::asio::awaitable<T> work) {
  const auto executor = co_await net::asio::this_coro::executor;
  co_return co_await net::asio::co_spawn(net::asio::make_strand(executor), std::move(work),
                                         net::asio::use_awaitable);
}

}  // namespace natcheck::calls
