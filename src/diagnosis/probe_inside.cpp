#include "diagnosis/probe_inside.hpp"

#include <algorithm>
#include <array>

#include "core/canonical.hpp"

namespace natcheck::judging {
namespace {

using prefixes = std::vector<interface_address>;
using std::ranges::any_of;

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

/// What the target's address and the way to it tell.
void add_by_target(std::vector<inside_reason>& reasons, const probe_evidence& seen) {
  const auto& here = seen.standpoint;
  const address target = canonical(seen.address->ip);
  // An IPv6 network of a host is its /64 at most, whatever the prefix on the interface.
  const bool neighbour =
      !here.tunnel && (holds(here.on_link, target) || shares_bits(here.on_link, target, 64));
  if (neighbour) {
    reasons.push_back(inside_reason::own_network);
  } else if (here.first == first_hop::target) {
    reasons.push_back(inside_reason::own_router);
  } else if (shares_bits(here.on_link, target, 56)) {
    reasons.push_back(inside_reason::own_site);
  }
}

/// What an inner address tells that the server saw.
std::optional<inside_reason> by_inner_address(const address& ip, const handshake_evidence& one,
                                              const probe_standpoint& here) {
  if (here.local && ip == canonical(*here.local)) return inside_reason::seen_ourselves;
  if (here.gateway && ip == canonical(*here.gateway)) return inside_reason::seen_own_router;
  if (holds(here.on_link, ip)) return inside_reason::seen_own_network;
  // Everybody's containers have the same networks; a router without the target's address shows
  // that the server is not behind it.
  if (here.first != first_hop::other && holds(here.others, ip)) {
    return inside_reason::seen_own_network;
  }
  // Whoever has a public address is not behind the server's router: a relay there stands for it.
  if (here.local && is_public(*here.local)) return std::nullopt;
  if (one.near == proximity::network) return inside_reason::near_server;
  if (one.near == proximity::gateway && here.tunnel) return inside_reason::tunnel;
  return std::nullopt;
}

std::optional<inside_reason> by_seen_address(const handshake_evidence& one,
                                             const probe_evidence& seen) {
  if (!one.seen_as) return std::nullopt;
  const address ip = canonical(one.seen_as->ip);
  const address target = canonical(seen.address->ip);
  if (ip == target || embeds(target, ip)) return inside_reason::hairpin;
  if (is_public(ip) && !one.near) return std::nullopt;
  return by_inner_address(ip, one, seen.standpoint);
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
      return false;
    default:
      return true;
  }
}

}  // namespace natcheck::judging
