// The codes of causes and operations. Behind each the values that belong to it, in their order.
#pragma once

#include <natcheck/cause.hpp>

namespace natcheck {

enum class cause_code : std::uint16_t {
  none,
  quoted,  ///< text: what another program or host says, the operating system included

  operation_failed,  ///< operation, cause

  // The time was over.
  not_answered_in_time,      ///< stopped by the caller's limit
  table_not_read_in_time,    ///< likewise
  stopped_before_an_answer,  ///< likewise, before the schedule was over
  router_too_slow,           ///< likewise, while removing
  no_answer_in,              ///< milliseconds; stopped by the caller's limit
  last_
};

enum class operation_code : std::uint16_t {
  none,
  quoted,  ///< text
  last_
};

}  // namespace natcheck
