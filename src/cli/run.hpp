// Runs a command: asks the library, prints the result, chooses the exit code.
#pragma once

#include "cli/options.hpp"

namespace natcheck::cli {

/// Returns the program's exit code.
int run(const parsed_command& command);

}  // namespace natcheck::cli
