// Which of several handshakes counts.
#pragma once

#include <natcheck/probe_evidence.hpp>
#include <vector>

namespace natcheck::judging {

/// The handshake whose details represent all (see probe_diagnosis). The reference is valid as long
/// as `all`.
const handshake_evidence& representative(const std::vector<handshake_evidence>& all);

}  // namespace natcheck::judging
