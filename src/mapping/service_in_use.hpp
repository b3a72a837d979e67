// A service of the gateway, as a managed mapping uses it.
#pragma once

#include <memory>
#include <optional>

#include "mapping/managed_mapping.hpp"

namespace natcheck::mappings {

/// A protocol of the gateway, and how it stands.
struct managed_mapping::service {
  std::unique_ptr<portmap::port_mapper> mapper;
  std::optional<result<void>> found;  ///< empty: not asked, or not waited for
  std::optional<mapping_record> record;
  net::steady_time refuses_until{};
};

}  // namespace natcheck::mappings
