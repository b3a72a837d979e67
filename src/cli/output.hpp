// stdout, and what to do when it can no longer be written to.
#pragma once

#include <string_view>

namespace natcheck::cli {

/// Makes descriptors 0, 1 and 2 exist, so that no socket ever gets one of these numbers and
/// receives what was meant for stdout.
void keep_standard_descriptors();

/// One line to stderr, after the program's name. Control characters in it become '?'.
void complain(std::string_view message);

class output {
 public:
  enum class state {
    good,
    closed,  ///< whoever read it has gone (EPIPE): no reason to complain
    failed,  ///< anything else, a full disk for one; it was complained about
  };

  /// Writes and flushes. Once that has failed, does nothing more.
  state write(std::string_view text);

  state now() const { return state_; }

 private:
  state state_ = state::good;
};

}  // namespace natcheck::cli
