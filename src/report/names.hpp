// The words of JSON and text for the enumerators of the public types.
#pragma once

#include <chrono>
#include <natcheck/probe_evidence.hpp>
#include <natcheck/serve.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace natcheck::report {

std::string_view name_of(service_state value);   ///< "not-tried"
std::string_view name_of(interface_kind value);  ///< "ethernet"
std::string_view name_of(probe_result value);    ///< "reached-plain"
std::string_view name_of(mapping_protocol value);
std::string_view name_of(transport value);         ///< "tcp"
std::string_view name_of(dialect value);           ///< "plain"
std::string_view name_of(nat_behavior value);      ///< "endpoint-independent"
std::string_view name_of(tested value);            ///< "not-tested"
std::string_view name_of(web_result value);        ///< "intercepted"
std::string_view name_of(visitor_location value);  ///< "same-network"

/// "UPnP", "TCP", "timed out": for people.
std::string_view words_for(mapping_protocol value);
std::string_view words_for(transport value);
std::string_view words_for(probe_result value);

/// "90 s", "60 min", "24 h": the largest unit that does not hide more than it says.
std::string words_for(std::chrono::seconds value);

/// The URL of the page that the server shows there, for a browser outside. Empty for
/// UDP.
std::optional<std::string> page_at(transport protocol, const endpoint& external);

/// "5.5.5.5:1234", or "port 1234 of the router" where its address is not known.
std::string outside_of(const mapping& entry);

/// How to let natcheck watch packets. Empty where it may, or where that would not help.
std::string advice_for(const events::watching& event);

}  // namespace natcheck::report
