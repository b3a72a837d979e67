// Does what a managed mapping says, with the mappers of its gateway and the journal.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "mapping/managed_mapping.hpp"
#include "net/event.hpp"
#include "portmap/port_mapper.hpp"

namespace natcheck::mappings {

using mapping_observer = std::function<void(const mapping_event&)>;

/// Does nothing by itself: `poll` has to be awaited when `due` says so. One operation at a time;
/// after one that was cancelled only `conclude` and `release`.
class mapping_driver {
 public:
  /// `journal`, where there is one, remembers for a later run what this one has no chance to
  /// remove.
  mapping_driver(mapping_options options, journal::mapping_journal* journal,
                 mapping_observer observer);

  const managed_mapping& mapping() const { return machine_; }

  /// Asks that gateway from now on, or none. What the one before has is removed, as far as it can
  /// be; `reason` is why the mapping there is no good any more.
  net::asio::awaitable<void> move_to(std::optional<portmap::gateway_access> access, cause reason);

  net::steady_time due() const { return machine_.due(); }
  net::asio::awaitable<void> poll();

  // See managed_mapping.
  void check_at(net::steady_time when) { machine_.check_at(when); }
  void renew_at(net::steady_time when) { machine_.renew_at(when); }
  void conclude();
  std::optional<mapping_record> hand_over() { return machine_.hand_over(); }

  /// Removes whatever the gateway was asked for, and tells; ends at `deadline`. To be awaited in a
  /// coroutine that is not itself cancelled.
  net::asio::awaitable<void> release(net::steady_time deadline);

 private:
  /// A service of the gateway.
  struct service {
    std::unique_ptr<portmap::port_mapper> mapper;
    mapping_request request;  ///< the latest
  };

  net::asio::awaitable<void> do_steps();
  void begin_steps();
  void begin(const steps::search& what);
  void begin(const steps::find& what);
  void begin(const steps::read_journal& what);
  void begin(const steps::restore& what);
  void begin(const steps::prepare& what);
  void begin(const steps::map& what);
  void begin(const steps::check& what);
  void begin(const steps::unmap& what);
  void begin(const steps::remove_former& what);
  void begin(const steps::keep& what);
  void begin(const steps::erase& what);
  void begin(const steps::tell_failed& what);
  void begin(const steps::tell& what) { observer_(what.event); }
  net::asio::awaitable<void> search();
  net::asio::awaitable<void> find(std::size_t which);
  net::asio::awaitable<void> find_until_enough(std::size_t which, net::event& enough);
  net::asio::awaitable<void> map(steps::map what);
  net::asio::awaitable<void> check(std::size_t which);
  net::asio::awaitable<void> unmap(steps::unmap what);
  net::asio::awaitable<void> remove_former(steps::remove_former what);
  service_status status_of(const service& which) const;

  managed_mapping machine_;
  journal::mapping_journal* journal_;
  mapping_observer observer_;
  std::optional<portmap::gateway_access> access_;
  std::vector<service> services_;  ///< of the gateway, best first
  net::coroutines begun_;          ///< steps that take time
};

}  // namespace natcheck::mappings
