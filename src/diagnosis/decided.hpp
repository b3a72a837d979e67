// Whether what is still being asked can change the answer. Pure.
#pragma once

#include <natcheck/diagnosis.hpp>
#include <optional>

namespace natcheck::judging {

/// True when the answer and the public address stay what they are, whatever the gateways, the path
/// and the web have yet to say. Every server that is asked by IPv4 has answered or is not
/// waited for any more. False where it is not known.
bool is_decided(const discover_evidence& so_far);

/// The public IPv4 address that STUN saw, of the server that is named first.
std::optional<address> seen_outside(const discover_evidence& seen);

/// Someone outside confirms what this host or its gateway says: little can contradict that.
bool is_settled(const discover_evidence& seen);

/// Whether what servers see by IPv6 can change the verdict, or its advice. All the rest is known.
bool needs_ipv6(const discover_evidence& seen);

}  // namespace natcheck::judging
