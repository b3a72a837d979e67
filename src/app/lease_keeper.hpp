// Makes one port mapping, keeps it, and takes it away again.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <natcheck/serve.hpp>
#include <optional>
#include <variant>

#include "portmap/nat_pmp.hpp"
#include "portmap/upnp_mapper.hpp"

namespace natcheck {

struct lease_options {
  std::uint16_t internal_port = 0;
  std::uint16_t external_port = 0;
  std::chrono::seconds lifetime{3600};
  mapping_choice via = mapping_choice::automatic;
};

/// What the keeper has to tell, in the order in which it happens.
using lease_event = std::variant<events::mapped, events::map_failed, events::renewed,
                                 events::mapping_lost, events::remapped, events::unmapped>;

class lease_keeper {
 public:
  lease_keeper(portmap::gateway_access access, lease_options options,
               std::function<void(const lease_event&)> observer);

  /// Makes the mapping and renews it at half of its granted lifetime until it is cancelled. False,
  /// at once, when the mapping cannot be made.
  net::asio::awaitable<bool> keep();

  /// Tells that there is no mapping, and what is known so far of why, where `keep` was stopped
  /// before it had come to an end of either kind.
  void conclude();

  /// True when there is a mapping.
  bool holds() const { return entry_.has_value(); }

  /// Removes whatever `keep` asked the gateway for; 3 s at most. To be awaited after `keep` ended,
  /// in a coroutine that is not itself cancelled.
  net::asio::awaitable<void> release();

 private:
  net::asio::awaitable<bool> obtain();
  net::asio::awaitable<bool> try_both();
  net::asio::awaitable<bool> try_mapper(portmap::port_mapper& mapper);
  net::asio::awaitable<void> renew_forever();
  net::asio::awaitable<bool> renew_once();
  void tell_failed();
  bool may_use(mapping_protocol via) const;
  void accept(const mapping& renewed);
  void lose(const failure& why);
  portmap::mapping_request request() const;
  mapping_evidence evidence() const;

  portmap::gateway_access access_;
  lease_options options_;
  std::function<void(const lease_event&)> observer_;
  portmap::nat_pmp_mapper nat_pmp_;
  portmap::upnp_mapper upnp_;
  std::vector<mapping_attempt> attempts_;
  portmap::port_mapper* holder_ = nullptr;  ///< who made the mapping
  std::optional<mapping> entry_;
  net::steady_time expires_;  ///< of entry_, unless it is renewed
  bool lost_ = false;
  bool told_failed_ = false;
};

/// What somebody outside has to type.
std::string probe_command(const std::optional<address>& external, std::uint16_t port);

}  // namespace natcheck
