#include "diagnosis/stations.hpp"

#include <algorithm>
#include <iterator>

namespace natcheck::judging {
namespace {

using role = station_role;

station host_at(const address& ip) { return {role::host, ip}; }

station cut_off(station one) {
  one.cut_off = true;
  return one;
}

station nat(role what, std::optional<address> inner, std::optional<address> outer) {
  return {what, std::move(inner), true, std::move(outer)};
}

/// What translates upstream of the router, by the verdict; empty: nothing does.
std::optional<role> second_nat(verdict_code code) {
  switch (code) {
    case verdict_code::cgnat:
      return role::provider_nat;
    case verdict_code::ds_lite:
      return role::tunnel_end;
    case verdict_code::double_nat:
      return role::second_router;
    case verdict_code::public_address_mismatch:
      return role::another_nat;
    default:
      return std::nullopt;
  }
}

/// What external servers saw; empty if none did, or they disagree.
std::optional<address> seen_outside(const facts& s) {
  const auto& seen = s.outside.reflexive;
  return seen.size() == 1 ? std::optional(seen.front().ip) : std::nullopt;
}

bool has_one_nat(verdict_code code) {
  return code == verdict_code::single_nat || code == verdict_code::nat_no_mapping_service;
}

/// The router's own external address: what an external server saw if no other NAT follows, else
/// what its services agree on, unless the owner test disproved it.
std::optional<address> outer_side(const facts& s, verdict_code code) {
  if (auto seen = seen_outside(s); seen && has_one_nat(code)) return seen;
  if (s.named.empty() || differ(s.named)) return std::nullopt;
  const auto& ip = s.named.front().ip;
  const bool disproved =
      ip == s.seen.owner.target && gateway_owns_seen_address(s.seen) == tested::no;
  return disproved ? std::nullopt : std::optional(ip);
}

/// The routers upstream of the gateway, up to the first that has a public address.
std::vector<address> inner_hops(const facts& s) {
  std::vector<address> inner;
  for (const auto& hop : s.outside.hops) {
    if (is_public(*hop.ip)) break;
    if (inner.empty() || inner.back() != *hop.ip) inner.push_back(*hop.ip);
  }
  return inner;
}

bool is_providers(const address& ip) {
  return scope_of(ip) == address_scope::shared || scope_of(ip) == address_scope::ds_lite;
}

/// What is upstream of the router, each named by its address: 100.64.0.0/10 is the provider's, and
/// private addresses before that are routers'. The last is the inner side of the last NAT, as far
/// as a path can show it.
void add_upstream(std::vector<station>& path, const facts& s, role last) {
  const auto hops = inner_hops(s);
  const auto carrier = std::ranges::find_if(hops, is_providers);
  const bool found = carrier != hops.end();
  // If the router's own address is the provider's already, there is no second router at home.
  const bool at_provider = std::ranges::any_of(
      s.named, [](const reported_address& one) { return is_providers(one.ip); });
  if (found && !at_provider) {
    for (auto hop = hops.begin(); hop != carrier; ++hop) {
      path.push_back({hop == hops.begin() ? role::second_router : role::router, *hop});
    }
  }
  if (found && scope_of(*carrier) == address_scope::shared) last = role::provider_nat;
  const auto inner = found ? carrier : hops.begin();
  path.push_back(
      nat(last, inner == hops.end() ? std::nullopt : std::optional(*inner), seen_outside(s)));
}

std::vector<station> ipv6_path(const facts& s) {
  if (!s.seen.host.ipv6) return {};
  std::vector<station> path{host_at(s.seen.host.ipv6->local)};
  if (const auto& gateway = s.seen.host.ipv6->gateway) path.push_back({role::router, *gateway});
  path.push_back({role::ipv6_internet, {}});
  return path;
}

std::vector<station> path_by_interface(const facts& s) {
  const auto& way = *s.seen.host.ipv4;
  station link{s.leaves_by_tunnel() ? role::tunnel : role::direct_link, {}};
  link.interface = way.interface;
  const auto outer = seen_outside(s);
  if (outer && *outer != way.local) {
    link.translates = true;
    link.outer = outer;
  }
  return {host_at(way.local), std::move(link), {role::internet, {}}};
}

std::vector<station> translated_path(const facts& s, verdict_code code) {
  const auto& router = s.seen.gateway->ip;
  const auto outer = outer_side(s, code);
  const auto upstream = second_nat(code);
  std::vector<station> path{host_at(*s.local())};
  if (upstream && scope_of(*s.local()) == address_scope::shared) {
    // The gateway itself is the provider's: there is no router of one's own before it.
    path.push_back(nat(*upstream, router, outer ? outer : seen_outside(s)));
  } else {
    path.push_back(nat(role::router, router, outer));
    if (upstream) add_upstream(path, s, *upstream);
  }
  path.push_back({role::internet, {}});
  return path;
}

/// The router does: the address here is not public, or the Internet sees another, which is the
/// router's.
bool router_translates(const facts& s, verdict_code code) {
  return !is_public(*s.local()) || has_one_nat(code) || code == verdict_code::double_nat ||
         code == verdict_code::cgnat ||
         (code == verdict_code::public_address_mismatch && !s.named.empty());
}

}  // namespace

std::vector<station> stations(const facts& s, verdict_code code) {
  if (code == verdict_code::ipv6_only) return ipv6_path(s);
  if (!s.seen.host.ipv4) return {};
  if (!s.seen.gateway || s.leaves_by_tunnel()) return path_by_interface(s);
  const station host = host_at(*s.local());
  const station router{role::router, s.seen.gateway->ip};
  const station internet{role::internet, {}};
  switch (code) {
    case verdict_code::offline:
      return {host, cut_off(router)};
    case verdict_code::gateway_wan_down:
    case verdict_code::no_internet:
    case verdict_code::captive_portal:
      return {host, router, cut_off(internet)};
    default:
      break;
  }
  if (router_translates(s, code)) return translated_path(s, code);
  std::vector<station> path{host, router};
  if (const auto upstream = second_nat(code)) add_upstream(path, s, *upstream);
  path.push_back(internet);
  return path;
}

}  // namespace natcheck::judging
