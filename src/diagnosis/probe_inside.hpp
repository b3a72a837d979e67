// Whether a probe was asked from inside: from behind the very router that it asks for.
#pragma once

#include <natcheck/probe_evidence.hpp>
#include <optional>
#include <vector>

namespace natcheck::judging {

/// What the kind of the target's address alone says.
std::vector<inside_reason> inside_by_scope(const address& target);

/// All that supports it: `seen.inside`, where the probe asks from, and what the server saw of it.
/// Empty: nothing does.
std::vector<inside_reason> inside_reasons(const probe_evidence& seen);

/// The address that the server saw, where who has it would decide: see prober_location::seen_hops.
std::optional<address> address_to_locate(const probe_evidence& seen);

/// Whether the reason proves it. The others are what a client outside can meet as well, by a
/// coincidence of private addresses or through a relay.
bool is_proof(inside_reason reason);

}  // namespace natcheck::judging
