// What a managed mapping tells of itself. Pure.
#pragma once

#include <natcheck/error.hpp>
#include <natcheck/evidence.hpp>
#include <optional>
#include <vector>

#include "mapping/mapping_steps.hpp"
#include "mapping/service_choice.hpp"

namespace natcheck::mappings {

/// All but the state of the gateway as a neighbor. Without a gateway there was no one to ask.
mapping_evidence evidence_of(const mapping_options& options,
                             const std::optional<mapping_gateway>& gateway,
                             std::vector<mapping_attempt> attempts);

mapping_attempt failed_attempt(const mapping_service& by, const failure& why);

/// Adds the services that were not tried before everything was stopped.
void add_untried(const std::vector<mapping_service>& all, std::vector<mapping_attempt>& attempts);

/// What a grant means. `before`: the mapping as it was told last, where there was one.
std::vector<mapping_event> events_of_grant(const std::optional<mapping>& before, bool was_lost,
                                           const mapping& now);

/// How a mapping ended that was held; empty `removal`: the deadline came first.
mapping_event end_of_held(const mapping& entry, const std::optional<result<void>>& removal);

/// The gateway never said yes, and may have opened it all the same: then it could not be removed.
mapping_event end_of_unconfirmed(const mapping_record& record,
                                 const std::optional<result<void>>& removal);

/// What kept this machine from asking, where no protocol could be asked: a fault of its own, and no
/// answer of the router.
std::optional<failure> local_fault_of(const mapping_evidence& seen);

}  // namespace natcheck::mappings
