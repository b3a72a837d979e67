// Whether a gateway still has the mappings it granted, by its epoch (RFC 6886 section 3.6, RFC 6887
// section 8.5): the seconds since its table was empty.
#pragma once

#include <chrono>
#include <cstdint>
#include <natcheck/evidence.hpp>
#include <optional>

namespace natcheck::lease {

enum class epoch_state {
  runs_on,       ///< with the time here: nothing was lost
  began_anew,    ///< the gateway lost its mappings since the answer before
  stands_still,  ///< the same number as before, after a while: once by chance, or it tells nothing
};

/// Compares the gateway's epoch with the time that went by here. One for each gateway and protocol.
/// The rule of NAT-PMP is laxer: a gateway whose clock is ahead has lost nothing.
class epoch_watch {
 public:
  explicit epoch_watch(mapping_protocol via) : via_(via) {}

  /// Takes note of an answer's epoch, in seconds, which came at `now`: the time since some moment,
  /// by a clock that goes on while this machine sleeps. Where it restarted, whoever has mappings
  /// there must restore them. The first answer is always believed.
  epoch_state accept(std::uint32_t epoch_s, std::chrono::nanoseconds now);

 private:
  struct reading {
    std::int64_t gateway_s;
    std::chrono::nanoseconds here;
  };

  mapping_protocol via_;
  std::optional<reading> last_;
};

/// The epoch went from `first` to `second` while at most `most` passed: more than none, and no more
/// than that, with 2 s of tolerance.
bool advances(std::uint32_t first, std::uint32_t second, std::chrono::seconds most);

}  // namespace natcheck::lease
