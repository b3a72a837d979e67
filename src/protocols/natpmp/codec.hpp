// NAT-PMP (RFC 6886): requests, what a datagram from the gateway says, and whether it answers our
// request. IPv4 alone.
#pragma once

#include <array>

#include "protocols/lease/messages.hpp"

namespace natcheck::natpmp {

/// RFC 6886 section 3.5. Others are kept as they came; they are fatal errors.
inline constexpr std::array results{
    lease::result_row{0, cause_code::result_success, mapping_refusal::none},
    lease::result_row{lease::unsupported_version, cause_code::result_unsupported_version,
                      mapping_refusal::unsupported_version},
    lease::result_row{2, cause_code::result_not_authorized, mapping_refusal::not_authorized},
    lease::result_row{3, cause_code::result_no_external_address, mapping_refusal::network_failure},
    lease::result_row{4, cause_code::result_table_full, mapping_refusal::table_full},
    lease::result_row{5, cause_code::result_unsupported_operation, mapping_refusal::other},
};

std::vector<std::uint8_t> encode(const lease::request& asked);

/// NAT-PMP has no transaction number, so the operation and the internal port are all there is to
/// compare.
lease::checked check(std::span<const std::uint8_t> datagram, const lease::request& asked);

inline constexpr lease::codec codec{
    mapping_protocol::nat_pmp, std::nullopt, false, false, encode, check, results, nullptr};

}  // namespace natcheck::natpmp
