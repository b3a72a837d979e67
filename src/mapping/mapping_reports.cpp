#include "mapping/mapping_reports.hpp"

#include <algorithm>
#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>

#include "mapping/stale_mappings.hpp"
#include "portmap/mappers.hpp"
#include "portmap/removals.hpp"

namespace natcheck::mappings {

mapping_evidence evidence_of(const mapping_options& options,
                             const std::optional<mapping_gateway>& gateway,
                             std::vector<mapping_attempt> attempts) {
  mapping_evidence seen;
  seen.asked_by = options.asked_by;
  seen.asked = options.asked;
  seen.only_via = portmap::only_protocol_of(options.via);
  seen.both_transports = options.both_transports;
  seen.protocol = options.protocol;
  seen.external_port = options.external_port;
  seen.attempts = std::move(attempts);
  if (!gateway) return seen;
  seen.internal = {gateway->local, options.internal_port};
  seen.gateway = gateway->ip;
  seen.tunnel = gateway->tunnel;
  return seen;
}

mapping_attempt failed_attempt(const mapping_service& by, const failure& why) {
  return {by.via,          portmap::state_of(why.kind), why.detail, why.refusal, why.code,
          by.has_answered, portmap::is_local_fault(why)};
}

void add_untried(const std::vector<mapping_service>& all, std::vector<mapping_attempt>& attempts) {
  for (const mapping_service& each : all) {
    const bool is_noted = std::ranges::any_of(
        attempts, [&](const mapping_attempt& attempt) { return attempt.via == each.via; });
    if (is_noted) continue;
    attempts.push_back({each.via, service_state::not_tried, cause_code::not_answered_in_time,
                        mapping_refusal::none, 0, each.has_answered});
  }
}

std::vector<mapping_event> events_of_grant(const std::optional<mapping>& before, bool was_lost,
                                           const mapping& now) {
  const bool is_named_now = before && !before->external_address && now.external_address;
  if (!before || (is_named_now && !was_lost)) {
    return {events::mapped{now, {}, diagnose(now)}};
  }
  const events::remapped again{now, {}, diagnose(now)};
  if (was_lost) return {again};
  const bool has_moved = now.external_port != before->external_port ||
                         now.external_address != before->external_address;
  if (!has_moved) return {events::renewed{now}};
  return {events::mapping_lost{*before, cause_code::other_grant}, again};
}

mapping_event end_of_held(const mapping& entry, const std::optional<result<void>>& removal) {
  if (!removal) return events::unmapped{entry, false, cause_code::router_too_slow};
  if (*removal) return events::unmapped{entry, true, {}};
  if (portmap::leaves_nothing(*removal))
    return events::mapping_lost{entry, removal->error().detail};
  return events::unmapped{entry, false, cause_of(removal->error())};
}

mapping_event end_of_unconfirmed(const mapping_record& record,
                                 const std::optional<result<void>>& removal) {
  const cause why_not = removal ? cause_of(removal->error()) : cause_code::router_too_slow;
  return events::unmapped{mapping_of(record), false, {cause_code::never_confirmed, why_not}};
}

std::optional<failure> local_fault_of(const mapping_evidence& seen) {
  const auto& all = seen.attempts;
  const bool by_this_machine =
      !all.empty() && std::ranges::all_of(all, [](const auto& each) { return each.local_fault; });
  if (!by_this_machine) return std::nullopt;
  return failure{outcome::unavailable,
                 {operation_code::asking_to_open_port, *seen.gateway, seen.external_port},
                 all.front().detail,
                 0};
}

}  // namespace natcheck::mappings
