// One port that is to be open on one gateway: obtained, checked, renewed, obtained again, removed.
// Pure: it says what to do next and is told what came of it. Clocks are passed in.
#pragma once

#include <optional>
#include <queue>
#include <string>
#include <vector>

#include "mapping/mapping_reports.hpp"
#include "mapping/mapping_steps.hpp"
#include "mapping/service_choice.hpp"
#include "mapping/upkeep.hpp"
#include "mapping/wanted_mapping.hpp"

namespace natcheck::mappings {

/// Call `poll` when `due` says so, do what `next_step` gives until it gives nothing, and report. A
/// step that is never reported was cancelled: then only `conclude` and `release` may follow.
class managed_mapping {
 public:
  using time_point = lease_schedule::time_point;

  enum class state {
    none,       ///< there is no gateway, or it has not been asked yet
    obtaining,  ///< the services of the gateway are asked for the mapping
    held,
    renewing,
    lost,     ///< it was held; asked for again when `due`
    refused,  ///< no service made it; asked for again when `due`
    releasing,
  };

  explicit managed_mapping(mapping_options options) : wanted_(std::move(options)) {}
  managed_mapping(managed_mapping&&) = default;
  managed_mapping& operator=(managed_mapping&&) = default;

  // --- what is wanted -----------------------------------------------------------------------

  /// The gateway is not the one any more: what it has is removed, as far as it can be. `reason` is
  /// why the mapping there is no good now. `enter` follows.
  void leave(const cause& reason, instant now);
  /// From now on that gateway is asked, or none.
  void enter(std::optional<mapping_gateway> gateway, instant now);

  /// Does what is due.
  void poll(instant now);
  time_point due() const;

  /// Something may have happened to the gateway: find its services again and check at `when`,
  /// unless that is due sooner anyway.
  void check_at(time_point when);
  /// The same, and the mapping is asked for again whatever the check brings: a gateway may have
  /// lost it and not know.
  void renew_at(time_point when);

  /// Tells that there is no mapping, and what is known so far of why, where it was stopped before
  /// its first attempt had come to an end.
  void conclude();

  /// What is held is somebody else's to remove from now on: its record. Empty where nothing is.
  std::optional<mapping_record> hand_over();

  /// Removes whatever the gateway was asked for, and tells.
  void release(time_point deadline);

  // --- what is to be done, and what came of it ------------------------------------------------

  std::optional<step> next_step();
  time_point search_ends() const { return choice_.search_ends(); }

  void found(std::size_t service, result<void> answer, bool has_answered, instant now);
  void searched(instant now);
  void read(journal_view view, instant now);
  void prepared(const mapping_record& record);
  /// `answer` is empty where the deadline came first; `chance` is from [0, 1), for the schedule.
  void mapped(const std::optional<result<mapping>>& answer, const service_status& status,
              double chance, instant now);
  void checked(const result<mapping_check>& answer, bool has_answered, instant now);
  void unmapped(std::size_t service, const std::optional<result<void>>& answer,
                const service_status& status, instant now);
  /// Only of one that is gone.
  void former_removed(const mapping_record& record);

  // --- what is known --------------------------------------------------------------------------

  state current() const { return state_; }
  bool holds() const { return state_ == state::held || state_ == state::renewing; }
  /// Whether the first attempt to make the mapping has come to an end, or there is no one to ask.
  bool attempted() const { return attempted_ || !wanted_.gateway(); }
  const mapping_options& options() const { return wanted_.options(); }
  mapping_evidence evidence() const { return evidence_of(options(), wanted_.gateway(), attempts_); }

 private:
  enum class renewal { scheduled, quiet };
  template <class Step>
  void give(Step next) {
    steps_.emplace(std::move(next));
  }
  void tell(mapping_event event) { give(steps::tell{std::move(event)}); }
  void restore_records();
  void clear_former_address(time_point deadline);
  void begin_obtaining();
  void begin_search(instant now);
  void try_next(instant now);
  void prepare(mapping_service& which);
  void not_obtained(const failure& why, const service_status& status, instant now);
  void attempt_failed(time_point now);
  void begin_renewal(renewal how, time_point now);
  void renewed(const std::optional<result<mapping>>& answer, const service_status& status,
               double chance, instant now);
  void renewal_failed(const failure& why, time_point now);
  void accept(const mapping& granted, double chance, instant now);
  void lose(cause reason, time_point now);
  void begin_check(time_point now);
  void end_services();
  void released(mapping_service& by, const std::optional<result<void>>& removal);
  void keep(mapping_service& which, const mapping_record& record);
  void erase(mapping_service& which);
  void tell_failed();
  time_point::duration pause_before_retry(time_point now) const;

  wanted_mapping wanted_;
  state state_ = state::none;
  std::queue<step> steps_;
  service_choice choice_;
  mapping_service* holder_ = nullptr;      ///< made the mapping
  mapping_service* tried_ = nullptr;       ///< is asked for it
  std::vector<mapping_record> unremoved_;  ///< at gateways before this one
  std::vector<mapping_attempt> attempts_;
  std::optional<mapping> entry_;  ///< as it was last told
  upkeep upkeep_;
  time_point retry_due_ = time_point::max();
  time_point release_deadline_;
  renewal renewal_ = renewal::scheduled;
  std::optional<time_point> lost_since_;
  bool was_held_ = false;  ///< when `release` began
  bool attempted_ = false;
  bool told_failed_ = false;  ///< since the last mapping, of this gateway
  cause trouble_;             ///< why the renewals since the last grant failed; it was told
};

}  // namespace natcheck::mappings
