// The codes of findings, as they stand in JSON and in docs/diagnoses.md.
#pragma once

#include <array>
#include <string_view>

namespace natcheck::judging {

inline constexpr std::string_view sources_disagree = "sources-disagree";
inline constexpr std::string_view upnp_empty_address = "upnp-empty-address";
inline constexpr std::string_view upnp_wrong_device = "upnp-wrong-device";
inline constexpr std::string_view several_default_routes = "several-default-routes";

inline constexpr std::array finding_codes{sources_disagree, upnp_empty_address, upnp_wrong_device,
                                          several_default_routes};

}  // namespace natcheck::judging
