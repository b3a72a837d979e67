// SSDP: the search for UPnP devices (UPnP Device Architecture 1.1, section 1.3).
#pragma once

#include <cstdint>
#include <natcheck/endpoint.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "protocols/parsed.hpp"

namespace natcheck::ssdp {

inline constexpr std::size_t max_datagram = 8192;  ///< bytes of an answer; longer ones are refused

/// One M-SEARCH request for `target` (an ST value), to be sent to `host`. Devices wait a random
/// time of up to `mx` seconds (1..5) before they answer.
std::string search_request(std::string_view target, const endpoint& host, unsigned mx);

/// An answer to a search. Texts are as the device sent them and may hold any byte but line ends;
/// what the device left out is empty.
struct search_response {
  std::string location;  ///< LOCATION, never empty; not yet checked to be a usable URL
  std::string st;        ///< ST
  std::string usn;       ///< USN
  std::optional<std::uint32_t> boot_id;  ///< BOOTID.UPNP.ORG; changes when the device restarts
};

/// Reads a datagram that came to the port a search was sent from.
parsed<search_response> parse_response(std::string_view datagram);

/// True when the device says of itself that it is an Internet gateway, or that it has a WAN
/// connection service.
bool announces_gateway(const search_response& response);

}  // namespace natcheck::ssdp
