// Gathers the evidence of `discover`: everybody is asked at the same time.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <natcheck/discover.hpp>

#include "net/sockets.hpp"
#include "outside/servers.hpp"
#include "outside/stun.hpp"

namespace natcheck::app {

/// One run. Both references must outlive it.
class inquiry {
 public:
  /// `seen.host` is known already; the rest is what run() finds out.
  inquiry(const discover_options& options, discover_evidence& seen, net::steady_time start,
          const net::asio::any_io_executor& executor);

  /// Ends when the evidence is complete, at the latest with the options' time limit.
  net::asio::awaitable<void> run();

 private:
  net::asio::awaitable<void> ask_gateway();
  net::asio::awaitable<void> ask_ipv6_router();
  net::asio::awaitable<void> ask_outside();
  net::asio::awaitable<void> take_survey(const std::vector<outside::stun_server>& servers);
  /// The path and the owner test, no longer than they may still tell something.
  net::asio::awaitable<void> follow_the_way(const std::vector<outside::stun_server>& servers);
  net::asio::awaitable<void> enough_of_the_way();
  net::asio::awaitable<void> ask_owner();
  net::asio::awaitable<void> trace_path(const std::vector<outside::stun_server>& servers);
  net::asio::awaitable<void> look_at_web();
  net::asio::awaitable<void> look_for_nat64();
  net::asio::awaitable<void> test_behavior();

  void note_if_settled();
  bool asks_outside() const { return !options_.stun_servers.empty(); }
  outside::ways_out ways_out() const;

  const discover_options& options_;
  discover_evidence& seen_;
  net::steady_time start_;
  net::steady_time deadline_;
  /// A little before, for those who can then say how far they came.
  net::steady_time told_;
  bool gateway_done_ = false;
  bool survey_done_ = false;
  // They expire when what they stand for has happened.
  net::asio::steady_timer survey_end_;
  net::asio::steady_timer settled_;
  net::asio::steady_timer owner_end_;
};

}  // namespace natcheck::app
