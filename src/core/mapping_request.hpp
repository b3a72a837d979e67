// What a gateway is asked for, and what it says of a mapping that it has.
#pragma once

#include <chrono>
#include <cstdint>
#include <natcheck/cause.hpp>
#include <natcheck/endpoint.hpp>
#include <natcheck/evidence.hpp>
#include <optional>

namespace natcheck {

struct mapping_request {
  transport protocol = transport::tcp;
  std::uint16_t internal_port = 0;
  std::uint16_t external_port = 0;
  std::chrono::seconds lifetime{3600};
  bool any_port = false;  ///< another external port is as good
  /// In a renewal between those that the lease asks for: what the gateway's table has, its firewall
  /// may have lost.
  bool table_may_be_wrong = false;
};

/// What a check of a mapping brought.
struct mapping_check {
  bool stands = true;
  cause detail;                             ///< why it does not stand any more
  std::optional<address> external_address;  ///< empty: the gateway did not say
  bool suspect = false;  ///< it may have been lost since the last check: to be asked for again
  bool unsure = false;   ///< this protocol, or this gateway, cannot tell all by a check alone
};

}  // namespace natcheck
