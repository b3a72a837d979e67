#include "portmap/upnp_soap.hpp"

#include <fmt/format.h>
#include <miniupnpc/upnperrors.h>

#include <algorithm>
#include <charconv>
#include <natcheck/causes.hpp>

#include "core/text.hpp"
#include "core/written_address.hpp"
#include "portmap/upnp_errors.hpp"

namespace natcheck::portmap {
namespace {

/// Whether the answer is one to `action`. Some gateways leave out "Response", or name it in
/// another way; what then has values of UPnP's (New…) is taken for it, unless it says that it is
/// another action's.
bool answers(const std::vector<xml_event>& xml, std::string_view action) {
  const auto has = [&](const auto& test) {
    return std::ranges::any_of(xml, test, &xml_event::name);
  };
  const auto begins = [](std::string_view with) {
    return [with](std::string_view text) {
      return equal_ignoring_case(text.substr(0, with.size()), with);
    };
  };
  const auto is_response = [](std::string_view name) { return name.ends_with("Response"); };
  return has(begins(action)) || (!has(is_response) && has(begins("New")));
}

/// By the standard; empty for one that it does not define.
std::string_view name_of(int code) {
  const char* const name = strupnperror(code);
  return name == nullptr || name == std::string_view("UnknownError") ? "" : name;
}

/// The errorCode of a fault. Some gateways send only its errorDescription, by the standard's name.
int error_code_in(const soap_values& values) {
  const auto code = values.find_number<int>("errorCode").value_or(0);
  const auto words = values.find("errorDescription").value_or("");
  if (code != 0 || words.empty()) return code;
  constexpr int first_code = 401;
  constexpr int last_code = 899;
  for (int each = first_code; each <= last_code; ++each) {
    if (equal_ignoring_case(name_of(each), words)) return each;
  }
  return 0;
}

}  // namespace

std::string soap_envelope(std::string_view service_type, std::string_view action,
                          const soap_arguments& arguments) {
  std::string values;
  for (const auto& [name, value] : arguments) {
    values += fmt::format("<{0}>{1}</{0}>", name, escape_xml(value));
  }
  return fmt::format(
      "<?xml version=\"1.0\"?>\r\n"
      "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "
      "s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\">"
      "<s:Body><u:{0} xmlns:u=\"{1}\">{2}</u:{0}></s:Body></s:Envelope>\r\n",
      action, service_type, values);
}

soap_values::soap_values(const std::vector<xml_event>& answer) {
  constexpr std::size_t longest = 256;
  for (const xml_event& event : answer) {
    if (event.what != xml_event::kind::value) continue;
    values_.emplace_back(event.name, event.value.substr(0, longest));
  }
}

std::optional<std::string> soap_values::find(std::string_view name) const {
  const auto match = std::ranges::find_if(
      values_, [&](const auto& each) { return equal_ignoring_case(each.first, name); });
  if (match == values_.end()) return std::nullopt;
  return match->second;
}

std::optional<bool> soap_values::find_flag(std::string_view name) const {
  const auto text = find(name).value_or("");
  const auto is_one_of = [&](std::initializer_list<std::string_view> words) {
    return std::any_of(words.begin(), words.end(),
                       [&](std::string_view word) { return equal_ignoring_case(text, word); });
  };
  if (is_one_of({"1", "true", "yes", "on", "enabled"})) return true;
  if (is_one_of({"0", "false", "no", "off", "disabled"})) return false;
  return std::nullopt;
}

std::optional<address> soap_values::find_address(std::string_view name) const {
  return read_written_address(find(name).value_or(""));
}

result<soap_values> read_answer(std::string_view action, const http::response& reply,
                                operation asking) {
  const auto xml = read_xml(reply.body);
  const soap_values values(xml);
  const int code = error_code_in(values);
  if (code != 0) {
    const auto name = name_of(code);
    const auto why = name.empty() ? cause(cause_code::upnp_undefined_error, code)
                                  : cause(cause_code::upnp_connection_error, code, name);
    return failure{outcome::refused, std::move(asking), why, code, refusal_of(code)};
  }
  if (answers(xml, action)) return values;
  if (reply.status / 100 != 2) {
    const cause why{cause_code::http_status, reply.status};
    return failure{outcome::refused, std::move(asking), why, 0};
  }
  return failure{
      outcome::malformed, std::move(asking),
      reply.body.empty() ? cause_code::upnp_answer_empty : cause_code::upnp_answer_not_upnp, 0};
}

mapping_refusal refusal_of(int code) {
  switch (code) {
    case upnp_error::action_not_authorized:
      return mapping_refusal::not_authorized;
    case upnp_error::no_port_maps_available:
      return mapping_refusal::table_full;
    case upnp_error::conflict_in_mapping_entry:
    case upnp_error::conflict_with_other_mechanisms:
      return mapping_refusal::port_conflict;
    case upnp_error::wildcard_not_permitted_in_ext_port:
      return mapping_refusal::port_not_allowed;
    case upnp_error::same_port_values_required:
      return mapping_refusal::same_port_required;
    case upnp_error::invalid_args:
    case upnp_error::only_permanent_leases_supported:
      return mapping_refusal::lifetime_rejected;
    case upnp_error::action_failed:
      return mapping_refusal::no_reason;
    default:
      return mapping_refusal::other;
  }
}

}  // namespace natcheck::portmap
