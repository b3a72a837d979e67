// A port mapping, and the protocol that makes it. Plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <natcheck/endpoint.hpp>
#include <natcheck/evidence.hpp>
#include <optional>
#include <string>

namespace natcheck {

/// Which protocol makes the mapping; `automatic`: the best that the gateway offers (PCP, else
/// NAT-PMP, else UPnP).
enum class mapping_choice { automatic, pcp, nat_pmp, upnp };

/// A mapping as the gateway granted it, and as it was requested. With an internal IPv6 address it
/// is a pinhole: nothing is translated.
struct mapping {
  transport protocol = transport::tcp;
  mapping_protocol via = mapping_protocol::nat_pmp;
  endpoint internal;
  std::uint16_t external_port = 0;
  /// Of the same family as `internal`. Empty if the gateway does not report a possible one.
  std::optional<address> external_address;
  /// Why the address that the gateway reports is not used: it is a host name, of the other family,
  /// or the gateway's own address on this network. Empty if it is used, or none is reported.
  cause doubt;
  std::chrono::seconds lifetime{0};  ///< granted; 0: permanent
  bool verified = false;             ///< read back from the gateway's table
  bool switched_off = false;         ///< the router lists it as disabled
  /// Its target in the router's table, if that is not `internal`; otherwise empty. As the router
  /// writes it: "192.168.1.77:1234".
  std::string shown_to{};
  std::uint16_t asked_port = 0;  ///< the external port that was requested
  std::chrono::seconds asked_lifetime{0};
};

/// The external endpoint, if its address is public: only that is given to others, as a command or a
/// URL. Otherwise empty.
std::optional<endpoint> public_endpoint(const mapping& entry);

}  // namespace natcheck
