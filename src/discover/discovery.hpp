// Gathers the evidence of `discover`: everyone is asked at the same time.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <natcheck/discover.hpp>

#include "net/event.hpp"
#include "net/sockets.hpp"
#include "outside/servers.hpp"
#include "outside/stun.hpp"

namespace natcheck::discovering {

/// One run. Both references must outlive it.
class discovery {
 public:
  /// `seen.host` is known already; the rest is what run() finds out.
  discovery(const discover_options& options, discover_evidence& seen, net::steady_time deadline,
            const net::asio::any_io_executor& executor);

  /// Ends when the evidence is complete, at the latest at `deadline`.
  net::asio::awaitable<void> run();

 private:
  /// Another device on the link that may be the router.
  struct candidate {
    explicit candidate(const net::asio::any_io_executor& executor);
    std::optional<address> ip;  ///< empty: there is none
    net::event settled;         ///< that is known
  };

  net::asio::awaitable<void> ask_everybody();
  net::asio::awaitable<void> ask_gateway();
  net::asio::awaitable<void> ask_candidate(candidate& which);
  net::asio::awaitable<void> ask_services(gateway_evidence& device, const route_info& way);
  net::asio::awaitable<void> ask_ipv6_router();
  net::asio::awaitable<void> ask_outside();
  net::asio::awaitable<void> take_survey(const std::vector<outside::stun_server>& servers);
  /// The path and the owner test, as long as they can still change the result.
  net::asio::awaitable<void> test_path(const std::vector<outside::stun_server>& servers);
  net::asio::awaitable<void> path_is_settled();
  net::asio::awaitable<void> ask_owner();
  net::asio::awaitable<void> trace_path(const std::vector<outside::stun_server>& servers);
  net::asio::awaitable<void> check_web();
  net::asio::awaitable<void> find_nat64();
  net::asio::awaitable<void> test_behavior();

  /// Asks one more device on the link, if there is reason to.
  void add_candidate(const address& ip);
  void add_hops();
  void take_answers(std::vector<stun_evidence> so_far, bool ipv4_done);
  /// After an answer: reports it, and stops everything that can add nothing more.
  void note_progress();
  void stop_what_is_not_needed();
  bool is_decided() const;
  void name_reasons();
  bool asks_outside() const { return !options_.stun_servers.empty(); }
  outside::egress_routes egress_routes() const;

  const discover_options& options_;
  discover_evidence& seen_;
  net::steady_time start_;
  net::steady_time deadline_;
  /// A little earlier, so that machines can still report how far they got.
  net::steady_time soft_deadline_;
  bool gateway_done_ = false;
  bool path_done_ = false;
  bool owner_done_ = false;
  bool ipv4_survey_done_ = false;
  net::event ipv4_survey_end_;
  net::event ipv6_end_;
  net::event settled_;
  net::event owner_end_;
  net::event candidates_end_;
  net::event decided_;
  std::vector<candidate> candidates_;
};

}  // namespace natcheck::discovering
