// Which of several handshakes counts.
#pragma once

#include <natcheck/probe_evidence.hpp>
#include <vector>

namespace natcheck::judging {

/// The handshake whose details represent all (see probe_diagnosis). The reference is valid as long
/// as `all`.
const handshake_evidence& representative(const std::vector<handshake_evidence>& all);

/// Of addresses that were not reached, the one that says most stands for the name: smallest first.
int rank_of(const handshake_evidence& one);

}  // namespace natcheck::judging
