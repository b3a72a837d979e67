#include "net/egress_route.hpp"

#include <linux/if.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>

namespace natcheck::net {
namespace {

bool is_up(const link& value) {
  constexpr std::uint32_t wanted = IFF_UP | IFF_RUNNING | IFF_LOWER_UP;
  return (value.flags & wanted) == wanted;
}

bool is_default(const route& value) {
  return value.type == RTN_UNICAST && value.prefix_length == 0;
}

bool is_usable(const link_address& value) {
  if ((value.flags & IFA_F_DADFAILED) != 0) return false;
  // RFC 4429: an optimistic address may be used while it is tentative.
  return (value.flags & IFA_F_TENTATIVE) == 0 || (value.flags & IFA_F_OPTIMISTIC) != 0;
}

interface_address to_public(const link_address& value) {
  // The same bit means "secondary" on IPv4.
  const bool temporary = value.ip.is_v6() && (value.flags & IFA_F_TEMPORARY) != 0;
  return {value.ip, value.prefix_length, temporary, (value.flags & IFA_F_DEPRECATED) != 0};
}

std::optional<std::uint32_t> best_metric(const std::vector<route>& routes, std::uint8_t family,
                                         unsigned index) {
  std::optional<std::uint32_t> best;
  for (const route& each : routes) {
    if (each.family != family || each.table != RT_TABLE_MAIN) continue;
    if (!is_default(each) || !leaves_by(each, index)) continue;
    best = std::min(best.value_or(each.metric), each.metric);
  }
  return best;
}

interface_info interface_of(const link& value, const kernel_tables& tables) {
  interface_info info;
  info.name = value.name;
  info.index = value.index;
  info.kind = kind_of(value);
  info.up = is_up(value);
  for (const link_address& each : tables.addresses) {
    if (each.index == value.index && is_usable(each)) info.addresses.push_back(to_public(each));
  }
  info.metric = best_metric(tables.routes, AF_INET, value.index);
  if (!info.metric) info.metric = best_metric(tables.routes, AF_INET6, value.index);
  info.default_route = info.metric.has_value();
  return info;
}

const next_hop* hop_by(const route& value, unsigned index) {
  const auto found = std::find_if(value.hops.begin(), value.hops.end(),
                                  [&](const next_hop& hop) { return hop.index == index; });
  return found == value.hops.end() ? nullptr : &*found;
}

/// Not for a server: its address would be another one soon.
bool is_passing(const interface_address& value) { return value.temporary || value.deprecated; }

/// How good an address is to be reached at; smaller is better. Ties go to the one that shares its
/// network with `near`.
int rank(const interface_address& value, const std::optional<address>& near) {
  const address_scope scope = scope_of(value.ip);
  int points = is_passing(value) ? 8 : 0;
  if (scope == address_scope::link_local) points += 4;
  if (scope == address_scope::unique_local) points += 2;
  if (!near || !same_prefix(value.ip, *near, value.prefix_length)) points += 1;
  return points;
}

const interface_address* best_address(const interface_info& interface, std::uint8_t family,
                                      const std::optional<address>& near) {
  const interface_address* best = nullptr;
  for (const interface_address& each : interface.addresses) {
    if (each.ip.is_v4() != (family == AF_INET)) continue;
    if (best == nullptr || rank(each, near) < rank(*best, near)) best = &each;
  }
  return best;
}

const interface_address* find_address(const interface_info& interface, const address& ip) {
  const auto found = std::find_if(interface.addresses.begin(), interface.addresses.end(),
                                  [&](const interface_address& each) { return each.ip == ip; });
  return found == interface.addresses.end() ? nullptr : &*found;
}

std::optional<address> local_address(const route& decided, const interface_info& interface,
                                     source_choice choice) {
  if (!decided.source) {
    const auto* best = best_address(interface, decided.family, decided.hops.front().gateway);
    return best == nullptr ? std::nullopt : std::optional{best->ip};
  }
  // Without another usable IPv6 address the kernel falls back on ::1.
  if (decided.source->is_loopback() && decided.type != RTN_LOCAL) return std::nullopt;
  const auto* kernels = find_address(interface, *decided.source);
  const bool keep = choice == source_choice::kernels || kernels == nullptr || !is_passing(*kernels);
  if (keep) return decided.source;
  const auto* best = best_address(interface, decided.family, decided.source);
  return !is_passing(*best) && is_public(best->ip) ? best->ip : *decided.source;
}

/// The source may belong to another interface than the one the packet leaves by: a router with
/// its address on the loopback interface, an unnumbered link.
unsigned prefix_length_of(const address& ip, const interface_info& first,
                          const std::vector<interface_info>& interfaces) {
  if (const auto* found = find_address(first, ip)) return found->prefix_length;
  for (const interface_info& each : interfaces) {
    if (const auto* found = find_address(each, ip)) return found->prefix_length;
  }
  return ip.is_v4() ? 32 : 128;
}

/// fe80::1 means nothing without the interface (RFC 4007 section 6).
address with_scope(const address& ip, unsigned index) {
  if (!ip.is_v6() || !ip.to_v6().is_link_local()) return ip;
  auto scoped = ip.to_v6();
  scoped.scope_id(index);
  return scoped;
}

/// The next hops of the object with that id: one, or those of its group.
std::vector<next_hop> hops_of(std::uint32_t id, const std::vector<nexthop_object>& objects) {
  std::vector<next_hop> hops;
  const auto is_called = [](std::uint32_t name) {
    return [name](const nexthop_object& each) { return each.id == name; };
  };
  const auto found = std::find_if(objects.begin(), objects.end(), is_called(id));
  if (found == objects.end()) return hops;
  if (found->hop) hops.push_back(*found->hop);
  // Groups do not nest.
  for (const std::uint32_t member : found->group) {
    const auto each = std::find_if(objects.begin(), objects.end(), is_called(member));
    if (each != objects.end() && each->hop) hops.push_back(*each->hop);
  }
  return hops;
}

}  // namespace

void resolve_nexthops(route& value, const std::vector<nexthop_object>& objects) {
  if (value.hops.empty()) value.hops = hops_of(value.nexthop_id, objects);
}

std::vector<address> usable_sources(const std::vector<interface_info>& interfaces,
                                    std::uint8_t family, unsigned index) {
  std::vector<const interface_address*> found;
  for (const interface_info& each : interfaces) {
    const bool wanted = index == 0 || each.index == index;
    if (!wanted || !each.up || each.kind == interface_kind::loopback) continue;
    for (const interface_address& own : each.addresses) {
      if (own.ip.is_v4() != (family == AF_INET)) continue;
      if (scope_of(own.ip) != address_scope::link_local) found.push_back(&own);
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const auto* a, const auto* b) {
    return rank(*a, std::nullopt) < rank(*b, std::nullopt);
  });
  std::vector<address> sources;
  for (const auto* each : found) sources.push_back(each->ip);
  return sources;
}

std::vector<std::string> ipv4_defaults(const kernel_tables& tables) {
  std::vector<std::string> names;
  for (const link& each : tables.links) {
    const bool found =
        std::any_of(tables.routes.begin(), tables.routes.end(), [&](const route& value) {
          return value.family == AF_INET && is_default(value) && leaves_by(value, each.index);
        });
    if (found) names.push_back(each.name);
  }
  return names;
}

std::string ipv4_forbidden(const std::vector<route>& routes) {
  for (const route& each : routes) {
    if (each.family != AF_INET || each.prefix_length != 0) continue;
    if (each.type == RTN_UNREACHABLE) return "unreachable";
    if (each.type == RTN_PROHIBIT) return "prohibit";
    if (each.type == RTN_BLACKHOLE) return "blackhole";
  }
  return {};
}

std::vector<interface_info> interfaces_of(const kernel_tables& tables) {
  std::vector<interface_info> interfaces;
  interfaces.reserve(tables.links.size());
  for (const link& each : tables.links) interfaces.push_back(interface_of(each, tables));
  return interfaces;
}

bool carries_packets(const route& value) {
  return (value.type == RTN_UNICAST || value.type == RTN_LOCAL) && !value.hops.empty();
}

bool leaves_by(const route& value, unsigned index) { return hop_by(value, index) != nullptr; }

std::optional<route> best_default(const std::vector<route>& routes, std::uint8_t family,
                                  unsigned index) {
  const route* best = nullptr;
  for (const route& each : routes) {
    if (each.family != family || !is_default(each) || !leaves_by(each, index)) continue;
    if (best == nullptr || each.metric < best->metric) best = &each;
  }
  if (best == nullptr) return std::nullopt;
  route chosen = *best;
  chosen.hops = {*hop_by(*best, index)};
  return chosen;
}

std::optional<route_info> egress_route(const route& decided,
                                       const std::vector<interface_info>& interfaces,
                                       source_choice source) {
  if (!carries_packets(decided)) return std::nullopt;
  const next_hop& hop = decided.hops.front();
  const auto leaving = std::find_if(interfaces.begin(), interfaces.end(),
                                    [&](const auto& each) { return each.index == hop.index; });
  if (leaving == interfaces.end()) return std::nullopt;
  const auto local = local_address(decided, *leaving, source);
  if (!local) return std::nullopt;
  route_info info;
  info.local = with_scope(*local, hop.index);
  info.prefix_length = prefix_length_of(*local, *leaving, interfaces);
  info.interface = leaving->name;
  info.interface_index = leaving->index;
  info.kind = leaving->kind;
  if (!hop.gateway) return info;
  // RFC 8950: an IPv4 route may lead to an IPv6 router, which no IPv4 protocol can ask.
  const bool same_family = hop.gateway->is_v4() == (decided.family == AF_INET);
  (same_family ? info.gateway : info.gateway_ipv6) = with_scope(*hop.gateway, hop.index);
  return info;
}

std::vector<address> other_gateways(const route& entry, const route_info& way) {
  std::vector<address> others;
  for (const next_hop& each : entry.hops) {
    if (!each.gateway) continue;
    const address gateway = with_scope(*each.gateway, each.index);
    const bool taken = gateway == way.gateway || gateway == way.gateway_ipv6;
    if (!taken) others.push_back(gateway);
  }
  return others;
}

}  // namespace natcheck::net
