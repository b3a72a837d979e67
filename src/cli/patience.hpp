// Which signals a program may ignore while it puts things back in order.
#pragma once

#include <chrono>
#include <csignal>
#include <optional>

namespace natcheck::cli {

/// Tells a person who presses Ctrl-C again from a signal that is merely sent twice: a terminal that
/// closes and timeout(1) both do that, to the process and to its group.
class patience {
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
