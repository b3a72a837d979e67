// What a managed mapping says is to be done, and is told of it. Plain values.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <natcheck/serve.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/mapping_record.hpp"
#include "core/mapping_request.hpp"
#include "mapping/journal/mapping_journal.hpp"
#include "protocols/lease/schedule.hpp"

namespace natcheck::mappings {

struct mapping_options {
  transport protocol = transport::tcp;
  std::uint16_t internal_port = 0;
  std::uint16_t external_port = 0;
  std::chrono::seconds lifetime{3600};
  mapping_choice via = mapping_choice::automatic;
  bool any_port = false;
  // For advice, which repeats them.
  bool both_transports = false;
  asked_options asked{};
  /// `mappings_add`: the lifetime is exactly the one wanted, and what got no answer is taken back
  /// before another protocol is tried. `serve`: a mapping of `mappings add` is renewed for what is
  /// left of its own lifetime.
  mapping_command asked_by = mapping_command::serve;
};

/// What becomes of a mapping, in the order in which it happens. `probe_command` and `external` are
/// left empty: they depend on what external servers see.
using mapping_event =
    std::variant<events::mapped, events::map_failed, events::pinhole_failed, events::renewed,
                 events::renewal_failed, events::mapping_lost, events::remapped, events::unmapped>;

/// What time it is, by two clocks: the second one goes on while the machine sleeps.
struct instant {
  lease_schedule::time_point steady;
  std::chrono::nanoseconds since_boot{0};
};

/// The gateway that is asked.
struct mapping_gateway {
  address ip;
  address local;                           ///< the address that asks, and that is mapped to
  std::string tunnel;                      ///< the interface where it is a tunnel, else empty
  std::vector<mapping_protocol> services;  ///< to be tried, best first
};

/// `service` is a place in mapping_gateway::services: which of them is to do it.
namespace steps {

/// Ask all services at once whether they are there; report each as it answers, by `found`. Wait for
/// the others no longer than until search_ends(). Then `searched`.
struct search {};
struct find {  ///< then `found`
  std::size_t service;
};
struct read_journal {};  ///< then `read`
/// A mapping of an earlier run, or of an earlier visit to this gateway, is this service's own.
struct restore {
  std::size_t service;
  mapping_record record;
};
struct prepare {  ///< then `prepared`, with the record of what is about to be asked for
  std::size_t service;
  mapping_request request;
  std::vector<std::uint16_t> ports_of_others;  ///< see port_mapper::spare
};
struct map {  ///< then `mapped`
  std::size_t service;
  mapping_request request;
  lease_schedule::time_point deadline;
};
struct check {  ///< then `checked`
  std::size_t service;
};
struct unmap {  ///< then `unmapped`; several at once when everything is released
  std::size_t service;
  lease_schedule::time_point deadline;
};
struct remove_former {  ///< then `former_removed`, if it succeeds; several at once
  mapping_record record;
  lease_schedule::time_point deadline;
};
struct keep {  ///< in the journal, before the next step
  mapping_record record;
};
struct erase {  ///< from the journal
  mapping_record record;
};
/// There is no mapping. The state of the gateway as a neighbor is to be filled in.
struct tell_failed {
  mapping_evidence evidence;
};
struct tell {
  mapping_event event;
};

}  // namespace steps

using step =
    std::variant<steps::search, steps::find, steps::read_journal, steps::restore, steps::prepare,
                 steps::map, steps::check, steps::unmap, steps::remove_former, steps::keep,
                 steps::erase, steps::tell_failed, steps::tell>;

/// After a service was asked for something.
struct service_status {
  bool has_answered = false;  ///< see port_mapper
  std::optional<std::chrono::seconds> refused_for{};
  mapping_record record{};  ///< what a later run needs to remove what was asked for
};

/// What others have recorded, at `now`.
struct journal_view {
  std::vector<journal::known_record> others;
  journal::wall_time now{};
};

}  // namespace natcheck::mappings
