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

/// Whether a router of the Internet answers before the target: whoever asks is not behind the
/// target's router. Routers of our own site, or of the target's, have public addresses as well.
bool is_outside(const probe_evidence& seen) {
  const auto& here = seen.standpoint;
  const address target = canonical(seen.address->ip);
  for (const auto& hop : here.hops) {
    if (hop == target) return false;
    if (!hop || !is_public(*hop) || holds(here.on_link, *hop) || holds(here.others, *hop)) continue;
    const bool site = hop->is_v6() && (same_prefix(*hop, target, site_length) ||
                                       shares_bits(here.on_link, *hop, site_length));
    const bool server_saw = any_of(seen.handshakes, [&](const handshake_evidence& one) {
      return one.seen_as && canonical(one.seen_as->ip) == *hop;
    });
    if (!site && !server_saw) return true;
  }
  return false;
}

/// Whether the target answers behind private routers, each of which answers as well. Those of a
/// carrier (100.64.0.0/10) have the target's router behind them.
bool is_near_target(const probe_evidence& seen) {
  const address target = canonical(seen.address->ip);
  for (const auto& hop : seen.standpoint.hops) {
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

/// What the target's address and the way to it tell.
void add_by_target(std::vector<inside_reason>& reasons, const probe_evidence& seen) {
  const auto& here = seen.standpoint;
  const address target = canonical(seen.address->ip);
  // An IPv6 network of a host is its /64 at most, whatever the prefix on the interface.
  const bool neighbour =
      !here.tunnel && (holds(here.on_link, target) || shares_bits(here.on_link, target, 64));
  if (neighbour) {
    reasons.push_back(inside_reason::own_network);
  } else if (here.hops.front() == target) {
    reasons.push_back(inside_reason::own_router);
  } else if (shares_bits(here.on_link, target, site_length) && !is_outside(seen)) {
    reasons.push_back(inside_reason::own_site);
  } else if (is_near_target(seen) && !saw_public_client(seen)) {
    reasons.push_back(inside_reason::near_target);
  }
}

/// What an inner address tells that the server saw.
std::optional<inside_reason> by_inner_address(const address& ip, const handshake_evidence& one,
                                              const probe_evidence& seen) {
  const auto& here = seen.standpoint;
  if (here.local && ip == canonical(*here.local)) return inside_reason::seen_ourselves;
  if (here.gateway && ip == canonical(*here.gateway)) return inside_reason::seen_own_router;
  if (holds(here.on_link, ip)) return inside_reason::seen_own_network;
  // Who is outside is not behind the server's router: that or a relay there stands for it, and
  // everybody's containers have the same networks.
  if (is_outside(seen)) return std::nullopt;
  if (holds(here.others, ip)) return inside_reason::seen_own_network;
  // The same with a public IPv4 address. One of IPv6 may reach the target's through a translator.
  if (here.local && here.local->is_v4() && is_public(*here.local)) return std::nullopt;
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

std::vector<inside_reason> inside_reasons(const probe_evidence& seen) {
  std::vector<inside_reason> reasons = seen.inside;
  if (!seen.address || !reasons.empty()) return reasons;
  add_by_target(reasons, seen);
  for (const auto& one : seen.handshakes) {
    const auto reason = by_seen_address(one, seen);
    if (reason && std::ranges::find(reasons, *reason) == reasons.end()) reasons.push_back(*reason);
  }
  return reasons;
}

bool is_proof(inside_reason reason) {
  switch (reason) {
    case inside_reason::seen_own_router:
    case inside_reason::seen_own_network:
    case inside_reason::near_server:
    case inside_reason::tunnel:
    case inside_reason::own_site:
    case inside_reason::near_target:
    case inside_reason::not_from_outside:
      return false;
    default:
      return true;
  }
}

}  // namespace natcheck::judging
