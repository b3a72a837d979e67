// All visitors at once: how many, who has to leave when there are too many, and the end.
#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>

#include "net/event.hpp"
#include "server/greeting_session.hpp"

namespace natcheck::serving {

/// Holds the connections. Lives as long as its last visitor, so that no one's coroutine outlives
/// what it refers to; all on one thread.
class connection_table : public std::enable_shared_from_this<connection_table> {
 public:
  /// `on_end` hears of every visit, in the order in which they end. Raises the soft limit of this
  /// process's descriptors to the hard one, and takes visitors up to that, less a reserve.
  connection_table(net::asio::any_io_executor executor, server_identity identity,
                   std::function<void(const session_result&)> on_end);

  /// `tell` hears of every visitor as it comes.
  void on_accepted(std::function<void(const endpoint& peer)> tell) {
    on_accepted_ = std::move(tell);
  }

  /// Where the IPv4 Internet finds this server, for the page; empty when that is not known.
  void set_outside(std::optional<endpoint> outside) { identity_.outside = std::move(outside); }
  /// The router's inner address, as which it may show visitors.
  void set_gateway(std::optional<address> gateway) { identity_.gateway = std::move(gateway); }

  /// Takes a new visitor. When the table is full, or has too many from one source (an address, or
  /// an IPv6 /64), someone has to leave, so that a flood of connections, silent or slow, keeps
  /// no one honest out.
  void admit(net::tcp::socket socket, const endpoint& peer);

  /// Closes one session: the pending one that has waited longest, or, where established ones are
  /// in the majority, the first of those, which has had its answer long ago. A flood of either kind
  /// so displaces only itself. False when there is no session.
  bool evict_one();

  /// Takes no one any more, and waits until every session has ended.
  net::asio::awaitable<void> close_all();

 private:
  enum class session_state { pending, established, closing };
  struct source;
  struct session;
  using sessions = std::list<session>;

  /// Who has come from one source and is not leaving, oldest first.
  struct source {
    std::list<sessions::iterator> pending;
    std::list<sessions::iterator> established;
  };
  using sources = std::map<address, source>;
  struct session {
    connection line;
    sources::iterator from;
    session_state where = session_state::pending;
    std::list<sessions::iterator>::iterator in_source{};
  };

  sessions& in(session_state where) { return by_state_[static_cast<std::size_t>(where)]; }
  std::size_t size() const;
  void evict(sessions::iterator who);
  void evict_one_from(source& from);
  void establish(sessions::iterator who);
  void move(sessions::iterator who, session_state to);
  void forget_source(sessions::iterator who);
  net::asio::awaitable<void> host(sessions::iterator who);
  net::asio::awaitable<void> keep_time();
  void start(net::asio::awaitable<void> work);

  net::asio::any_io_executor executor_;
  server_identity identity_;
  std::function<void(const session_result&)> on_end_;
  std::function<void(const endpoint&)> on_accepted_;
  std::size_t limit_;         ///< of all connections
  std::size_t source_limit_;  ///< of those from one source
  shared_buffer buffer_;
  sources sources_;
  std::array<sessions, 3> by_state_;  ///< by place; oldest first
  net::event closed_;
  bool keeping_time_ = false;
  net::event left_;  ///< someone has left since the wait began
};

}  // namespace natcheck::serving
