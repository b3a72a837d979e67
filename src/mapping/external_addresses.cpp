#include "mapping/external_addresses.hpp"

#include <fmt/format.h>

#include "diagnosis/remedies.hpp"

namespace natcheck::mappings {

external_addresses::external_addresses(std::function<void(const events::external_address&)> tell)
    : tell_(std::move(tell)) {}

void external_addresses::open(const mapping& entry, std::string& command,
                              std::optional<endpoint>& external) {
  if (entry.internal.ip.is_v6()) {  // a pinhole translates nothing
    external = {entry.external_address.value_or(entry.internal.ip), entry.external_port};
  } else {
    of_protocol(entry.protocol) = {
        state::mapped, entry.external_port, entry.external_address, {}, {}};
    external = of(entry.protocol);
  }
  if (external) command = judging::probe_command(*external, entry.protocol);
  if (entry.internal.ip.is_v4()) of_protocol(entry.protocol).command = command;
}

void external_addresses::lose(transport protocol) { of_protocol(protocol).is = state::closed; }

void external_addresses::open_directly(transport protocol, const endpoint& external,
                                       const std::string& command) {
  of_protocol(protocol) = {state::direct, external.port, {}, command, {}};
}

void external_addresses::fail(transport protocol, std::uint16_t external_port) {
  of_protocol(protocol) = {state::failed, external_port, {}, {}, {}};
}

external_evidence external_addresses::evidence(const port_state& which) const {
  external_evidence all = seen_;
  all.mapped = which.is == state::mapped;
  all.router_says = which.router_says;
  return all;
}

external_judgement external_addresses::judge(const port_state& which) const {
  return diagnose(evidence(which));
}

std::optional<endpoint> external_addresses::of(transport protocol) const {
  const port_state& which = ports_[static_cast<std::size_t>(protocol)];
  if (which.is == state::closed || which.is == state::failed) return std::nullopt;
  const auto judged = judge(which);
  return judged.ip ? std::optional(endpoint{*judged.ip, which.port}) : std::nullopt;
}

std::optional<endpoint> external_addresses::confirmed(transport protocol) const {
  const port_state& which = ports_[static_cast<std::size_t>(protocol)];
  const auto judged = judge(which);
  const bool seen = judged.direct.has_value() || (seen_.stun.empty() && !seen_.asking);
  const bool contradicted = which.router_says && judged.ip != which.router_says;
  return seen && !contradicted ? of(protocol) : std::nullopt;
}

void external_addresses::settle(transport protocol) {
  port_state& which = of_protocol(protocol);
  if (which.is == state::closed || seen_.asking) return;
  events::external_address now{protocol, {}, {}, false, evidence(which), judge(which)};
  const auto& [ip, sources, doubt, direct] = now.judged;
  if (which.is == state::failed && !ip) return;
  if (ip) now.external = endpoint{*ip, which.port};
  if (now.external) now.probe_command = judging::probe_command(*now.external, protocol);
  now.corrects = which.is != state::failed && now.probe_command != which.command;
  const auto said = fmt::format("{} {}", now.probe_command, doubt ? doubt->summary : "");
  if (which.said == said) return;
  which.said = said;
  which.command = now.probe_command;
  tell_(now);
}

void external_addresses::settle() {
  settle(transport::tcp);
  settle(transport::udp);
}

}  // namespace natcheck::mappings
