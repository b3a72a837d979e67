#include "mapping/journal/removal_policy.hpp"

#include <algorithm>
#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>

#include "core/gateway_services.hpp"

namespace natcheck::journal {
namespace {

cause owner_of(const known_record& known) {
  if (known.owner == recorded_by::running) {
    return {cause_code::used_by_natcheck, known.process};
  }
  return {cause_code::added_before, known.record.external_port};
}

}  // namespace

std::optional<failure> open_by_another_port(const std::vector<known_record>& known,
                                            const mapping_key& wanted, bool any_port) {
  if (!row_of(wanted.via).one_per_internal_port || any_port) return std::nullopt;
  const auto found = std::ranges::find_if(known, [&](const known_record& each) {
    return each.owner != recorded_by::dead && same_destination(each.record, wanted) &&
           each.record.external_port != wanted.external_port;
  });
  if (found == known.end()) return std::nullopt;
  return failure{outcome::refused,
                 {operation_code::opening_port_on, wanted.external_port, wanted.gateway},
                 {cause_code::open_as_another_port, wanted.internal.port,
                  found->record.external_port, owner_of(*found)},
                 0,
                 mapping_refusal::already_mapped};
}

const known_record* added_before(const std::vector<known_record>& known, const mapping_key& wanted,
                                 bool any_port) {
  const auto found = std::ranges::find_if(known, [&](const known_record& each) {
    return each.owner == recorded_by::added && each.record.via == wanted.via &&
           same_destination(each.record, wanted) &&
           (any_port || each.record.external_port == wanted.external_port);
  });
  return found == known.end() ? nullptr : &*found;
}

bool has_to_stay(const std::vector<known_record>& known, const mapping_key& made) {
  return std::ranges::any_of(known, [&](const known_record& each) {
    return each.owner == recorded_by::added && same_external_port(each.record, made);
  });
}

std::vector<std::uint16_t> ports_of_others(const std::vector<known_record>& known,
                                           const mapping_key& wanted) {
  std::vector<std::uint16_t> ports;
  for (const known_record& each : known) {
    if (each.owner == recorded_by::dead || !same_destination(each.record, wanted)) continue;
    ports.push_back(each.record.external_port);
  }
  return ports;
}

}  // namespace natcheck::journal
