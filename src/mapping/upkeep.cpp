#include "mapping/upkeep.hpp"

#include <utility>

namespace natcheck::mappings {
namespace {

using namespace std::chrono_literals;

/// A gateway that lost its table is to be noticed, and asked again, within 10 s of its return.
constexpr auto check_interval = 5s;
/// After an announcement.
constexpr auto recheck_interval = 2s;
constexpr auto quiet_renewal_interval = 30s;
constexpr int quiet_renewal_rest = 10;  ///< times as long as the renewal took, at least
/// So many in a row, and the gateway may speak another protocol now.
constexpr int failed_checks_to_doubt = 2;
constexpr auto wake_tolerance = 5s;

}  // namespace

void upkeep::granted(const mapping& entry, double chance, instant now) {
  schedule_.granted(entry.via, entry.lifetime, now.steady, chance);
  granted_at_ = now;
  quiet_due_ = now.steady + quiet_renewal_interval;
  check_due_ = now.steady + check_interval;
  find_first_ = renew_next_ = false;
  failed_checks_ = 0;
}

std::chrono::nanoseconds upkeep::slept(instant now) const {
  return (now.since_boot - granted_at_.since_boot) - (now.steady - granted_at_.steady);
}

upkeep::work upkeep::next(instant now) const {
  if (slept(now) > wake_tolerance) {
    return now.steady + slept(now) >= schedule_.end() ? work::over : work::wake_up;
  }
  return schedule_.due() <= now.steady ? work::renewal : work::check;
}

void upkeep::check_at(time_point when) {
  find_first_ = true;
  check_due_ = std::min(check_due_, when);
}

void upkeep::renew_at(time_point when) {
  renew_next_ = true;
  check_at(when);
}

void upkeep::postpone_check(time_point now) { check_due_ = now + check_interval; }

bool upkeep::calls_for_renewal(const mapping_check* answer, bool is_named_now, time_point now) {
  check_due_ = now + (renew_next_ ? recheck_interval : check_interval);
  find_first_ = answer == nullptr;
  failed_checks_ = answer == nullptr ? failed_checks_ + 1 : 0;
  if (answer == nullptr) return false;
  if (is_named_now) return true;
  const bool asked = std::exchange(renew_next_, false);
  return asked || answer->suspect || (answer->unsure && now >= quiet_due_);
}

bool upkeep::count_failed_find() { return ++failed_checks_ >= failed_checks_to_doubt; }

void upkeep::quiet_renewal_ended(time_point now) {
  const auto rest = std::max<time_point::duration>(quiet_renewal_interval,
                                                   quiet_renewal_rest * (now - quiet_began_));
  quiet_due_ = now + rest;
}

}  // namespace natcheck::mappings
