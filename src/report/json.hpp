// The parts that the JSON of all commands is made of. An empty optional is null.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <natcheck/diagnosis.hpp>
#include <optional>

namespace natcheck::report {

namespace json = boost::json;

inline json::value to_value(std::string_view text) { return json::string(text); }
inline json::value to_value(int number) { return number; }
inline json::value to_value(std::uint32_t number) { return number; }
inline json::value to_value(std::uint8_t number) { return number; }
inline json::value to_value(std::uint16_t number) { return number; }
inline json::value to_value(millis duration) { return duration.count(); }
inline json::value to_value(const address& ip) { return to_value(ip.to_string()); }
inline json::value to_value(const endpoint& value) { return to_value(to_string(value)); }
inline json::value to_value(std::chrono::seconds span) { return span.count(); }
json::value to_value(const finding& found);

template <class T>
json::value or_null(const std::optional<T>& value) {
  return value ? to_value(*value) : json::value(nullptr);
}

/// What `part` makes of the value.
template <class T, class Part>
json::value or_null(const std::optional<T>& value, Part part) {
  return value ? json::value(part(*value)) : json::value(nullptr);
}

/// What `part` makes of each.
template <class Range, class Part>
json::array list_of(const Range& all, Part part) {
  json::array list;
  for (const auto& each : all) list.push_back(part(each));
  return list;
}

/// Text of which nothing is known is empty in the evidence, and null in JSON.
json::value or_null(const std::string& text);
json::value or_null(const cause& why);

/// What a device says, within bounds: cut at 256 bytes.
json::value foreign(const std::string& text);
json::value foreign(const std::optional<std::string>& text);

json::value to_value(const std::vector<std::string>& texts);
json::value to_value(const std::vector<cause>& all);
json::object to_value(const verdict& judged);
json::value to_value(const std::vector<finding>& findings);
json::value to_value(const std::vector<mapping_attempt>& attempts);

/// The external endpoint of a mapping.
json::value external_part(const mapping& entry);

/// RFC 3339, UTC, with milliseconds.
std::string timestamp(std::chrono::system_clock::time_point at);

}  // namespace natcheck::report
