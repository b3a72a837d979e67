// A port mapping, and by which protocol it may be made. Plain values.
#pragma once

#include <chrono>
#include <cstdint>
#include <natcheck/endpoint.hpp>
#include <natcheck/evidence.hpp>
#include <optional>
#include <string>

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
  /// Of the family of `internal`. Empty when the gateway does not name one that could be its own.
  std::optional<address> external_address;
  /// Why the address that the gateway names is not taken: it is a host name, of the
  /// other family, the gateway's own on this network. Empty where it is taken, or none is named.
  cause doubt;
  std::chrono::seconds lifetime{0};  ///< granted; 0: it stays until somebody removes it
  bool verified = false;             ///< read back from the gateway's table
  bool switched_off = false;         ///< the router lists it, and lets nobody in by it
  /// Where the router's table shows it leading, where that is not `internal`; else empty. As the
  /// router has it: "192.168.1.77:1234".
  std::string shown_to{};
  std::uint16_t asked_port = 0;  ///< the external port that was asked for
  std::chrono::seconds asked_lifetime{0};
};

/// The external endpoint, where its address is a public one: only that is given to others, as a
/// command or a URL. Empty otherwise.
std::optional<endpoint> public_endpoint(const mapping& entry);

}  // namespace natcheck
