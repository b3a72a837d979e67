// Quantities as people read them.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <natcheck/evidence.hpp>
#include <string>

namespace natcheck {

/// "0.4 ms", "31 ms": a tenth below ten, where it says something.
inline std::string in_ms(millis value) {
  return fmt::format("{:.{}f} ms", value.count(), value.count() < 9.95 ? 1 : 0);
}

/// "1 request", "3 requests".
inline std::string counted(std::size_t number, const char* noun) {
  return fmt::format("{} {}{}", number, noun, number == 1 ? "" : "s");
}

}  // namespace natcheck
