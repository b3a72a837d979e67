// Whether a PCP server still has the mappings it granted (RFC 6887 section 8.5).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "protocols/lease/epoch.hpp"

namespace natcheck::pcp {

/// Compares the server's epoch time, which starts again when its table was lost, with the time that
/// went by here. One for each server.
class epoch_watch {
 public:
  /// Takes note of an answer's epoch time, in seconds, which came at `now`: the time since some
  /// moment, by a clock that goes on while this machine sleeps. Where it restarted, whoever has
  /// mappings there must restore them. The first answer is always believed.
  epoch_state accept(std::uint32_t epoch_s, std::chrono::nanoseconds now);

 private:
  struct reading {
    std::int64_t server_s;
    std::chrono::nanoseconds client;
  };
  std::optional<reading> last_;
};

}  // namespace natcheck::pcp
