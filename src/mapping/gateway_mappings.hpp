// All mappings of one gateway, from one address of this host.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "mapping/mapping_driver.hpp"
#include "net/event.hpp"

namespace natcheck::mappings {

class gateway_mappings {
 public:
  gateway_mappings(net::asio::any_io_executor executor, const std::vector<mapping_options>& wanted,
                   journal::mapping_journal* journal, const mapping_observer& observer);

  /// From now on that gateway is asked, or none. Where there is a mapping already it is lost for
  /// `reason`, and the mappings count as not attempted. Takes effect while `run` runs.
  void move_to(std::optional<portmap::gateway_access> access, cause reason);
  const std::optional<portmap::gateway_access>& gateway() const { return access_; }

  /// Makes the mappings, looks at them, renews them and makes them again, until it is cancelled.
  /// One after the other: a gateway has one request to answer at a time (RFC 6886 section 3.1).
  net::asio::awaitable<void> run();

  /// Waits until each mapping has been tried for once at the gateway that is asked now.
  net::asio::awaitable<void> attempted();

  /// Whether there is a mapping for that protocol.
  bool holds(transport protocol) const;
  bool holds_any() const;

  /// See managed_mapping::conclude.
  void conclude();

  /// Removes the mappings; see managed_mapping::release.
  net::asio::awaitable<void> release(net::steady_time deadline);

 private:
  net::asio::awaitable<void> poll();
  net::asio::awaitable<void> poll_one(mapping_driver& which);
  void check_at(net::steady_time when);
  net::asio::awaitable<void> move();
  net::asio::awaitable<void> listen();
  net::asio::awaitable<void> listen_to(const portmap::gateway_access& access);
  net::steady_time due() const;

  std::vector<mapping_driver> mappings_;
  std::optional<portmap::gateway_access> access_;
  std::optional<cause> moving_;  ///< why; until the mappings know
  net::event sooner_;            ///< there may be something to do before `due`
  net::event moved_;             ///< there is another gateway to listen to
  net::event attempted_;         ///< everything was tried for once
};

}  // namespace natcheck::mappings
