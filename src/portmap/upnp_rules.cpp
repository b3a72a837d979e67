#include "portmap/upnp_rules.hpp"

#include <algorithm>
#include <array>

#include "portmap/upnp_errors.hpp"

namespace natcheck::portmap {
namespace {

constexpr std::uint16_t first_unprivileged_port = 1024;
constexpr int wildcard_not_permitted_in_src_ip = 715;
constexpr std::chrono::seconds a_week{604'800};  // the most of WANIPConnection:2
constexpr std::chrono::seconds for_ever{0};

}  // namespace

bool is_version_2(const wan_service& service) { return service.type.ends_with(":2"); }

bool is_unclear(const failure& why) {
  return why.code == 0 && why.refusal == mapping_refusal::none;
}

bool refuses_lease(const failure& why) {
  return why.refusal == mapping_refusal::lifetime_rejected || why.code < 0;
}

bool may_refuse_lease(const failure& why) {
  constexpr std::array other_reasons{
      mapping_refusal::not_authorized, mapping_refusal::table_full, mapping_refusal::port_conflict,
      mapping_refusal::port_not_allowed, mapping_refusal::same_port_required};
  constexpr std::array other_codes{
      upnp_error::invalid_action, upnp_error::optional_action_not_implemented,
      upnp_error::no_such_entry_in_array, wildcard_not_permitted_in_src_ip};
  return std::ranges::find(other_reasons, why.refusal) == other_reasons.end() &&
         std::ranges::find(other_codes, why.code) == other_codes.end();
}

bool refuses_port(const failure& why, std::uint16_t external_port) {
  return why.refusal == mapping_refusal::port_conflict ||
         why.refusal == mapping_refusal::port_not_allowed ||
         why.refusal == mapping_refusal::no_reason ||
         (why.refusal == mapping_refusal::not_authorized &&
          external_port < first_unprivileged_port);
}

std::vector<std::chrono::seconds> lease_times(std::chrono::seconds asked,
                                              std::optional<std::chrono::seconds> worked) {
  std::vector<std::chrono::seconds> times;
  for (const auto time : {worked.value_or(asked), asked, a_week, for_ever}) {
    if (std::find(times.begin(), times.end(), time) == times.end()) times.push_back(time);
  }
  return times;
}

std::chrono::seconds lease_of(std::optional<std::uint32_t> told, const wan_service& service,
                              std::chrono::seconds asked) {
  if (!told || (*told == 0 && is_version_2(service))) return asked;
  return std::chrono::seconds(*told);
}

}  // namespace natcheck::portmap
