// What a removal came to.
#pragma once

#include <natcheck/error.hpp>

namespace natcheck::portmap {

/// True when nothing of ours is left on the gateway after `port_mapper::unmap`.
inline bool leaves_nothing(const result<void>& removal) {
  return removal || removal.error().refusal == mapping_refusal::taken_over;
}

}  // namespace natcheck::portmap
