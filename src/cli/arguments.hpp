// The first half of reading the command line: which words are the command, options and operands.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/option_table.hpp"

namespace natcheck::cli {

struct given_option {
  std::string name;   ///< the long name without dashes, also where the short form was used
  std::string value;  ///< empty for options without one
};

struct argument_list {
  topic command = topic::overview;  ///< overview: none was given
  bool help = false;                ///< by the word "help" instead of a command
  std::vector<std::string> operands;
  std::vector<given_option> options;

  unsigned count(std::string_view name) const;
  bool has(std::string_view name) const { return count(name) > 0; }
  /// The last value given for it; nullptr when there is none.
  const std::string* value_of(std::string_view name) const;
  /// All of them, in their order.
  std::vector<std::string> values_of(std::string_view name) const;
};

/// Splits the arguments. Throws usage_error for unknown words and for values that are missing or
/// superfluous: at start-up, and caught before anything else runs.
argument_list split_arguments(const std::vector<std::string>& arguments);

/// Throws usage_error for options and operands that the command does not take.
void check_arguments(const argument_list& given);

/// The text on one line, whatever it contains: what a terminal obeys or does not show becomes '?'.
std::string printable(std::string_view text);

}  // namespace natcheck::cli
