// UPnP's SOAP as text: pure, no I/O.
#pragma once

#include <charconv>
#include <natcheck/endpoint.hpp>
#include <natcheck/error.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portmap/xml.hpp"
#include "protocols/http/response_reader.hpp"

namespace natcheck::portmap {

using soap_arguments = std::vector<std::pair<std::string_view, std::string>>;

/// The body of a call of `action` on `service_type`, values escaped.
std::string soap_envelope(std::string_view service_type, std::string_view action,
                          const soap_arguments& arguments = {});

/// The values of a SOAP answer by name.
class soap_values {
 public:
  /// Of each value the first 256 bytes.
  explicit soap_values(const std::vector<xml_event>& answer);
  /// Whatever the case of its name. See `xml_event` for what is done to the value.
  std::optional<std::string> find(std::string_view name) const;
  /// Empty also where the value does not begin with a number that fits.
  template <class Number>
  std::optional<Number> find_number(std::string_view name) const;
  /// Empty also where the value is no boolean (UPnP Device Architecture: 0/1, false/true, no/yes;
  /// on/off and enabled/disabled were seen), whatever the case.
  std::optional<bool> find_flag(std::string_view name) const;
  /// Empty also where the value is no address (read_written_address).
  std::optional<address> find_address(std::string_view name) const;

 private:
  std::vector<std::pair<std::string, std::string>> values_;
};

template <class Number>
std::optional<Number> soap_values::find_number(std::string_view name) const {
  const auto text = find(name);
  if (!text) return std::nullopt;
  Number value = 0;
  const char* const begin = text->data() + (text->starts_with('+') ? 1 : 0);
  const auto [end, error] = std::from_chars(begin, text->data() + text->size(), value);
  return error == std::errc{} ? std::optional{value} : std::nullopt;
}

/// A UPnP fault, whatever the HTTP status, becomes `refused` with its errorCode. What is neither a
/// fault nor a response to `action` becomes `refused` without a code where the HTTP status is an
/// error, and else `malformed` (a login page, say, or no body at all).
result<soap_values> read_answer(std::string_view action, const http::response& reply,
                                operation asking);

/// What it means where a mapping was asked for.
mapping_refusal refusal_of(int code);

}  // namespace natcheck::portmap
