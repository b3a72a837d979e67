// Commands that are advised repeat the options of the question.
#pragma once

#include <natcheck/evidence.hpp>
#include <string>

namespace natcheck {

/// " --interface eth0 --gateway 192.168.1.1", as far as they were given: for the end of a command.
std::string to_options(const asked_options& asked);

}  // namespace natcheck
