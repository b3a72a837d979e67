// What to try next after a gateway's refusal to make an entry. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "portmap/upnp_entry.hpp"

namespace natcheck::portmap {

/// True for IGD v2, which knows AddAnyPortMapping and no lease without an end.
bool is_version_2(const wan_service& service);

/// True where the gateway gave no reason, so that it may have done anyway what it was asked
/// to: an unusable answer, a connection that broke, silence, or a bare HTTP 500.
bool is_unclear(const failure& why);

/// Between two looks at a table that may be about to change.
inline constexpr std::chrono::milliseconds reading_interval{250};

/// True for the errorCodes with which gateways refuse a lease time: 725, 402 (Arris NVG578LX,
/// Tailscale's issue 15223), and negative ones (-911, qBittorrent's issue 12610).
bool refuses_lease(const failure& why);

/// False for a refusal that has another reason for certain: the action, the port, or who asks.
/// Routers were seen to refuse lease times by 501, 600, 601, and without any code (0).
bool may_refuse_lease(const failure& why);

/// True for the errorCodes after which another external port may be had: conflicts, 716, 501 in
/// their stead (libtorrent), and 606 on a port below 1024.
bool refuses_port(const failure& why, std::uint16_t external_port);

/// The lease times to try, in this order and each once: what worked before, what is asked for, a
/// week (the most of IGD v2), and 0, which is for ever.
std::vector<std::chrono::seconds> lease_times(std::chrono::seconds asked,
                                              std::optional<std::chrono::seconds> worked);

/// How long an entry stands that was read back with `told`; 0: for ever. That counts (a Technicolor
/// makes a day of everything), but of 0 only with IGD v1.
std::chrono::seconds lease_of(std::optional<std::uint32_t> told, const wan_service& service,
                              std::chrono::seconds asked);

}  // namespace natcheck::portmap
