// Whether a NAT-PMP gateway still has the mappings it granted (RFC 6886 section 3.6).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "protocols/lease/epoch.hpp"

namespace natcheck::natpmp {

/// Compares the gateway's seconds since its table was empty with the time that went by here. One
/// for each gateway. The rule is laxer than PCP's (RFC 6887 section 8.5): a gateway whose clock is
/// ahead has lost nothing.
class epoch_watch {
 public:
  /// Takes note of an answer's epoch, in seconds, which came at `now`: the time since some moment,
  /// by a clock that goes on while this machine sleeps. The first answer is always believed.
  epoch_state accept(std::uint32_t epoch_s, std::chrono::nanoseconds now);

 private:
  struct reading {
    std::int64_t gateway_s;
    std::chrono::nanoseconds here;
  };
  std::optional<reading> last_;
};

}  // namespace natcheck::natpmp
