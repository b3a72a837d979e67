// Which signals a program may ignore while it cleans up.
#pragma once

#include <chrono>
#include <csignal>
#include <optional>

namespace natcheck::cli {

/// Distinguishes a person who presses Ctrl-C again from a signal that is only sent twice: a
/// terminal that closes and timeout(1) both send one to the process and one to its group.
class repeated_interrupt {
 public:
  using clock = std::chrono::steady_clock;

  /// Whether this signal is the one to end the program at once: a SIGINT that comes at least half
  /// a second after the first one. Call it for every signal, the first one included.
  bool ends_with(int signal, clock::time_point now) {
    if (signal != SIGINT) return false;
    if (!first_) first_ = now;
    return now - *first_ >= deliberate;
  }

 private:
  static constexpr std::chrono::milliseconds deliberate{500};
  std::optional<clock::time_point> first_;
};

}  // namespace natcheck::cli
