// What the records of others mean for a mapping that is about to be asked for. Pure.
#pragma once

#include <cstdint>
#include <natcheck/error.hpp>
#include <optional>
#include <vector>

#include "mapping/journal/mapping_journal.hpp"

namespace natcheck::journal {

/// Why the gateway must not be asked. Some protocols have one mapping for each internal port: where
/// there is one already, on another port outside, the gateway would grant that one, and giving it
/// back would close it. `any_port`: that one is as good.
std::optional<failure> open_by_another_port(const std::vector<known_record>& known,
                                            const mapping_key& wanted, bool any_port);

/// What `mappings add` made, by the same protocol, that is the mapping which is wanted: to be
/// renewed by whoever has its nonce. Null: nothing.
const known_record* added_before(const std::vector<known_record>& known, const mapping_key& wanted,
                                 bool any_port);

/// Whether that very port was opened by `mappings add`, by whatever protocol, and has to stay open.
bool has_to_stay(const std::vector<known_record>& known, const mapping_key& made);

/// The external ports that running programs and `mappings add` have on the gateway of `wanted`, for
/// the same port inside.
std::vector<std::uint16_t> ports_of_others(const std::vector<known_record>& known,
                                           const mapping_key& wanted);

}  // namespace natcheck::journal
