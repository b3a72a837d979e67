// One port that is to be open on one gateway: made, looked at, renewed, made again, taken away.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <memory>
#include <natcheck/serve.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "net/event.hpp"
#include "portmap/port_mapper.hpp"
#include "protocols/lease/schedule.hpp"

namespace natcheck::journal {
class mapping_journal;
}

namespace natcheck::mappings {

struct mapping_options {
  transport protocol = transport::tcp;
  std::uint16_t internal_port = 0;
  std::uint16_t external_port = 0;
  std::chrono::seconds lifetime{3600};
  mapping_choice via = mapping_choice::automatic;
  bool any_port = false;
  // For advice, which repeats them.
  bool both_transports = false;
  asked_options asked{};
};

/// What becomes of a mapping, in the order in which it happens. Where others find it is for those
/// to say who know what servers outside see: `probe_command` and `external` are left empty.
using mapping_event =
    std::variant<events::mapped, events::map_failed, events::pinhole_failed, events::renewed,
                 events::renewal_failed, events::mapping_lost, events::remapped, events::unmapped>;
using mapping_observer = std::function<void(const mapping_event&)>;

/// Does nothing by itself: `poll` has to be awaited when `due` says so. One operation at a time.
class managed_mapping {
 public:
  /// `the journal`, where there is one, remembers for a later run what this one has no chance to
  /// remove.
  managed_mapping(mapping_options options, journal::mapping_journal* journal,
                  mapping_observer observer);
  managed_mapping(managed_mapping&&) noexcept;
  ~managed_mapping();

  /// Asks that gateway from now on, or none. What the one before has is removed, as far as it can
  /// be; `reason` is why the mapping there is no good any more.
  net::asio::awaitable<void> move_to(std::optional<portmap::gateway_access> access,
                                     const cause& reason);

  /// When there is something to do: make the mapping, look at it, or renew it.
  net::steady_time due() const;
  net::asio::awaitable<void> poll();

  /// Something may have happened to the gateway: find its services again and look at `when`, unless
  /// that is due sooner anyway.
  void check_at(net::steady_time when);

  /// The same, and the mapping is asked for again whatever the look brings: a gateway may have lost
  /// it and not know.
  void renew_at(net::steady_time when);

  bool holds() const { return entry_ && !lost_; }
  /// Whether the first attempt to make the mapping has come to an end, or there is no one to ask.
  bool attempted() const { return attempted_ || !access_; }
  const mapping_options& options() const { return options_; }

  /// Tells that there is no mapping, and what is known so far of why, where it was stopped before
  /// its first attempt had come to an end.
  void conclude();

  /// Removes whatever the gateway was asked for, and tells; ends at `deadline`. To be awaited in a
  /// coroutine that is not itself cancelled.
  net::asio::awaitable<void> release(net::steady_time deadline);

 private:
  struct service;
  enum class telling { everything, only_changes };

  net::asio::awaitable<bool> obtain();
  net::asio::awaitable<void> discover_services();
  net::asio::awaitable<void> find_service(service& which, net::event& enough);
  net::asio::awaitable<bool> try_service(service& which);
  net::asio::awaitable<void> renew(telling how);
  net::asio::awaitable<void> renew_quietly();
  net::asio::awaitable<void> check();
  net::asio::awaitable<bool> find_again();
  net::asio::awaitable<void> end_service(service& which, net::steady_time deadline);
  net::asio::awaitable<void> withdraw(service& which);
  void tell_may_be_open(const service& which, const std::optional<result<void>>& removal);
  void take_over_records();
  net::asio::awaitable<void> clear_former_address();
  void erase_record(service& which);
  void write_off(const mapping_record& record);
  bool has_to_stay(const service& which) const;
  void tell_granted(const std::optional<mapping>& before, telling how);
  void note(const service& which, const failure& why);
  void accept(const mapping& granted, telling how);
  void lose(const cause& reason);
  void tell_failed();
  void write_record(service& which, const portmap::mapping_request& request);
  bool better_ones_failed(const service& than) const;
  std::chrono::steady_clock::duration pause_before_retry() const;
  std::chrono::nanoseconds slept() const;
  net::asio::awaitable<void> wake_up();
  portmap::mapping_request request_to(const service& which) const;
  std::optional<std::chrono::seconds> time_to_stay(const service& which,
                                                   const portmap::mapping_request& wanted) const;
  std::optional<failure> respect_others(service& which, const portmap::mapping_request& wanted);
  mapping_evidence evidence() const;

  mapping_options options_;
  journal::mapping_journal* journal_;
  mapping_observer observer_;
  std::optional<portmap::gateway_access> access_;
  std::vector<service> services_;          ///< of the gateway, best first
  service* holder_ = nullptr;              ///< who made the mapping
  std::vector<mapping_record> unremoved_;  ///< at gateways before this one
  std::vector<mapping_attempt> attempts_;
  std::optional<mapping> entry_;  ///< as it was last told
  lease_schedule schedule_;
  net::steady_time check_due_ = net::steady_time::max();
  net::steady_time retry_due_ = net::steady_time::max();
  net::steady_time granted_;
  net::steady_time quiet_due_;
  std::chrono::nanoseconds granted_since_boot_{0};
  net::steady_time lost_since_;
  bool lost_ = false;
  bool attempted_ = false;
  bool told_failed_ = false;  ///< since the last mapping, of this gateway
  bool find_first_ = false;   ///< before the next look
  bool renew_next_ = false;   ///< at the next look that gets an answer
  int failed_checks_ = 0;     ///< in a row
  std::string trouble_;       ///< why the renewals since the last grant failed; it was told
};

/// What kept this machine from asking, where no protocol could be asked: a fault of its own, and no
/// answer of the router.
std::optional<failure> local_fault_of(const mapping_evidence& seen);

}  // namespace natcheck::mappings
