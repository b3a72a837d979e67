// Whether a PCP server still has the mappings it granted (RFC 6887 section 8.5).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace natcheck::pcp {

/// Compares the server's epoch time, which starts again when its table was lost, with the time that
/// went by here. One for each server.
class epoch_watch {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Takes note of an answer's epoch time, in seconds, which came at `now`. False when the server
  /// has lost its mappings since the answer before: whoever has some there must make them anew.
  /// The first answer is always believed.
  bool accept(std::uint32_t epoch_s, time_point now);

 private:
  struct reading {
    std::int64_t server_s;
    time_point client;
  };
  std::optional<reading> last_;
};

}  // namespace natcheck::pcp
