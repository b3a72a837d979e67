// What `discover` shows on a terminal while it still asks.
#pragma once

#include "cli/live_block.hpp"
#include "cli/session.hpp"

namespace natcheck::cli {

/// The addresses appear as soon as they are known, and the whole report takes their place. Shows
/// nothing of it where that is not on a terminal of its own (a pipe, JSON, a log beside it).
class discover_screen {
 public:
  discover_screen(session& here, const discover_command& command);
  discover_screen(const discover_screen&) = delete;
  discover_screen& operator=(const discover_screen&) = delete;
  /// Leaves nothing of it behind, also where the command was interrupted.
  ~discover_screen();

  /// Where the evidence is to be told as it comes in; empty: nowhere.
  std::function<void(const discover_evidence&)> observer();
  /// What is being waited for.
  void wait_for(const std::string& what);
  /// Prints the whole report in place of what was shown.
  void print(std::string_view report);

 private:
  std::string rendered(unsigned width) const;

  session& here_;
  bool live_;
  bool shown_ = false;
  std::string waiting_for_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  discover_report so_far_;
  live_block block_;
};

}  // namespace natcheck::cli
