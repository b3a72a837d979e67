#include "net/when_all.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/system/system_error.hpp>

namespace natcheck::net {
namespace {

using asio::awaitable;

/// How a group of coroutines came to its end.
struct group_end {
  std::vector<std::size_t> order;          ///< of ending
  std::vector<std::exception_ptr> faults;  ///< by number
};

/// Runs them all; `condition` decides at the end of each whether the others are cancelled.
template <class Condition>
awaitable<group_end> run_group(coroutines works, Condition condition) {
  const auto executor = co_await asio::this_coro::executor;
  std::vector<decltype(asio::co_spawn(executor, std::move(works.front()), asio::deferred))> group;
  group.reserve(works.size());
  for (auto& work : works) {
    group.push_back(asio::co_spawn(executor, std::move(work), asio::deferred));
  }
  auto together = asio::experimental::make_parallel_group(std::move(group));
  auto [order, faults] = co_await together.async_wait(condition, asio::use_awaitable);
  co_return group_end{std::move(order), std::move(faults)};
}

/// Throws nothing: with_deadline() cancels most of them.
awaitable<void> expiry_of(asio::steady_timer& timer) { co_await timer.async_wait(as_result); }

}  // namespace

awaitable<void> unless_cancelled() {
  const auto state = co_await asio::this_coro::cancellation_state;
  if (state.cancelled() == asio::cancellation_type::none) co_return;
  throw boost::system::system_error(asio::error::operation_aborted);
}

awaitable<void> wait(asio::steady_timer& timer) {
  co_await expiry_of(timer);
  co_await unless_cancelled();
}

awaitable<void> wait_until(steady_time end) {
  asio::steady_timer timer(co_await asio::this_coro::executor, end);
  co_await wait(timer);
}

awaitable<void> wait_for(std::chrono::steady_clock::duration time) {
  return wait_until(std::chrono::steady_clock::now() + time);
}

awaitable<void> forever() { return wait_until(steady_time::max()); }

awaitable<void> when_all(coroutines works) {
  if (works.empty()) co_return;
  const group_end end =
      co_await run_group(std::move(works), asio::experimental::wait_for_one_error());
  for (const std::size_t number : end.order) {
    if (end.faults[number]) std::rethrow_exception(end.faults[number]);
  }
}

awaitable<std::size_t> when_any(coroutines works) {
  const group_end end = co_await run_group(std::move(works), asio::experimental::wait_for_one());
  const std::size_t first = end.order.front();
  if (end.faults[first]) std::rethrow_exception(end.faults[first]);
  co_return first;
}

awaitable<bool> with_deadline(asio::steady_timer& end, awaitable<void> work) {
  const std::size_t first = co_await when_any(std::move(work), expiry_of(end));
  co_await unless_cancelled();
  co_return first == 0;
}

awaitable<bool> with_deadline(steady_time deadline, awaitable<void> work) {
  asio::steady_timer timer(co_await asio::this_coro::executor, deadline);
  co_return co_await with_deadline(timer, std::move(work));
}

}  // namespace natcheck::net
