#include "portmap/upnp_soap.hpp"

#include <fmt/format.h>
#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnperrors.h>
#include <miniupnpc/upnpreplyparse.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace natcheck::portmap {
namespace {

using name_values = std::vector<std::pair<std::string, std::string>>;

/// Every leaf element of a document, in document order. miniupnpc cuts values at 127 bytes.
name_values leaf_elements(const std::string& xml) {
  NameValueParserData parsed{};
  ParseNameValue(xml.data(), static_cast<int>(xml.size()), &parsed);
  name_values values;
  for (const NameValue* item = parsed.l_head; item != nullptr; item = item->l_next) {
    values.emplace_back(item->name, item->value);
  }
  ClearNameValueList(&parsed);
  std::reverse(values.begin(), values.end());  // the library's list runs backwards
  return values;
}

std::string first_value(const name_values& values, std::string_view name) {
  const auto match =
      std::find_if(values.begin(), values.end(), [&](const auto& v) { return v.first == name; });
  return match == values.end() ? std::string{} : match->second;
}

/// The control URL of `service` made absolute, as miniupnpc does it.
std::string absolute_control_url(IGDdatas data, const IGDdatas_service& service,
                                 const std::string& location) {
  data.first = service;
  UPNPUrls urls{};
  GetUPNPUrls(&urls, &data, location.c_str(), 0);
  std::string control = urls.controlURL != nullptr ? urls.controlURL : "";
  FreeUPNPUrls(&urls);
  return control;
}

result<wan_service> read_service(const IGDdatas& data, const IGDdatas_service& service,
                                 const ssdp::http_url& location) {
  const std::string from = ssdp::to_string(location);
  const auto refuse = [&](std::string detail) {
    return failure{outcome::malformed, "reading " + from + " (UPnP)", std::move(detail)};
  };
  // miniupnpc cuts what is longer than its buffers without a word.
  if (std::strlen(service.controlurl) + 1 >= sizeof service.controlurl) {
    return refuse("its control URL is longer than 127 characters");
  }
  auto control = ssdp::check_location(absolute_control_url(data, service, from), location.host);
  if (!control) return refuse("its control URL cannot be used: " + control.error().reason);
  return wan_service{service.servicetype, std::move(*control)};
}

std::string escape_xml(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
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
    error_words{401, "it does not know this action"},
    error_words{402, "it does not accept the values (some routers accept no lease time)"},
    error_words{501, "it could not do it, and does not say why"},
    error_words{606, "it does not allow this device to do that"},
    error_words{714, "there is no such entry"},
    error_words{716, "it does not allow this external port"},
    error_words{718, "the external port is already forwarded to another device"},
    error_words{724, "it wants the same port outside and inside"},
    error_words{725, "it keeps only permanent entries, none with a lease time"},
    error_words{728, "its table of forwarded ports is full"},
    error_words{729, "the port is already used by another rule of the router"},
};

}  // namespace

result<igd_description> read_description(const ssdp::http_url& location, const std::string& xml) {
  IGDdatas data{};
  parserootdesc(xml.data(), static_cast<int>(xml.size()), &data);
  failure why{outcome::malformed, "reading " + ssdp::to_string(location) + " (UPnP)",
              "it describes no WAN connection, so it is no Internet gateway"};
  igd_description description;
  for (const IGDdatas_service* service : {&data.first, &data.second}) {
    if (service->servicetype[0] == '\0') continue;
    if (auto usable = read_service(data, *service, location)) {
      description.services.push_back(std::move(*usable));
    } else {
      why = usable.error();
    }
  }
  if (description.services.empty()) return why;
  const name_values names = leaf_elements(xml);
  description.device = first_value(names, "friendlyName");
  description.manufacturer = first_value(names, "manufacturer");
  description.model = first_value(names, "modelName");
  return description;
}

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
