#include "portmap/mappers.hpp"

#include "core/gateway_services.hpp"
#include "portmap/port_control.hpp"
#include "portmap/upnp_mapper.hpp"
#include "portmap/upnp_pinhole.hpp"

namespace natcheck::portmap {
namespace {

using mapper_ptr = std::unique_ptr<port_mapper>;

/// Null where the gateway's family has no such protocol.
mapper_ptr make_mapper(mapping_protocol via, const gateway_access& access) {
  const bool is_ipv6 = access.gateway.is_v6();
  if (is_ipv6 && !row_of(via).ipv6) return nullptr;
  for (const lease::codec* codec : port_control_codecs) {
    if (codec->via == via) return std::make_unique<port_control_mapper>(access, *codec);
  }
  if (is_ipv6) return std::make_unique<upnp_pinhole_mapper>(access);
  return std::make_unique<upnp_mapper>(access);
}

}  // namespace

std::optional<mapping_protocol> only_protocol_of(mapping_choice choice) {
  switch (choice) {
    case mapping_choice::automatic:
      break;
    case mapping_choice::pcp:
      return mapping_protocol::pcp;
    case mapping_choice::nat_pmp:
      return mapping_protocol::nat_pmp;
    case mapping_choice::upnp:
      return mapping_protocol::upnp;
  }
  return std::nullopt;
}

std::vector<mapper_ptr> mappers_for(const gateway_access& access, mapping_choice choice) {
  std::vector<mapper_ptr> mappers;
  const auto only = only_protocol_of(choice);
  for (const gateway_service& service : gateway_services) {
    if (only && *only != service.id) continue;
    auto mapper = make_mapper(service.id, access);
    if (mapper) mappers.push_back(std::move(mapper));
  }
  return mappers;
}

mapper_ptr mapper_of(const mapping_record& record, const gateway_access& access) {
  auto mapper = make_mapper(record.via, access);
  if (mapper) mapper->restore(record);
  return mapper;
}

}  // namespace natcheck::portmap
