// The errorCodes of UPnP that decide something here (UPnP Device Architecture section 3.1.3 and
// WANIPConnection:2 section 2.5.17), by the standard's names.
#pragma once

namespace natcheck::upnp_error {

inline constexpr int invalid_action = 401;
inline constexpr int invalid_args = 402;
inline constexpr int action_failed = 501;
inline constexpr int optional_action_not_implemented = 602;
inline constexpr int action_not_authorized = 606;
inline constexpr int specified_array_index_invalid = 713;
inline constexpr int no_such_entry_in_array = 714;
inline constexpr int wildcard_not_permitted_in_ext_port = 716;
inline constexpr int conflict_in_mapping_entry = 718;
inline constexpr int same_port_values_required = 724;
inline constexpr int only_permanent_leases_supported = 725;
inline constexpr int no_port_maps_available = 728;
inline constexpr int conflict_with_other_mechanisms = 729;

}  // namespace natcheck::upnp_error

/// Those of WANIPv6FirewallControl:1, section 2.5.9. On a WAN connection the same numbers mean
/// other things.
namespace natcheck::pinhole_error {

inline constexpr int invalid_action = 401;
inline constexpr int optional_action_not_implemented = 602;
inline constexpr int action_not_authorized = 606;
inline constexpr int pinhole_space_exhausted = 701;
inline constexpr int firewall_disabled = 702;
inline constexpr int inbound_pinhole_not_allowed = 703;
inline constexpr int no_such_entry = 704;
inline constexpr int no_packet_sent = 709;

}  // namespace natcheck::pinhole_error
