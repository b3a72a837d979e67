// The command line as values.
#pragma once

#include <natcheck/discover.hpp>
#include <natcheck/mappings.hpp>
#include <natcheck/probe.hpp>
#include <natcheck/serve.hpp>
#include <string>
#include <variant>
#include <vector>

#include "cli/option_table.hpp"

namespace natcheck::cli {

enum class color_choice { automatic, always, never };

struct common_options {
  bool json = false;
  bool quiet = false;
  unsigned verbosity = 0;  ///< how often -v was given
  color_choice color = color_choice::automatic;
};

struct discover_command {
  common_options common;
  discover_options options;
  bool redact = false;  ///< public addresses are replaced before anything is printed
};

struct serve_command {
  common_options common;
  serve_options options;
  bool qr = true;  ///< show the page's address as a QR code, on a terminal
};

struct probe_command {
  common_options common;
  probe_options options;
};

struct mappings_command {
  common_options common;
  mappings_options options;
};

struct add_command {
  common_options common;
  add_options options;
};

struct remove_command {
  common_options common;
  remove_options options;
};

struct clean_command {
  common_options common;
  mappings_options options;
};

struct help_request {
  topic about = topic::overview;
  bool asked_for = true;  ///< false: there was no command, so the help stands in for an error
};

struct version_request {};

/// One line without the program's name: what is wrong, what was expected, the nearest valid word.
struct usage_error {
  std::string message;
};

using parsed_command =
    std::variant<discover_command, serve_command, probe_command, mappings_command, add_command,
                 remove_command, clean_command, help_request, version_request, usage_error>;

/// Reads the arguments, without the program's name. Options may stand before or after the
/// command, and are never abbreviated; where one is given twice, the last one counts, but for
/// --stun, which adds up.
parsed_command parse_command_line(const std::vector<std::string>& arguments);

}  // namespace natcheck::cli
