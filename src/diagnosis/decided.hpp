// Whether what is still being asked can change the answer. Pure.
#pragma once

#include <natcheck/diagnosis.hpp>

namespace natcheck::judging {

/// True when `answer_of` and `public_address_of` stay what they are, whatever the gateways, the
/// path and the web have yet to say. Every server that is asked by IPv4 has answered or is not
/// waited for any more. False where it is not known.
bool is_decided(const discover_evidence& so_far);

/// Verdicts whose advice names an IPv6 address where an external server has seen one.
bool may_advise_ipv6(verdict_code code);

}  // namespace natcheck::judging
