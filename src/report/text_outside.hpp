// Rows of `discover` about what is upstream of the router: who was asked there, and how the NAT on
// the way behaves.
#pragma once

#include <natcheck/evidence.hpp>

#include "report/page.hpp"

namespace natcheck::report {

/// Names every external server that was asked, with the outcome; nothing when none was.
void asked_outside_row(page& out, const discover_evidence& seen);

/// Mapping, filtering, hairpin, ports and lifetime; nothing when the tests were not asked for.
void behavior_rows(page& out, const nat_evidence& nat);

/// Why some of them are not tested, as notes.
void behavior_doubts(page& out, const nat_evidence& nat);

}  // namespace natcheck::report
