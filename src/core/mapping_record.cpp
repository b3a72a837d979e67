#include "core/mapping_record.hpp"

namespace natcheck {

bool same_destination(const mapping_key& a, const mapping_key& b) {
  return a.protocol == b.protocol && a.gateway == b.gateway && a.internal == b.internal;
}

bool same_mapping(const mapping_key& a, const mapping_key& b) {
  if (a.via != b.via || !same_destination(a, b)) return false;
  return a.via != mapping_protocol::upnp || a.external_port == b.external_port;
}

bool same_external_port(const mapping_key& a, const mapping_key& b) {
  return same_destination(a, b) && a.external_port == b.external_port && a.internal.ip.is_v4();
}

}  // namespace natcheck
