#include "mapping/wanted_mapping.hpp"

#include <algorithm>

#include "mapping/journal/removal_policy.hpp"

namespace natcheck::mappings {

void wanted_mapping::granted(std::uint16_t external_port) {
  if (options_.any_port) port_ = external_port;
}

mapping_key wanted_mapping::key_by(mapping_protocol via) const {
  mapping_key key;
  key.via = via;
  key.protocol = options_.protocol;
  key.gateway = gateway_->ip;
  key.internal = {gateway_->local, options_.internal_port};
  key.external_port = port_;
  return key;
}

const journal::known_record* wanted_mapping::added_before(mapping_protocol via) const {
  return journal::added_before(journal_.others, key_by(via), options_.any_port);
}

std::optional<failure> wanted_mapping::why_not(mapping_protocol via) const {
  return journal::open_by_another_port(journal_.others, key_by(via), options_.any_port);
}

std::vector<std::uint16_t> wanted_mapping::ports_of_others(mapping_protocol via) const {
  return journal::ports_of_others(journal_.others, key_by(via));
}

bool wanted_mapping::has_to_stay(const mapping_key& made) const {
  return journal::has_to_stay(journal_.others, made);
}

mapping_request wanted_mapping::request_to(mapping_protocol via) const {
  mapping_request request;
  request.protocol = options_.protocol;
  request.internal_port = options_.internal_port;
  request.external_port = port_;
  request.lifetime = options_.lifetime;
  request.any_port = options_.any_port;
  const auto* added = added_before(via);
  const bool has_end = added != nullptr && added->record.lifetime.count() != 0;
  if (has_end && options_.asked_by == mapping_command::serve) {
    request.lifetime = std::max(request.lifetime, added->ends - journal_.now);
  }
  return request;
}

}  // namespace natcheck::mappings
