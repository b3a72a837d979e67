#include "diagnosis/probe_inside.hpp"

#include <algorithm>
#include <array>

#include "core/canonical.hpp"

namespace natcheck::judging {
namespace {

using prefixes = std::vector<interface_address>;
using std::ranges::any_of;

/// Of the largest block of IPv6 addresses that a site is usually given (RFC 6177), in bits.
constexpr unsigned site_length = 48;
/// The addresses of one router, or of one NAT of a carrier, are neighbours most often.
constexpr unsigned pool_length = 24;
constexpr unsigned carrier_pool_length = 16;

/// The address itself is no network: a prefix of full length has no neighbours.
bool holds(const prefixes& networks, const address& ip) {
  return any_of(networks, [&](const interface_address& one) {
    const unsigned whole = one.ip.is_v4() ? 32 : 128;
    return one.prefix_length < whole && same_prefix(one.ip, ip, one.prefix_length);
  });
}

/// Whether one of our public IPv6 addresses shares that many bits with `ip`.
bool shares_bits(const prefixes& ours, const address& ip, unsigned length) {
  return ip.is_v6() && is_public(ip) && any_of(ours, [&](const interface_address& one) {
           return is_public(one.ip) && same_prefix(one.ip, ip, length);
         });
}

/// RFC 6052 section 2.2: where the IPv4 address is in an IPv6 address of a translator. Behind
/// prefixes shorter than 96 bits it goes around byte 8.
bool embeds(const address& translated, const address& ip) {
  if (!translated.is_v6() || !ip.is_v4()) return false;
  const auto wide = translated.to_v6().to_bytes();
  const auto narrow = ip.to_v4().to_bytes();
  constexpr std::array<std::size_t, 6> beginnings{4, 5, 6, 7, 9, 12};
  return any_of(beginnings, [&](std::size_t at) {
    return std::ranges::all_of(narrow, [&](unsigned char byte) {
      if (at == 8) ++at;
      return wide.at(at++) == byte;
    });
  });
}

/// Whether the routers on the way of our datagrams say nothing about the connection.
bool is_proxied(const probe_evidence& seen) {
  return seen.protocol == transport::tcp && seen.visitor_location.proxy;
}

/// How many routers the TTL says that our packet met on its way to the server. Zero or less:
/// something else sent it for us.
std::optional<int> routers_between(const handshake_evidence& one, const probe_evidence& seen) {
  if (!one.ttl || !seen.visitor_location.ttl) return std::nullopt;
  return static_cast<int>(*seen.visitor_location.ttl) - static_cast<int>(*one.ttl);
}

/// Whether every connection may have taken the way of the datagrams, on which a router before the
/// target's answered that TTL: it passed as many routers, and the target's where that translates.
/// Rules for a port or a mark can lead a connection elsewhere.
bool may_have_passed(std::size_t ttl, const probe_evidence& seen) {
  return std::ranges::all_of(seen.handshakes, [&](const handshake_evidence& one) {
    const auto routers = routers_between(one, seen);
    const int fewest = static_cast<int>(ttl) + (one.path == translation::mapped ? 1 : 0);
    return !routers || *routers <= 0 || *routers >= fewest;
  });
}

bool server_saw(const address& ip, const probe_evidence& seen) {
  return any_of(seen.handshakes, [&](const handshake_evidence& one) {
    return one.seen_as && canonical(one.seen_as->ip) == ip;
  });
}

/// Whether a router that answers before the target's has the address that the server saw: whoever
/// asks is translated there, and then comes to the target's router from outside. The same TTL has
/// to have been answered on the way to the target: a router that has both addresses may be silent
/// there.
bool is_translated_before(const probe_evidence& seen) {
  const auto& here = seen.visitor_location;
  const address target = canonical(seen.address->ip);
  for (std::size_t i = 0; i < here.hops.size(); ++i) {
    if (here.hops.at(i) == target) return false;
    if (!here.hops.at(i) || !here.seen_hops.at(i)) continue;
    if (server_saw(*here.seen_hops.at(i), seen)) return may_have_passed(i + 1, seen);
  }
  return false;
}

/// Whether it is the address of a router of the Internet. Routers of our own site, or of the
/// target's, have public addresses as well.
bool is_of_internet(const address& hop, const probe_evidence& seen) {
  const auto& here = seen.visitor_location;
  if (!is_public(hop) || holds(here.on_link, hop) || holds(here.others, hop)) return false;
  const bool site = hop.is_v6() && (same_prefix(hop, canonical(seen.address->ip), site_length) ||
                                    shares_bits(here.on_link, hop, site_length));
  return !site && !server_saw(hop, seen);
}

/// Whether a router of the Internet answers before the target, on a way that the connection may
/// have taken as well: whoever asks is not behind the target's router.
bool is_outside(const probe_evidence& seen) {
  if (is_proxied(seen)) return false;
  if (is_translated_before(seen)) return true;
  const auto& hops = seen.visitor_location.hops;
  std::size_t last = 0;  // the TTL of the last one
  for (std::size_t ttl = 1; ttl <= hops.size(); ++ttl) {
    const auto& hop = hops.at(ttl - 1);
    if (hop == canonical(seen.address->ip)) break;
    if (hop && is_of_internet(*hop, seen)) last = ttl;
  }
  return last > 0 && may_have_passed(last, seen);
}

/// Whether the target answers behind private routers, each of which answers as well. Those of a
/// carrier (100.64.0.0/10) have the target's router behind them.
bool is_near_target(const probe_evidence& seen) {
  const address target = canonical(seen.address->ip);
  for (const auto& hop : seen.visitor_location.hops) {
    if (hop == target) return true;
    if (!hop) return false;
    const auto scope = scope_of(*hop);
    const bool own = scope == address_scope::private_use || scope == address_scope::unique_local;
    if (!own) return false;
  }
  return false;
}

/// A carrier's own routers can have private addresses: then the server saw a public address.
bool saw_public_client(const probe_evidence& seen) {
  return any_of(seen.handshakes, [](const handshake_evidence& one) {
    return one.seen_as && is_public(canonical(one.seen_as->ip)) && !one.near;
  });
}

struct target_rule {
  inside_reason reason;
  bool (*applies)(const probe_evidence&, const address& target);
};

/// What the target's address and the path to it show: the first that applies.
constexpr std::array target_rules{
    // An IPv6 network of a host is its /64 at most, whatever the prefix on the interface.
    target_rule{inside_reason::own_network,
                [](const probe_evidence& seen, const address& target) {
                  const auto& here = seen.visitor_location;
                  return !here.tunnel &&
                         (holds(here.on_link, target) || shares_bits(here.on_link, target, 64));
                }},
    target_rule{inside_reason::own_router,
                [](const probe_evidence& seen, const address& target) {
                  return seen.visitor_location.hops.front() == target;
                }},
    target_rule{inside_reason::own_site,
                [](const probe_evidence& seen, const address& target) {
                  return shares_bits(seen.visitor_location.on_link, target, site_length) &&
                         !is_outside(seen);
                }},
    target_rule{inside_reason::near_target,
                [](const probe_evidence& seen, const address&) {
                  return is_near_target(seen) && !saw_public_client(seen);
                }},
};

/// Whether our packets met no more routers than that many of ours and, where the server has another
/// address than the target's, the target's.
bool met_few_routers(const handshake_evidence& one, const probe_evidence& seen, int ours) {
  const auto routers = routers_between(one, seen);
  const int fewest = one.path == translation::direct ? ours : ours + 1;
  return routers && *routers > 0 && *routers <= fewest;
}

/// Whether one NAT may well have both addresses.
bool may_be_one_pool(const address& ip, const address& target, const probe_evidence& seen) {
  if (ip.is_v4() != target.is_v4()) return false;
  if (ip.is_v6()) return same_prefix(ip, target, site_length);
  const bool carrier = any_of(seen.visitor_location.hops, [](const std::optional<address>& hop) {
    return hop && scope_of(*hop) == address_scope::shared;
  });
  return same_prefix(ip, target, carrier ? carrier_pool_length : pool_length);
}

/// What a public address that the server saw proves. A router with several addresses, or a
/// carrier's NAT, may lead us back inside in the name of another one than the target's.
std::optional<inside_reason> by_public_address(const handshake_evidence& one,
                                               const probe_evidence& seen) {
  const auto& here = seen.visitor_location;
  const address target = canonical(seen.address->ip);
  if (!one.seen_as || !here.local) return std::nullopt;
  const address ip = canonical(one.seen_as->ip);
  const bool translated = is_public(ip) && ip != canonical(*here.local);
  if (!translated || is_outside(seen)) return std::nullopt;
  if (std::ranges::find(here.hops, target) != here.hops.end()) return inside_reason::near_target;
  if (met_few_routers(one, seen, 1)) return inside_reason::few_routers;
  if (may_be_one_pool(ip, target, seen)) return inside_reason::same_pool;
  return std::nullopt;
}

/// What an internal address that the server saw proves.
std::optional<inside_reason> by_inner_address(const address& ip, const handshake_evidence& one,
                                              const probe_evidence& seen) {
  const auto& here = seen.visitor_location;
  if (here.local && ip == canonical(*here.local)) return inside_reason::seen_ourselves;
  if (here.gateway && ip == canonical(*here.gateway)) return inside_reason::seen_own_router;
  if (holds(here.on_link, ip)) return inside_reason::seen_own_network;
  if (is_proxied(seen)) return inside_reason::proxy;
  const bool public_ipv4 = here.local && here.local->is_v4() && is_public(*here.local);
  // From outside it is farther, whatever the way of the datagrams is: the first router there is the
  // provider's, or ours, which translates us.
  const bool few = met_few_routers(one, seen, public_ipv4 ? 0 : 1);
  // Who is outside is not behind the server's router: that or a relay there stands for it, and
  // everybody's containers have the same networks.
  if (!few && is_outside(seen)) return std::nullopt;
  if (holds(here.others, ip)) return inside_reason::seen_own_network;
  // The same with a public IPv4 address. One of IPv6 may reach the target's through a translator.
  if (!few && public_ipv4) return std::nullopt;
  if (one.near == proximity::network) return inside_reason::near_server;
  if (one.near == proximity::gateway && here.tunnel) return inside_reason::tunnel;
  return inside_reason::not_from_outside;
}

std::optional<inside_reason> by_seen_address(const handshake_evidence& one,
                                             const probe_evidence& seen) {
  if (!one.seen_as) return std::nullopt;
  const address ip = canonical(one.seen_as->ip);
  const address target = canonical(seen.address->ip);
  if (ip == target || embeds(target, ip)) return inside_reason::hairpin;
  if (is_public(ip) && !one.near) return std::nullopt;
  return by_inner_address(ip, one, seen);
}

}  // namespace

std::vector<inside_reason> inside_by_scope(const address& target) {
  switch (scope_of(target)) {
    case address_scope::loopback:
      return {inside_reason::loopback};
    case address_scope::private_use:
    case address_scope::shared:
    case address_scope::link_local:
    case address_scope::unique_local:
      return {inside_reason::private_target};
    default:
      return {};
  }
}

std::vector<inside_reason> inside_reasons(const probe_evidence& seen) {
  std::vector<inside_reason> reasons = seen.inside;
  if (!seen.address || !reasons.empty()) return reasons;
  const address target = canonical(seen.address->ip);
  const auto found = std::ranges::find_if(
      target_rules, [&](const target_rule& rule) { return rule.applies(seen, target); });
  if (found != target_rules.end()) reasons.push_back(found->reason);
  const auto add_by = [&](auto rule) {
    for (const auto& one : seen.handshakes) {
      const auto reason = rule(one, seen);
      if (reason && std::ranges::find(reasons, *reason) == reasons.end()) {
        reasons.push_back(*reason);
      }
    }
  };
  add_by(by_seen_address);
  if (reasons.empty()) add_by(by_public_address);
  return reasons;
}

std::optional<address> address_to_locate(const probe_evidence& seen) {
  const auto reasons = inside_reasons(seen);
  const bool open = std::ranges::any_of(reasons, [](inside_reason reason) {
    return reason == inside_reason::near_target || reason == inside_reason::few_routers ||
           reason == inside_reason::same_pool;
  });
  if (!open) return std::nullopt;
  for (const auto& one : seen.handshakes) {
    if (one.seen_as && is_public(canonical(one.seen_as->ip))) return canonical(one.seen_as->ip);
  }
  return std::nullopt;
}

bool is_proof(inside_reason reason) {
  using enum inside_reason;
  constexpr std::array proofs{own_address, loopback,   private_target, hairpin,
                              own_network, own_router, seen_ourselves};
  return std::ranges::find(proofs, reason) != proofs.end();
}

}  // namespace natcheck::judging
