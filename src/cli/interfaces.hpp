// Whether the interface named on the command line exists.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace natcheck::cli {

/// The names of this host's network interfaces.
std::vector<std::string> interface_names();

/// What to say when `name` is none of `existing`; empty when it is, or when it is empty.
std::string wrong_interface(const std::string& name, std::span<const std::string> existing);

}  // namespace natcheck::cli
