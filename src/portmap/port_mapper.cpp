#include "portmap/port_mapper.hpp"

namespace natcheck::portmap {

service_state state_of(outcome kind) {
  switch (kind) {
    case outcome::timed_out:
    case outcome::unreachable:
      return service_state::silent;
    case outcome::refused:
    case outcome::reset:
      return service_state::refused;
    case outcome::malformed:
      return service_state::malformed;
    case outcome::cut_short:
    case outcome::cancelled:
    case outcome::denied:
    case outcome::unavailable:
    case outcome::unresolved:
      break;
  }
  return service_state::not_tried;
}

}  // namespace natcheck::portmap
