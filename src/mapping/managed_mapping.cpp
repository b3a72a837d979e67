#include "mapping/managed_mapping.hpp"

#include <algorithm>
#include <natcheck/causes.hpp>
#include <utility>

#include "portmap/port_mapper.hpp"
#include "portmap/removals.hpp"

namespace natcheck::mappings {
namespace {

using namespace std::chrono_literals;

constexpr auto retry_interval = 2s;
constexpr auto later_retry_interval = 5s;
/// After this time without a mapping no one waits for every second of it.
constexpr auto frequent_retries = 1min;
/// Between attempts where the gateway never made the mapping: a setting has to change first.
constexpr auto hopeless_retry_interval = 30s;
/// What the gateway before may take to remove what it has.
constexpr auto leaving_time = 1500ms;
/// What a request without an answer may take to be taken back, before another protocol is tried.
constexpr auto withdrawal_time = 3s;
constexpr auto never = managed_mapping::time_point::max();

}  // namespace

std::optional<step> managed_mapping::next_step() {
  if (steps_.empty()) return std::nullopt;
  step next = std::move(steps_.front());
  steps_.pop();
  return next;
}

managed_mapping::time_point managed_mapping::due() const {
  return holds() ? upkeep_.due() : retry_due_;
}

void managed_mapping::poll(instant now) {
  if (now.steady < due()) return;
  if (!holds()) return begin_obtaining();
  switch (upkeep_.next(now)) {
    case upkeep::work::over:
      return lose(cause_code::slept_past_lease, now.steady);
    case upkeep::work::wake_up:
      upkeep_.postpone_check(now.steady);  // the network may take a while to be back
      return begin_renewal(renewal::scheduled, now.steady);
    case upkeep::work::renewal:
      return begin_renewal(renewal::scheduled, now.steady);
    case upkeep::work::check:
      return begin_check(now.steady);
  }
}

// --- the gateway ---------------------------------------------------------------------------

void managed_mapping::leave(const cause& reason, instant now) {
  if (holds()) lose(reason, now.steady);
  release(now.steady + leaving_time);
}

void managed_mapping::enter(std::optional<mapping_gateway> gateway, instant now) {
  wanted_.enter(std::move(gateway));
  const auto& entered = wanted_.gateway();
  state_ = lost_since_ ? state::lost : state::none;
  choice_.reset(entered ? entered->services : std::vector<mapping_protocol>());
  holder_ = nullptr;
  told_failed_ = false;
  retry_due_ = entered ? now.steady : never;
  if (!entered) return;
  restore_records();
  clear_former_address(now.steady + leaving_time);
}

/// Back at a gateway where something of ours may still stand: only who has its nonce can renew or
/// remove it (RFC 6887 section 11.2.1).
void managed_mapping::restore_records() {
  for (mapping_service& each : choice_.all()) {
    const auto ours = std::ranges::find_if(unremoved_, [&](const mapping_record& record) {
      return record.via == each.via && record.gateway == wanted_.gateway()->ip &&
             record.internal.ip == wanted_.gateway()->local;
    });
    if (ours == unremoved_.end()) continue;
    give(steps::restore{each.number, *ours});
    each.record = *ours;
    unremoved_.erase(ours);
  }
}

/// What was made when this host had another address. Many routers let anyone remove it; others
/// (secure mode of miniupnpd) keep it until its lease is over.
void managed_mapping::clear_former_address(time_point deadline) {
  for (const mapping_record& each : unremoved_) {
    const bool is_former = each.via == mapping_protocol::upnp && each.internal.ip.is_v4() &&
                           each.gateway == wanted_.gateway()->ip &&
                           each.internal.ip != wanted_.gateway()->local;
    if (is_former) give(steps::remove_former{each, deadline});
  }
}

void managed_mapping::former_removed(const mapping_record& record) {
  std::erase(unremoved_, record);
  give(steps::erase{record});
}

// --- obtaining it ----------------------------------------------------------------------------

void managed_mapping::begin_obtaining() {
  state_ = state::obtaining;
  attempts_.clear();
  give(steps::read_journal{});
}

void managed_mapping::read(journal_view view, instant now) {
  wanted_.read(std::move(view));
  if (state_ == state::releasing) return end_services();
  if (state_ == state::renewing) {
    auto request = wanted_.request_to(holder_->via);
    request.table_may_be_wrong = renewal_ == renewal::quiet;
    return give(steps::map{holder_->number, request, upkeep_.lease().end()});
  }
  begin_search(now);
}

void managed_mapping::begin_search(instant now) {
  for (mapping_service& each : choice_.all())
    each.renews = wanted_.added_before(each.via) != nullptr;
  choice_.begin_search();
  if (!choice_.is_searching()) return searched(now);
  give(steps::search{});
}

void managed_mapping::found(std::size_t which, result<void> answer, bool has_answered,
                            instant now) {
  const bool is_there = answer.has_value();
  choice_.found(which, std::move(answer), has_answered, now.steady);
  if (choice_.is_searching()) return;
  if (!holds()) return try_next(now);
  if (is_there) return give(steps::check{which});
  const bool is_doubtful = upkeep_.count_failed_find();
  if (is_doubtful && choice_.all().size() > 1) begin_search(now);
}

void managed_mapping::searched(instant now) {
  choice_.end_search();
  if (!holds()) return try_next(now);
  const bool others = std::ranges::any_of(choice_.all(), &mapping_service::is_there);
  if (holder_->is_there() || !others) return;
  lose(cause_code::other_protocol_answers, now.steady);
}

void managed_mapping::try_next(instant now) {
  while (mapping_service* next = choice_.next(now.steady)) {
    if (!next->found) return give(steps::find{next->number});
    choice_.take();
    const auto why_not = next->is_there() ? wanted_.why_not(next->via) : next->found->error();
    if (!why_not) return prepare(*next);
    attempts_.push_back(failed_attempt(*next, *why_not));
  }
  attempt_failed(now.steady);
}

void managed_mapping::prepare(mapping_service& which) {
  tried_ = &which;
  const auto* added = wanted_.added_before(which.via);
  if (added != nullptr && !which.record) give(steps::restore{which.number, added->record});
  give(steps::prepare{which.number, wanted_.request_to(which.via),
                      wanted_.ports_of_others(which.via)});
}

/// Before the gateway is asked: should this program be killed now, the next one knows.
void managed_mapping::prepared(const mapping_record& record) {
  keep(*tried_, record);
  give(steps::map{tried_->number, wanted_.request_to(tried_->via), never});
}

void managed_mapping::mapped(const std::optional<result<mapping>>& answer,
                             const service_status& status, double chance, instant now) {
  tried_->has_answered = status.has_answered;
  if (holds()) return renewed(answer, status, chance, now);
  const result<mapping>& made = *answer;
  if (!made) return not_obtained(made.error(), status, now);
  keep(*tried_, status.record);
  attempts_.push_back({tried_->via, service_state::answered, {}});
  attempted_ = true;
  holder_ = tried_;
  renewal_ = renewal::scheduled;
  accept(*made, chance, now);
}

void managed_mapping::not_obtained(const failure& why, const service_status& status, instant now) {
  attempts_.push_back(failed_attempt(*tried_, why));
  if (status.refused_for) tried_->refuses_until = now.steady + *status.refused_for;
  const bool may_stand = why.kind != outcome::refused;  // perhaps on another port
  if (may_stand && options().asked_by == mapping_command::serve) {
    keep(*tried_, status.record);
  } else if (wanted_.has_to_stay(*tried_->record)) {
    erase(*tried_);
  } else {
    // Nothing stands after a refusal; where the mapper is not sure of that, it asks.
    const auto deadline = may_stand ? now.steady + withdrawal_time : never;
    return give(steps::unmap{tried_->number, deadline});
  }
  try_next(now);
}

void managed_mapping::attempt_failed(time_point now) {
  attempted_ = true;
  state_ = lost_since_ ? state::lost : state::refused;
  retry_due_ = now + pause_before_retry(now);
  if (!told_failed_) tell_failed();
}

/// A gateway that was there a moment ago will be back: someone waits.
managed_mapping::time_point::duration managed_mapping::pause_before_retry(time_point now) const {
  if (!lost_since_) return hopeless_retry_interval;
  return now - *lost_since_ < frequent_retries ? retry_interval : later_retry_interval;
}

// --- holding it ------------------------------------------------------------------------------

void managed_mapping::accept(const mapping& granted, double chance, instant now) {
  const auto before = std::exchange(entry_, granted);
  const bool was_lost = std::exchange(lost_since_, std::nullopt).has_value();
  // Not repeated with a renewal; but a lost mapping may come back with another one.
  auto& external = entry_->external_address;
  if (!external && before && !was_lost) external = before->external_address;
  wanted_.granted(granted.external_port);
  upkeep_.granted(granted, chance, now);
  told_failed_ = false;
  trouble_ = {};
  state_ = state::held;
  for (mapping_event& each : events_of_grant(before, was_lost, *entry_)) {
    const bool is_quiet =
        renewal_ == renewal::quiet && std::holds_alternative<events::renewed>(each);
    if (!is_quiet) tell(std::move(each));
  }
}

void managed_mapping::lose(cause reason, time_point now) {
  state_ = state::lost;
  lost_since_ = retry_due_ = now;
  tell(events::mapping_lost{*entry_, std::move(reason)});
}

void managed_mapping::begin_renewal(renewal how, time_point now) {
  state_ = state::renewing;
  renewal_ = how;
  if (how == renewal::quiet) upkeep_.quiet_renewal_begins(now);
  tried_ = holder_;
  give(steps::read_journal{});
}

/// A gateway that cannot be asked keeps the mapping until its lease is over; one whose table has
/// something else in its place does not.
void managed_mapping::renewed(const std::optional<result<mapping>>& answer,
                              const service_status& status, double chance, instant now) {
  state_ = state::held;
  if (!answer) {
    const cause silent = cause_code::no_answer_before_lease_end;
    return lose(trouble_.empty() ? silent : trouble_, now.steady);
  }
  if (*answer) {
    keep(*holder_, status.record);
    accept(**answer, chance, now);
  } else {
    renewal_failed(answer->error(), now.steady);
  }
  if (renewal_ == renewal::quiet) upkeep_.quiet_renewal_ended(now.steady);
}

void managed_mapping::renewal_failed(const failure& why, time_point now) {
  const bool is_lost = portmap::proves_loss(why);
  if (renewal_ == renewal::quiet && !is_lost) return;
  upkeep_.lease().failed(now);
  const bool was_told = !trouble_.empty();
  trouble_ = cause_of(why);
  if (is_lost || upkeep_.lease().over(now)) return lose(trouble_, now);
  if (!was_told) tell(events::renewal_failed{*entry_, trouble_, upkeep_.lease().left(now)});
}

// --- checking it -----------------------------------------------------------------------------

void managed_mapping::check_at(time_point when) {
  choice_.forget_refusals();
  upkeep_.check_at(when);
  if (!holds()) retry_due_ = std::min(retry_due_, when);
}

void managed_mapping::renew_at(time_point when) {
  upkeep_.renew_at(when);
  check_at(when);
}

/// Between renewals: a gateway that restarted has forgotten everything, long before the lease ends.
/// It may be back under another URL, or speak another protocol now.
void managed_mapping::begin_check(time_point now) {
  upkeep_.postpone_check(now);
  const std::size_t number = holder_->number;
  if (upkeep_.finds_first()) return give(steps::find{number});
  give(steps::check{number});
}

void managed_mapping::checked(const result<mapping_check>& answer, bool has_answered, instant now) {
  holder_->has_answered = has_answered;
  const auto& before = entry_->external_address;
  const auto after = answer ? answer->external_address : std::nullopt;
  const bool is_named_now = !before && after;  // then the user learns it too
  const bool to_renew =
      upkeep_.calls_for_renewal(answer ? &*answer : nullptr, is_named_now, now.steady);
  if (answer && !answer->stands) return lose(answer->detail, now.steady);
  if (before && after && *before != *after) {
    return lose({cause_code::external_address_changed, *before, *after}, now.steady);
  }
  if (to_renew) begin_renewal(renewal::quiet, now.steady);
}

// --- removing it -----------------------------------------------------------------------------

void managed_mapping::release(time_point deadline) {
  was_held_ = holds();
  state_ = state::releasing;
  choice_.stop();
  retry_due_ = never;
  release_deadline_ = deadline;
  const bool is_recorded = std::ranges::any_of(
      choice_.all(), [](const mapping_service& each) { return each.record.has_value(); });
  if (is_recorded) give(steps::read_journal{});
}

std::optional<mapping_record> managed_mapping::hand_over() {
  if (!holds()) return std::nullopt;
  return std::exchange(holder_->record, std::nullopt);
}

void managed_mapping::end_services() {
  for (mapping_service& each : choice_.all()) {
    if (!each.record) continue;
    if (!wanted_.has_to_stay(*each.record)) {
      give(steps::unmap{each.number, release_deadline_});
      continue;
    }
    erase(each);
    if (was_held_ && &each == holder_) {
      tell(events::unmapped{*entry_, false, cause_code::made_to_stay});
    }
  }
}

void managed_mapping::unmapped(std::size_t which, const std::optional<result<void>>& answer,
                               const service_status& status, instant now) {
  mapping_service& by = choice_.all()[which];
  if (state_ == state::releasing) return released(by, answer);
  if (answer && portmap::leaves_nothing(*answer)) {
    erase(by);
  } else {
    keep(by, status.record);
  }
  try_next(now);
}

void managed_mapping::released(mapping_service& by, const std::optional<result<void>>& removal) {
  const bool is_settled = removal && portmap::leaves_nothing(*removal);
  if (was_held_ && &by == holder_) {
    tell(end_of_held(*entry_, removal));
  } else if (!is_settled && &by != holder_) {
    tell(end_of_unconfirmed(*by.record, removal));
  }
  if (is_settled) return erase(by);
  unremoved_.push_back(*by.record);
}

// --- what others are told --------------------------------------------------------------------

void managed_mapping::keep(mapping_service& which, const mapping_record& record) {
  which.record = record;
  give(steps::keep{record});
}

void managed_mapping::erase(mapping_service& which) {
  give(steps::erase{*std::exchange(which.record, std::nullopt)});
}

void managed_mapping::tell_failed() {
  told_failed_ = true;
  give(steps::tell_failed{evidence()});
}

void managed_mapping::conclude() {
  if (attempted() || told_failed_) return;
  add_untried(choice_.all(), attempts_);
  tell_failed();
}

}  // namespace natcheck::mappings
