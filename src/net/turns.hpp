// One at a time, in the order of asking.
#pragma once

#include <list>
#include <memory>

#include "net/event.hpp"

namespace natcheck::net {

class turn;

/// Of those who wait for the same thing. Not thread-safe.
class turns {
  friend class turn;
  std::list<turn*> waiting_;  ///< whose turn it is stands first
};

/// A place in the queue, from its making to its end.
class turn {
 public:
  turn(std::shared_ptr<turns> queue, const asio::any_io_executor& executor);
  turn(const turn&) = delete;
  turn& operator=(const turn&) = delete;
  ~turn();

  /// Until all who came before are gone.
  asio::awaitable<void> comes();

 private:
  std::shared_ptr<turns> queue_;
  event called_;
};

}  // namespace natcheck::net
