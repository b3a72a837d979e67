#include "portmap/upnp_soap.hpp"

#include <fmt/format.h>
#include <miniupnpc/upnperrors.h>
#include <miniupnpc/upnpreplyparse.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "core/upnp_errors.hpp"

namespace natcheck::portmap {
namespace {

using name_values = std::vector<std::pair<std::string, std::string>>;

struct entity {
  std::string_view name;
  char character;
};

/// XML 1.0 section 4.6.
constexpr std::array entities{entity{"&amp;", '&'}, entity{"&lt;", '<'}, entity{"&gt;", '>'},
                              entity{"&quot;", '"'}, entity{"&apos;", '\''}};

std::string escape_xml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const auto match = std::find_if(entities.begin(), entities.end(),
                                    [c](const entity& e) { return e.character == c; });
    if (match == entities.end()) {
      escaped += c;
    } else {
      escaped += match->name;
    }
  }
  return escaped;
}

/// miniupnpc leaves entities in values as they are.
std::string unescape_xml(std::string_view text) {
  std::string plain;
  while (!text.empty()) {
    const auto match = std::find_if(entities.begin(), entities.end(),
                                    [&](const entity& e) { return text.starts_with(e.name); });
    plain += match == entities.end() ? text.front() : match->character;
    text.remove_prefix(match == entities.end() ? 1 : match->name.size());
  }
  return plain;
}

/// Every leaf element of a document, in document order. miniupnpc cuts values at 127 bytes.
name_values leaf_elements(const std::string& xml) {
  NameValueParserData parsed{};
  ParseNameValue(xml.data(), static_cast<int>(xml.size()), &parsed);
  name_values values;
  for (const NameValue* item = parsed.l_head; item != nullptr; item = item->l_next) {
    values.emplace_back(item->name, unescape_xml(item->value));
  }
  ClearNameValueList(&parsed);
  std::reverse(values.begin(), values.end());  // the library's list runs backwards
  return values;
}

/// The errorCode of a fault, also from XML too broken for a parser (seen: Archer C8), and signed,
/// since some routers answer -911.
std::optional<int> find_error_code(const std::string& body) {
  constexpr std::string_view tag = "errorCode>";
  const auto at = body.find(tag);
  if (at == std::string::npos) return std::nullopt;
  const char* begin = body.data() + at + tag.size();
  int code = 0;
  const auto [end, error] = std::from_chars(begin, body.data() + body.size(), code);
  return error == std::errc{} ? std::optional{code} : std::nullopt;
}

struct error_words {
  int code;
  std::string_view words;
};

constexpr std::array upnp_errors{
    error_words{upnp_error::invalid_action, "it does not know this action"},
    error_words{upnp_error::invalid_args,
                "it does not accept the values (some routers accept no lease time)"},
    error_words{upnp_error::action_failed, "it could not do it, and does not say why"},
    error_words{upnp_error::action_not_authorized, "it does not allow this device to do that"},
    error_words{upnp_error::no_such_entry_in_array, "there is no such entry"},
    error_words{upnp_error::wildcard_not_permitted_in_ext_port,
                "it does not allow this external port"},
    error_words{upnp_error::conflict_in_mapping_entry,
                "the external port is already forwarded to another device"},
    error_words{upnp_error::same_port_values_required, "it wants the same port outside and inside"},
    error_words{upnp_error::only_permanent_leases_supported,
                "it keeps only permanent entries, none with a lease time"},
    error_words{upnp_error::no_port_maps_available, "its table of forwarded ports is full"},
    error_words{upnp_error::conflict_with_other_mechanisms,
                "the port is already used by another rule of the router"},
};

}  // namespace

soap_call make_call(std::string_view service_type, std::string_view action,
                    const soap_arguments& arguments) {
  std::string values;
  for (const auto& [name, value] : arguments) {
    values += fmt::format("<{0}>{1}</{0}>", name, escape_xml(value));
  }
  return {fmt::format("\"{}#{}\"", service_type, action),
          fmt::format("<?xml version=\"1.0\"?>\r\n"
                      "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" "
                      "s:encodingStyle=\"http://schemas.xmlsoap.org/soap/encoding/\">"
                      "<s:Body><u:{0} xmlns:u=\"{1}\">{2}</u:{0}></s:Body></s:Envelope>\r\n",
                      action, service_type, values)};
}

std::optional<std::string> soap_values::find(std::string_view name) const {
  const auto match =
      std::find_if(values_.begin(), values_.end(), [&](const auto& v) { return v.first == name; });
  if (match == values_.end()) return std::nullopt;
  return match->second;
}

std::optional<bool> soap_values::find_flag(std::string_view name) const {
  const auto text = find(name);
  if (text == "1" || text == "true" || text == "yes") return true;
  if (text == "0" || text == "false" || text == "no") return false;
  return std::nullopt;
}

std::optional<address> soap_values::find_address(std::string_view name) const {
  boost::system::error_code error;
  const address value = boost::asio::ip::make_address(find(name).value_or(""), error);
  return error ? std::nullopt : std::optional{value};
}

result<soap_values> read_answer(std::string_view action, const http_reply& reply,
                                std::string operation) {
  const bool responds = reply.body.find(fmt::format("{}Response", action)) != std::string::npos;
  if (reply.status == 200 && responds) return soap_values{leaf_elements(reply.body)};
  if (const auto code = find_error_code(reply.body)) {
    return failure{outcome::refused, std::move(operation),
                   fmt::format("{} (UPnP error {})", describe_upnp_error(*code), *code), *code};
  }
  if (reply.status != 200) {
    return failure{outcome::refused, std::move(operation), fmt::format("HTTP {}", reply.status)};
  }
  return failure{outcome::malformed, std::move(operation),
                 "the answer is no UPnP answer (a login page, perhaps)"};
}

std::string describe_upnp_error(int code) {
  const auto known = std::find_if(upnp_errors.begin(), upnp_errors.end(),
                                  [code](const error_words& e) { return e.code == code; });
  if (known != upnp_errors.end()) return std::string(known->words);
  const char* words = strupnperror(code);
  if (words != nullptr && words != std::string_view("UnknownError")) return words;
  return "an error that the standard does not know";
}

}  // namespace natcheck::portmap
