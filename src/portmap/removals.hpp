// What a removal came to.
#pragma once

#include <natcheck/error.hpp>

namespace natcheck::portmap {

/// The code of a removal that left another's entry alone, which stands where ours was by now.
inline constexpr int taken_over = -4;

/// True when nothing of ours is left on the gateway after `port_mapper::unmap`.
inline bool leaves_nothing(const result<void>& removal) {
  return removal || removal.error().code == taken_over;
}

}  // namespace natcheck::portmap
