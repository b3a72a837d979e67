// Why something failed or was not done, and what was being done: as codes with values, which a
// program can go by. to_string() has the words, causes.hpp and operations.hpp the codes.
#pragma once

#include <concepts>
#include <cstdint>
#include <natcheck/endpoint.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace natcheck {

enum class cause_code : std::uint16_t;
enum class operation_code : std::uint16_t;

struct cause;
struct operation;

/// What the words of a cause or an operation name: numbers, text of another program or host, an
/// address, causes of the cause, and what failed for them. Text is as it came: it may hold control
/// characters.
using cause_value = std::variant<std::int64_t, double, std::string, address, endpoint,
                                 std::vector<cause>, std::vector<operation>>;

namespace detail {

cause_value to_cause_value(std::int64_t value);
cause_value to_cause_value(double value);
cause_value to_cause_value(std::string value);
cause_value to_cause_value(std::string_view value);
cause_value to_cause_value(const char* value);
cause_value to_cause_value(const address& value);
cause_value to_cause_value(const endpoint& value);
cause_value to_cause_value(const cause& value);
cause_value to_cause_value(const operation& value);
template <std::integral Number>
cause_value to_cause_value(Number value);

}  // namespace detail

/// Why something failed, was rejected, or was not done. The values are those that the comment at
/// the code names, in that order.
struct cause {
  cause_code code{};
  std::vector<cause_value> values;

  /// None: nothing failed, or nothing is known of why.
  cause();
  cause(cause_code because);
  template <class... Values>
  cause(cause_code because, const Values&... all);
  /// What another program or host says (cause_code::quoted); words of natcheck's own are a code.
  cause(std::string text);
  cause(const char* text);

  bool empty() const { return code == cause_code{}; }
  friend bool operator==(const cause& a, const cause& b);
};

/// What was tried, and with whom.
struct operation {
  operation_code code{};
  std::vector<cause_value> values;

  operation();
  operation(operation_code tried);
  template <class... Values>
  operation(operation_code tried, const Values&... all);

  bool empty() const { return code == operation_code{}; }
  friend bool operator==(const operation& a, const operation& b);
};

template <class... Values>
cause::cause(cause_code because, const Values&... all)
    : code(because), values{detail::to_cause_value(all)...} {}

template <class... Values>
operation::operation(operation_code tried, const Values&... all)
    : code(tried), values{detail::to_cause_value(all)...} {}

template <std::integral Number>
cause_value detail::to_cause_value(Number value) {
  return to_cause_value(static_cast<std::int64_t>(value));
}

/// In plain English, a clause without a full stop: "no answer to 3 requests in 1750 ms". Empty for
/// no cause.
std::string to_string(const cause& why);

/// A phrase: "asking 192.168.1.1:5351 for a mapping (PCP)".
std::string to_string(const operation& tried);

}  // namespace natcheck
