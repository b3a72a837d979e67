// What a gateway's epoch says of its mappings (RFC 6886 section 3.6, RFC 6887 section 8.5).
#pragma once

namespace natcheck {

enum class epoch_state {
  runs_on,       ///< with the time here: nothing was lost
  began_anew,    ///< the gateway lost its mappings since the answer before
  stands_still,  ///< the same number as before, after a while: once by chance, or it tells nothing
};

}  // namespace natcheck
