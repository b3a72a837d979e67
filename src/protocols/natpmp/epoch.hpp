// Whether a NAT-PMP gateway still has the mappings it granted (RFC 6886 section 3.6).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace natcheck::natpmp {

/// Compares the gateway's seconds since its table was empty with the time that went by here. One
/// for each gateway. The rule is laxer than PCP's (RFC 6887 section 8.5): a gateway whose clock is
/// ahead has lost nothing.
class epoch_watch {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Takes note of an answer's epoch, in seconds, which came at `now`. False when the gateway has
  /// lost its mappings since the answer before. The first answer is always believed.
  bool accept(std::uint32_t epoch_s, time_point now);

 private:
  struct reading {
    std::int64_t gateway_s;
    time_point here;
  };
  std::optional<reading> last_;
};

}  // namespace natcheck::natpmp
