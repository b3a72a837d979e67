#include "mapping/journal/removal_policy.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/upnp_errors.hpp"

namespace natcheck::journal {
namespace {

bool leads_to_the_same_place(const mapping_claim& a, const mapping_claim& b) {
  return a.protocol == b.protocol && a.gateway == b.gateway && a.internal == b.internal;
}

std::string keeper_of(const known_claim& known) {
  if (known.owner == claimed_by::running) {
    return fmt::format("in use by another natcheck, process {}", known.process);
  }
  return fmt::format("created by natcheck mappings add; to remove it: natcheck mappings remove {}",
                     known.claim.external_port);
}

}  // namespace

std::optional<failure> open_by_another_port(const std::vector<known_claim>& known,
                                            const mapping_claim& wanted, bool any_port) {
  if (wanted.via == mapping_protocol::upnp || any_port) return std::nullopt;
  const auto found = std::ranges::find_if(known, [&](const known_claim& each) {
    return each.owner != claimed_by::dead && leads_to_the_same_place(each.claim, wanted) &&
           each.claim.external_port != wanted.external_port;
  });
  if (found == known.end()) return std::nullopt;
  return failure{
      outcome::refused,
      fmt::format("opening port {} on {}", wanted.external_port, wanted.gateway.to_string()),
      fmt::format("port {} of this machine is already open as external port {} ({})",
                  wanted.internal.port, found->claim.external_port, keeper_of(*found)),
      upnp_error::open_by_another_port};
}

const known_claim* added_before(const std::vector<known_claim>& known, const mapping_claim& wanted,
                                bool any_port) {
  const auto found = std::ranges::find_if(known, [&](const known_claim& each) {
    return each.owner == claimed_by::added && each.claim.via == wanted.via &&
           leads_to_the_same_place(each.claim, wanted) &&
           (any_port || each.claim.external_port == wanted.external_port);
  });
  return found == known.end() ? nullptr : &*found;
}

bool has_to_stay(const std::vector<known_claim>& known, const mapping_claim& made) {
  return std::ranges::any_of(known, [&](const known_claim& each) {
    return each.owner == claimed_by::added && leads_to_the_same_place(each.claim, made) &&
           each.claim.external_port == made.external_port;
  });
}

}  // namespace natcheck::journal
