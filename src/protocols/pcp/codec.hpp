// PCP (RFC 6887), version 2: requests, what a datagram from the gateway says, and whether it
// answers our request.
#pragma once

#include <array>

#include "protocols/lease/messages.hpp"

namespace natcheck::pcp {

/// RFC 6887 section 7.4, and 15 of RFC 7652. Others are kept as they came.
inline constexpr std::array results{
    lease::result_row{0, cause_code::result_success, mapping_refusal::none},
    lease::result_row{lease::unsupported_version, cause_code::result_unsupported_version,
                      mapping_refusal::unsupported_version},
    lease::result_row{2, cause_code::result_not_authorized_or_owner,
                      mapping_refusal::not_authorized},
    lease::result_row{3, cause_code::result_malformed_request, mapping_refusal::other},
    lease::result_row{4, cause_code::result_unsupported_operation, mapping_refusal::other},
    lease::result_row{5, cause_code::result_unsupported_option, mapping_refusal::other},
    lease::result_row{6, cause_code::result_malformed_option, mapping_refusal::other},
    lease::result_row{7, cause_code::result_no_wan_connection, mapping_refusal::network_failure},
    lease::result_row{8, cause_code::result_no_resources, mapping_refusal::no_resources},
    lease::result_row{9, cause_code::result_unsupported_transport, mapping_refusal::other},
    lease::result_row{10, cause_code::result_over_quota, mapping_refusal::over_quota},
    lease::result_row{11, cause_code::result_external_not_available,
                      mapping_refusal::port_conflict},
    lease::result_row{12, cause_code::result_address_mismatch, mapping_refusal::address_mismatch},
    lease::result_row{13, cause_code::result_too_many_peers, mapping_refusal::other},
    lease::result_row{15, cause_code::result_authentication_required,
                      mapping_refusal::not_authorized},
};

/// What the answer says, at most a day. Servers that say nothing (miniupnpd's long errors say 0)
/// mean what section 7.4 suggests: 30 minutes, or 30 seconds for what is soon over.
std::chrono::seconds stands_for(const lease::answer& refusal);

std::vector<std::uint8_t> encode(const lease::request& asked);

lease::checked check(std::span<const std::uint8_t> datagram, const lease::request& asked);

inline constexpr lease::codec codec{
    mapping_protocol::pcp, std::uint8_t{2}, true, true, encode, check, results, stands_for};

}  // namespace natcheck::pcp
