#include "cli/interfaces.hpp"

#include <fmt/format.h>
#include <net/if.h>

#include <algorithm>
#include <memory>

#include "cli/arguments.hpp"
#include "cli/nearest.hpp"

namespace natcheck::cli {

std::vector<std::string> interface_names() {
  const std::unique_ptr<struct if_nameindex, void (*)(struct if_nameindex*)> list(
      ::if_nameindex(), [](struct if_nameindex* entries) { ::if_freenameindex(entries); });
  std::vector<std::string> names;
  for (const auto* entry = list.get(); entry != nullptr && entry->if_index != 0; ++entry) {
    names.emplace_back(entry->if_name);
  }
  return names;
}

std::string wrong_interface(const std::string& name, std::span<const std::string> existing) {
  if (name.empty() || std::ranges::find(existing, name) != existing.end()) return "";
  const std::string hint = did_you_mean(name, existing);
  return fmt::format("no interface {}{}", printable(name),
                     hint.empty() ? fmt::format("; expected {}", one_of(existing)) : hint);
}

}  // namespace natcheck::cli
