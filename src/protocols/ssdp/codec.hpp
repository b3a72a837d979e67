// SSDP: the search for UPnP devices, and what they announce by themselves (UPnP Device Architecture
// 1.1, sections 1.2 and 1.3).
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
  std::string server;    ///< SERVER
  std::optional<std::uint32_t> boot_id;  ///< BOOTID.UPNP.ORG; changes when the device restarts
};

/// Reads a datagram that came to the port a search was sent from.
parsed<search_response> parse_response(std::string_view datagram);

/// True when the device says of itself that it is an Internet gateway, or that it has a WAN
/// connection service.
bool announces_gateway(const search_response& response);

/// What a NOTIFY is sent for (NTS).
enum class notice {
  alive,   ///< the device is there; repeated all the time
  update,  ///< its BOOTID changes, and it is the same device all the same
  byebye,  ///< the device goes
};

/// An announcement. Texts as in `search_response`.
struct notification {
  notice kind = notice::alive;
  std::string nt;
  std::string usn;
  std::string location;  ///< of byebye and update none is wanted
  /// BOOTID.UPNP.ORG; of an update the one that counts from now on (NEXTBOOTID.UPNP.ORG).
  std::optional<std::uint32_t> boot_id;
};

/// Reads a datagram that came to the group.
parsed<notification> parse_notification(std::string_view datagram);

bool announces_gateway(const notification& announced);

}  // namespace natcheck::ssdp
