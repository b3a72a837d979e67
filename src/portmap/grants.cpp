#include "portmap/grants.hpp"

#include <fmt/format.h>

#include "core/written_address.hpp"

namespace natcheck::portmap {
std::uint16_t first_choice(const mapping_request& request) {
  return request.external_port != 0 ? request.external_port : request.internal_port;
}

failure another_port_granted(natcheck::operation operation, std::uint16_t asked,
                             std::uint16_t granted, const result<void>& given_back) {
  auto detail = fmt::format("it granted external port {} instead of {}", granted, asked);
  if (!given_back) {
    detail += ", and that mapping could not be removed: " + to_string(given_back.error().detail);
  }
  return {outcome::refused, std::move(operation), std::move(detail), 0,
          mapping_refusal::granted_otherwise};
}

outcome before_sending(outcome kind) {
  return kind == outcome::denied ? kind : outcome::unavailable;
}

result<void> removed_unless(std::uint32_t left_s, natcheck::operation operation) {
  if (left_s == 0) return result<void>{};
  return failure{outcome::refused, std::move(operation),
                 fmt::format("the router keeps the mapping for {} s", left_s), 0};
}

mapping_record record_of(const gateway_access& access, mapping_protocol via,
                         const mapping_request& request) {
  mapping_record record;
  record.via = via;
  record.protocol = request.protocol;
  record.gateway = access.gateway;
  record.interface = access.from.interface;
  record.internal = {access.from.local, request.internal_port};
  record.external_port = first_choice(request);
  record.lifetime = request.lifetime;
  return record;
}

std::string table_lost(std::uint32_t epoch_s) {
  return fmt::format(
      "the router lost its port mappings {} s ago by its own clock: it restarted, or its address "
      "changed",
      epoch_s);
}

external_word external_word_of(const gateway_access& access, const std::string& text) {
  auto doubt = doubt_external_address(text, access.gateway);
  const auto told = doubt.empty() ? read_written_address(text) : std::nullopt;
  if (!told || told->is_unspecified()) return {std::nullopt, std::move(doubt)};
  return {told, {}};
}

void take_external_word(external_word told, mapping& entry) {
  entry.external_address = told.usable;
  entry.doubt = std::move(told.doubt);
}

std::optional<failure> out_of_reach(const gateway_access& access, const mapping_record& record) {
  if (record.internal.ip == access.from.local) return std::nullopt;
  return failure{outcome::unavailable,
                 fmt::format("removing a mapping on {}", access.gateway.to_string()),
                 fmt::format("it leads to {}, and only that address can remove it; it stays on "
                             "the router until its lease expires",
                             record.internal.ip.to_string()),
                 0};
}

}  // namespace natcheck::portmap
