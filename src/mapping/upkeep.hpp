// When a mapping that is held is checked and renewed.
#pragma once

#include <algorithm>
#include <chrono>

#include "mapping/mapping_steps.hpp"

namespace natcheck::mappings {

/// Pure. Every mapping is renewed on the schedule of its lease, checked every 5 s, and renewed
/// quietly where a check does not tell all: a router that reloads its firewall loses the rules but
/// keeps its table.
class upkeep {
 public:
  using time_point = lease_schedule::time_point;

  enum class work {
    wake_up,  ///< the machine slept, and the clock of the lease went on: renew it now
    over,     ///< it slept past the end of the lease
    renewal,
    check,
  };

  /// A mapping was granted, or renewed; `chance` is from [0, 1).
  void granted(const mapping& entry, double chance, instant now);

  time_point due() const { return std::min(schedule_.due(), check_due_); }
  /// What is to be done first when something is `due`.
  work next(instant now) const;
  lease_schedule& lease() { return schedule_; }
  const lease_schedule& lease() const { return schedule_; }

  /// Something may have happened to the gateway: check at `when`, unless that is due sooner anyway,
  /// and find the service again before.
  void check_at(time_point when);
  /// The same, and renew it after the next check that is answered, whatever that brings.
  void renew_at(time_point when);
  bool finds_first() const { return find_first_; }

  /// Not checked again before the next interval is over.
  void postpone_check(time_point now);
  /// A check has ended. Whether its answer (empty: there was none) calls for a quiet renewal.
  bool calls_for_renewal(const mapping_check* answer, bool is_named_now, time_point now);
  /// The service was not found, as at checks before. True when another may have taken its place.
  bool count_failed_find();

  void quiet_renewal_begins(time_point now) { quiet_began_ = now; }
  /// Also when it failed. Some routers load their whole firewall again for each request.
  void quiet_renewal_ended(time_point now);

 private:
  std::chrono::nanoseconds slept(instant now) const;

  lease_schedule schedule_;
  instant granted_at_;
  time_point check_due_ = time_point::max();
  time_point quiet_due_;
  time_point quiet_began_;
  bool find_first_ = false;  ///< before the next check
  bool renew_next_ = false;  ///< after the next check that gets an answer
  int failed_checks_ = 0;    ///< in a row
};

}  // namespace natcheck::mappings
