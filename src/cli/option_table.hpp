// Every option once: the parser and the help both read this table.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace natcheck::cli {

enum class topic { overview, discover, serve, probe, mappings };

inline constexpr topic commands[] = {topic::discover, topic::serve, topic::probe, topic::mappings};

/// "serve"; empty for the overview.
std::string_view name_of(topic command);

struct option_row {
  std::string name;       ///< without dashes
  std::string value;      ///< what the value is called in the help; empty: it takes none
  std::vector<topic> of;  ///< the commands that take it; several rows may share a name
  std::string summary;    ///< for the help
  char letter = '\0';     ///< the short form, where there is one
};

std::span<const option_row> option_table();

bool takes(const option_row& row, topic command);

/// The row of that name, preferably one that `command` takes; nullptr when there is none.
const option_row* find_option(std::string_view name, topic command);

}  // namespace natcheck::cli
