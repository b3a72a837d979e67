// Command lines as tests write them.
#pragma once

#include <gtest/gtest.h>

#include <sstream>

#include "cli/options.hpp"

namespace natcheck::cli {

inline std::vector<std::string> words(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> list;
  for (std::string word; stream >> word;) list.push_back(word);
  return list;
}

inline parsed_command parse(const std::string& line) { return parse_command_line(words(line)); }

/// The command of that type; a failed test and a default one where the line gives another.
template <class T>
T parse_as(const std::string& line) {
  const parsed_command parsed = parse(line);
  if (const T* command = std::get_if<T>(&parsed)) return *command;
  const auto* error = std::get_if<usage_error>(&parsed);
  ADD_FAILURE() << line << ": " << (error ? error->message : "another command");
  return {};
}

inline std::string error_of(const std::vector<std::string>& arguments) {
  const parsed_command parsed = parse_command_line(arguments);
  const auto* error = std::get_if<usage_error>(&parsed);
  return error ? error->message : "accepted";
}

inline std::string error_of(const std::string& line) { return error_of(words(line)); }

}  // namespace natcheck::cli
