#include "core/asked.hpp"

namespace natcheck {

std::string to_options(const asked_options& asked) {
  std::string options;
  if (!asked.interface.empty()) options += " --interface " + asked.interface;
  if (asked.gateway) options += " --gateway " + asked.gateway->to_string();
  return options;
}

}  // namespace natcheck
