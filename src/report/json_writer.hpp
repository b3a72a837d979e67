// Prints JSON for people and scripts alike. Boost.JSON itself writes 31.0 as 3.1E1, and everything
// on one line.
#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace natcheck::report {

enum class json_layout { one_line, indented };

/// `value` as JSON, without a newline at its end. Doubles have at most three decimals and no
/// exponent. Strings come out as valid UTF-8 without control characters, whatever they hold.
std::string print_json(const boost::json::value& value, json_layout layout);

}  // namespace natcheck::report
