#include <fmt/format.h>

#include "diagnosis/evidence_lines.hpp"
#include "diagnosis/remedies.hpp"
#include "diagnosis/rules.hpp"

namespace natcheck::judging {
namespace {

/// A public address of this host that no external server contradicts, or one that the gateway is
/// known to own: the hops are the provider's.
bool needs_no_translation(const facts& s) {
  if (s.gateway_owns_it() == tested::yes) return true;
  const auto local = s.local();
  return !local || (is_public(*local) && !s.outside.sees_us());
}

verdict provider_tunnel(const facts& s, const path_hop& hop) {
  return {verdict_code::ds_lite,
          confidence::likely,
          "Your provider most likely carries IPv4 through an IPv6 tunnel (DS-Lite), and customers "
          "share the far end: a port opened on your router stays unreachable over IPv4.",
          {hop_line(hop), local_line(s)},
          around_the_provider(s)};
}

}  // namespace

std::vector<std::string> open_outer_router(const facts& s, const address& outer) {
  return {fmt::format("if {0} is yours (see http://{0}/): put it into bridge mode, or forward TCP "
                      "port {1} on it to your inner router",
                      outer.to_string(), example_port),
          "then, on the inner one: " + forward_example(s.router(), *s.local()),
          "if it is the provider's: ask the provider for a public IPv4 address"};
}

// A data centre may number its own routers so without translating. Who sees that their router has
// a public address is told otherwise by an earlier rule.
std::optional<verdict> carrier_on_path(const facts& s) {
  if (needs_no_translation(s)) return std::nullopt;
  if (const auto tunnel = s.outside.hop_within(address_scope::ds_lite)) {
    return provider_tunnel(s, *tunnel);
  }
  const auto hop = s.outside.hop_within(address_scope::shared);
  if (!hop) return std::nullopt;
  return verdict{verdict_code::cgnat,
                 confidence::likely,
                 "Your provider most likely shares one public address among many customers "
                 "(carrier-grade NAT): a port opened on your router stays unreachable from the "
                 "Internet.",
                 {hop_line(*hop), std::string(no_external_address), local_line(s)},
                 around_the_provider(s)};
}

std::optional<verdict> second_router_on_path(const facts& s) {
  if (needs_no_translation(s) || !s.seen.gateway) return std::nullopt;
  const auto hop = s.outside.hop_within(address_scope::private_use);
  if (!hop) return std::nullopt;
  const auto outer = hop->ip->to_string();
  return verdict{
      verdict_code::double_nat,
      confidence::likely,
      fmt::format("Your router is most likely behind a second router, {} (double NAT): a port must "
                  "be opened on both.",
                  outer),
      {hop_line(*hop) + "; some providers use such addresses for their own routers", local_line(s)},
      open_outer_router(s, *hop->ip)};
}

}  // namespace natcheck::judging
