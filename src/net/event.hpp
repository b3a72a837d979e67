// Something that happens once, and those who wait for it.
#pragma once

#include "net/when_all.hpp"

namespace natcheck::net {

/// Not set at first. Not thread-safe.
class event {
 public:
  explicit event(const asio::any_io_executor& executor) : timer_(executor, steady_time::max()) {}

  /// Ends every wait, the present and the later ones.
  void set() { timer_.expires_at(steady_time::min()); }
  bool is_set() const { return timer_.expiry() == steady_time::min(); }

  /// It has not happened any more. Waits that a `set` ended have ended.
  void reset() {
    if (is_set()) timer_.expires_at(steady_time::max());
  }

  /// Until it is set.
  asio::awaitable<void> wait() { return net::wait(timer_); }

 private:
  template <class T>
  friend auto with_deadline(event& end, asio::awaitable<T> work);

  asio::steady_timer timer_;  ///< expired when it is set: all waits of Asio end with a timer
};

/// Runs `work` until `end` is set; otherwise as with a timer.
template <class T>
auto with_deadline(event& end, asio::awaitable<T> work) {
  return with_deadline(end.timer_, std::move(work));
}

}  // namespace natcheck::net
