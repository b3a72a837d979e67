// Every mapping to this host: the port of the IPv4 gateway, and the pinholes of the IPv6 router,
// kept open wherever this host's addresses and gateways move to.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <filesystem>
#include <natcheck/serve.hpp>
#include <optional>
#include <vector>

#include "mapping/gateway_mappings.hpp"
#include "mapping/journal/mapping_journal.hpp"
#include "mapping/outside_watch.hpp"
#include "mapping/router_search.hpp"
#include "mapping/stale_mappings.hpp"
#include "net/event.hpp"
#include "net/network_watch.hpp"

namespace natcheck::mappings {

/// What is to be open, and where.
struct manager_options {
  std::uint16_t internal_port = 0;
  std::uint16_t external_port = 0;                   ///< of an IPv4 gateway
  std::vector<transport> protocols{transport::tcp};  ///< at least one
  mapping_choice via = mapping_choice::automatic;
  std::chrono::seconds lifetime{3600};
  bool any_port = false;  ///< take another external port where the one asked for cannot be had
  asked_options asked{};  ///< the interface and the gateway; empty: those of the default route
  std::vector<std::string> stun_servers{};  ///< who is asked for the external address; or nobody
  /// Of the files that tell a later run what to remove; it is made where it is missing.
  std::filesystem::path directory = journal::state_directory();
};

class mapping_manager {
 public:
  /// Events come in order, also those of no mapping: stale_mapping, map_not_needed, and map_failed
  /// where there is no router to ask. `on_outside_change` is called when
  /// what outside() gives has changed.
  mapping_manager(net::asio::any_io_executor executor, manager_options options,
                  std::function<void(const serve_event&)> observer,
                  std::function<void()> on_outside_change);

  /// Removes what earlier runs left behind, and keeps the mappings until it is cancelled.
  /// Fails, at once, for reasons of this machine.
  net::asio::awaitable<result<void>> run();

  /// Waits until every mapping, or that of IPv4, has been tried once.
  net::asio::awaitable<void> attempted();
  net::asio::awaitable<void> attempted_ipv4();

  /// Waits until the servers outside have answered, or been given up, for once.
  net::asio::awaitable<void> asked_outside();

  /// What this host and servers outside say of the IPv4 address; nothing of the router's word.
  external_evidence outside() const;

  /// Whether there is a way in for each of the protocols.
  bool all_open() const;

  /// Says why there is no mapping, where it was stopped before that was known.
  void conclude();

  /// Removes every mapping; 25 s at most, which only a slow router takes. To be awaited after
  /// `run` ended, in a coroutine that is not itself cancelled.
  net::asio::awaitable<void> close();

 private:
  static constexpr std::size_t most_pinholes = 4;

  void open_journal();
  void make_gateway_mappings();
  net::asio::awaitable<void> find_router(host_network& host) const;
  void use_network(const host_network& host);
  net::asio::awaitable<void> use_ipv6_after_ipv4();
  void choose_ipv4_gateway();
  void external_servers_answered();
  void move_ipv4_mappings(bool direct);
  void report_not_needed(transport protocol, bool confirmed);
  void report_no_router();
  void report_mapping(const mapping_event& event);
  void report_or_hold(const mapping_event& event);
  void report_held();
  net::asio::awaitable<void> search_ended();
  void use_ipv6(const host_network& host);
  net::asio::awaitable<void> clear_stale_mappings(const host_network& host);
  net::asio::awaitable<void> clear_stale_mappings_at(surroundings here);
  net::asio::awaitable<void> follow_network();
  template <class Event>
  void tell(const Event& event);

  net::asio::any_io_executor executor_;
  manager_options options_;
  std::function<void(const serve_event&)> observer_;
  std::optional<journal::mapping_journal> journal_;
  std::optional<net::network_watch> network_;  ///< while `run` runs
  /// The first is for IPv4, the others for an IPv6 address each. Idle where there is no one to ask.
  std::vector<std::unique_ptr<gateway_mappings>> gateways_;
  std::function<void()> on_outside_change_;
  std::vector<address> cleared_at_;  ///< the gateways at which left-overs were removed
  std::optional<route_info> ipv4_;   ///< the egress route
  outside_watch outside_;
  router_search search_;
  std::vector<mapping_event>
      postponed_;  ///< failures, until it is known whether another device is asked
  /// This host's own public IPv4 address, where it is told that nothing has to be mapped.
  std::optional<address> own_public_;
  bool reported_confirmed_ = false;  ///< of own_public_, that someone outside sees it
  bool reported_no_router_ = false;
  // It is known for the first time whom to ask, or what was seen outside.
  net::event ipv4_chosen_;
  net::event ipv6_used_;
  net::event asked_outside_;
};

}  // namespace natcheck::mappings
