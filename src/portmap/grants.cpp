#include "portmap/grants.hpp"

#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>
#include <utility>

#include "core/written_address.hpp"

namespace natcheck::portmap {

std::uint16_t first_choice(const mapping_request& request) {
  return request.external_port != 0 ? request.external_port : request.internal_port;
}

failure another_port_granted(natcheck::operation operation, std::uint16_t asked,
                             std::uint16_t granted, const result<void>& given_back) {
  cause why = given_back ? cause(cause_code::other_port_granted, granted, asked)
                         : cause(cause_code::other_port_not_returned, granted, asked,
                                 given_back.error().detail);
  return {outcome::refused, std::move(operation), std::move(why), 0,
          mapping_refusal::granted_otherwise};
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

external_address_report judge_external_address(const gateway_access& access,
                                               const std::string& text) {
  auto doubt = doubt_external_address(text, access.gateway);
  const auto told = doubt.empty() ? read_written_address(text) : std::nullopt;
  if (!told || told->is_unspecified()) return {std::nullopt, std::move(doubt)};
  return {told, {}};
}

void set_external_address(external_address_report told, mapping& entry) {
  entry.external_address = told.usable;
  entry.doubt = std::move(told.doubt);
}

std::optional<failure> out_of_reach(const gateway_access& access, const mapping_record& record) {
  if (record.internal.ip == access.from.local) return std::nullopt;
  return failure{outcome::unavailable,
                 {operation_code::removing_mapping, access.gateway},
                 {cause_code::leads_to_another_host, record.internal.ip}};
}

}  // namespace natcheck::portmap
