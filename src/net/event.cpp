#include "net/event.hpp"

namespace natcheck::net {

asio::awaitable<bool> with_deadline(event& end, asio::awaitable<void> work) {
  const std::size_t first = co_await when_any(std::move(work), end.wait());
  co_await unless_cancelled();
  co_return first == 0;
}

}  // namespace natcheck::net
