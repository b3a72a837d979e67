#pragma once

#include <string>

namespace natcheck {

/// What a question says of itself when the caller's deadline, not its own schedule, ended it.
/// Tells a command that had no time from a peer that was silent.
namespace timed_out {

inline constexpr const char* before_answer = "timed out before it answered";
inline constexpr const char* before_whole_table = "timed out before the whole table was read";
inline constexpr const char* before_schedule = "stopped before an answer arrived";
inline constexpr const char* while_removing = "the router did not answer in time";
/// Follows the number of seconds for which was waited.
inline constexpr const char* cut_short = ", cut short by the time limit";

/// @param milliseconds how long was waited
inline std::string after(long milliseconds) {
  return "timed out after " + std::to_string(milliseconds) + " ms without an answer";
}

}  // namespace timed_out
}  // namespace natcheck
