// What STUN servers see of this host, asked beside everything else that `serve` does.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <natcheck/evidence.hpp>
#include <optional>
#include <string>
#include <vector>

#include "net/event.hpp"
#include "net/sockets.hpp"
#include "net/when_all.hpp"
#include "outside/stun.hpp"

namespace natcheck::mappings {

/// Asks by IPv4 when the egress route is known or changes, when it is told to, and every ten
/// minutes.
class outside_watch {
 public:
  /// `servers` may be empty: then no one is asked. `on_answer` is called when a survey has ended.
  outside_watch(net::asio::any_io_executor executor, std::vector<std::string> servers,
                std::function<void()> on_answer);

  /// Packets leave this way now. What was seen by another one is forgotten.
  void use_route(const std::optional<route_info>& way);

  /// What was seen may be out of date: forgets it, and asks again.
  void ask_again();

  /// Servers are being asked, or are about to be, and nothing is known of this way yet.
  bool asking() const { return !servers_.empty() && from_ && !known_; }

  /// What the latest survey of this way brought; empty while `asking`, and where no one is asked.
  const std::vector<stun_evidence>& seen() const { return seen_; }

  /// Works until it is cancelled.
  net::asio::awaitable<void> run();

 private:
  net::asio::awaitable<void> ask();

  net::asio::any_io_executor executor_;
  std::vector<std::string> servers_;
  std::function<void()> on_answer_;
  std::optional<net::source> from_;
  std::vector<outside::own_network> own_networks_;
  std::vector<stun_evidence> seen_;
  bool known_ = false;
  unsigned way_ = 0;  ///< counts: what is answered late is of another way
  net::steady_time due_ = net::steady_time::max();
  net::event moved_;  ///< `due_` may be sooner now
};

}  // namespace natcheck::mappings
