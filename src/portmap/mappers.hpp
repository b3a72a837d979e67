// Every way to open a port on a gateway.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "portmap/port_mapper.hpp"

namespace natcheck::portmap {

/// Empty where the choice is free.
std::optional<mapping_protocol> only_protocol_of(mapping_choice choice);

/// A mapper for each protocol that `choice` allows, best first. On an IPv6
/// router, where a mapping is a pinhole in its firewall, some protocols are missing.
std::vector<std::unique_ptr<port_mapper>> mappers_for(const gateway_access& access,
                                                      mapping_choice choice);

/// The mapper that can remove what an earlier run recorded; `restore` was called on it. Null for a
/// record that cannot be: of a protocol for IPv4 on an IPv6 router.
std::unique_ptr<port_mapper> mapper_of(const mapping_record& record, const gateway_access& access);

}  // namespace natcheck::portmap
