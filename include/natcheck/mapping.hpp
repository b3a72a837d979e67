// A port mapping, and by which protocol it may be made. Plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <natcheck/endpoint.hpp>
#include <natcheck/evidence.hpp>
#include <optional>

namespace natcheck {

/// Which protocol may make the mapping; `automatic` takes the best that the gateway offers: PCP,
/// else NAT-PMP, else UPnP.
enum class mapping_choice { automatic, pcp, nat_pmp, upnp };

/// A mapping as the gateway granted it, and as it was asked for. With an internal IPv6 address it
/// is a pinhole: nothing is translated.
struct mapping {
  transport protocol = transport::tcp;
  mapping_protocol via = mapping_protocol::nat_pmp;
  endpoint internal;
  std::uint16_t external_port = 0;
  std::optional<address> external_address;  ///< empty when the gateway would not say
  std::chrono::seconds lifetime{0};         ///< granted; 0: it stays until somebody removes it
  bool verified = false;                    ///< read back from the gateway's table
  std::uint16_t asked_port = 0;             ///< the external port that was asked for
  std::chrono::seconds asked_lifetime{0};
};

}  // namespace natcheck
