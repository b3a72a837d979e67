#include "portmap/port_mapper.hpp"

namespace natcheck::portmap {

gateway_access access_to(const address& gateway, const route_info& way) {
  gateway_access access{gateway, {way.local, way.interface}, way.interface_index};
  access.by_tunnel = way.kind == interface_kind::tunnel;
  return access;
}

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
    case outcome::invalid:
      break;
  }
  return service_state::not_tried;
}

bool is_local_fault(const failure& why) {
  return why.kind == outcome::denied || why.kind == outcome::unavailable;
}

bool proves_loss(const failure& why) {
  return why.kind == outcome::refused && (why.refusal == mapping_refusal::port_conflict ||
                                          why.refusal == mapping_refusal::granted_otherwise ||
                                          why.refusal == mapping_refusal::not_kept);
}

}  // namespace natcheck::portmap
