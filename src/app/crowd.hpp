// All visitors at once: how many, who has to leave when there are too many, and the end.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <list>
#include <memory>

#include "app/visitor.hpp"

namespace natcheck {

/// Holds the connections. Lives as long as its last visitor, so that nobody's coroutine outlives
/// what it refers to; all on one thread.
class crowd : public std::enable_shared_from_this<crowd> {
 public:
  /// `on_end` hears of every visit, in the order in which they end.
  crowd(net::asio::any_io_executor executor, server_identity identity,
        std::function<void(const visit_end&)> on_end);

  /// Takes a new visitor. When the house is full somebody has to leave (see make_room), so that a
  /// flood of connections, silent or slow, keeps nobody honest out.
  void admit(net::tcp::socket socket);

  /// Hangs up on one visitor: on the stranger who has waited longest, or, where greeted visitors
  /// are in the majority, on the first of those, who has had its answer long ago. A flood of either
  /// kind so meets itself at the door. False when nobody is there.
  bool make_room();

  /// Closes the door and waits until everybody has left.
  net::asio::awaitable<void> dismiss();

 private:
  struct guest;
  using guests = std::list<guest>;
  struct guest {
    net::tcp::socket socket;
    guests* place;  ///< the list that holds it
  };

  std::size_t size() const { return strangers_.size() + greeted_.size() + leaving_.size(); }
  void move(guests::iterator who, guests& to);
  net::asio::awaitable<void> host(guests::iterator who);

  net::asio::any_io_executor executor_;
  server_identity identity_;
  std::function<void(const visit_end&)> on_end_;
  std::size_t limit_;
  guests strangers_;  ///< not greeted yet, oldest first
  guests greeted_;
  guests leaving_;  ///< hung up on, about to go
  bool dismissed_ = false;
  net::asio::steady_timer left_;  ///< cancelled whenever somebody has left
};

}  // namespace natcheck
