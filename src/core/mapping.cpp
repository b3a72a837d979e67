#include <natcheck/mapping.hpp>

namespace natcheck {

std::optional<endpoint> public_endpoint(const mapping& entry) {
  const auto& external = entry.external_address;
  const bool public_one = external && is_public(*external);
  if (!public_one || external->is_v4() != entry.internal.ip.is_v4()) return std::nullopt;
  return endpoint{*external, entry.external_port};
}

}  // namespace natcheck
