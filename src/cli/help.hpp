// The help texts: usage, what it does, options (from the option table), examples, exit codes.
#pragma once

#include <string>

#include "cli/option_table.hpp"

namespace natcheck::cli {

/// Fits 80 columns and ends with a newline.
std::string help_text(topic about);

}  // namespace natcheck::cli
