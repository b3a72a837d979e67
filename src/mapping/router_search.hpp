// The router behind a gateway that opens nothing: looked for where another device of the link
// answers a search for gateways.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <natcheck/serve.hpp>
#include <optional>
#include <string>
#include <vector>

#include "net/event.hpp"
#include "net/sockets.hpp"
#include "portmap/port_mapper.hpp"

namespace natcheck::mappings {

/// Not thread-safe.
class router_search {
 public:
  /// `on_end` is called and awaited when a search has ended, whatever it found.
  router_search(const net::asio::any_io_executor& executor, asked_options asked,
                std::vector<std::string> stun_servers,
                std::function<net::asio::awaitable<void>()> on_end);

  /// The way to the router that was found, else to the gateway of the route. Asking there for a
  /// gateway by UPnP tells which other devices answer.
  portmap::gateway_access access(portmap::gateway_access by_route);

  /// The mapping at the gateway of the route failed. True where it is being found out whether
  /// another device is the router: once for each network, where the gateway of the route offers no
  /// service at all, the user named no gateway, and another device has answered or was not searched
  /// for (PCP or NAT-PMP alone).
  bool begin(const mapping_evidence& failed);

  /// The router, where it is another device than the gateway of the route.
  const std::optional<address>& found() const { return found_; }

  /// In another network everything restarts.
  void forget();

  /// Searches whenever there is reason to, until it is cancelled.
  net::asio::awaitable<void> run();

  /// Waits until no search is running.
  net::asio::awaitable<void> idle();

 private:
  bool is_running() const;
  net::asio::awaitable<std::optional<address>> look() const;

  asked_options asked_;
  std::vector<std::string> stun_servers_;
  std::function<net::asio::awaitable<void>()> on_end_;
  bool heard_ = false;  ///< another device answered
  bool begun_ = false;  ///< in this network
  std::optional<address> found_;
  net::event wanted_;  ///< a search is running
  net::event idle_;    ///< none is running
};

}  // namespace natcheck::mappings
