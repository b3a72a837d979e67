// How the tests' failure messages name verdicts.
#pragma once

#include <natcheck/diagnosis.hpp>
#include <ostream>

namespace natcheck {

inline std::ostream& operator<<(std::ostream& out, verdict_code value) {
  return out << to_string(value);
}

inline std::ostream& operator<<(std::ostream& out, confidence value) {
  return out << to_string(value);
}

}  // namespace natcheck
