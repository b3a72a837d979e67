#include "diagnosis/visitor_location.hpp"

#include "core/canonical.hpp"

namespace natcheck::judging {
namespace {

/// Both of a public prefix of that length, for each version of IP.
bool share_prefix(const address& seen, const address& local, unsigned ipv4, unsigned ipv6) {
  return seen.is_v6() == local.is_v6() && is_public(local) &&
         same_prefix(seen, local, seen.is_v6() ? ipv6 : ipv4);
}

/// An IPv6 visitor of the same /64 is a neighbour.
bool is_neighbour(const address& seen, const address& local) {
  return seen.is_v6() && share_prefix(seen, local, 32, 64);
}

/// A site has a /48 at most (RFC 6177). With IPv4 it is a guess, on the safe side.
bool is_close(const address& seen, const address& local) {
  return share_prefix(seen, local, 24, 48);
}

/// How many routers a packet passed that arrived with that TTL: systems begin with one of these.
unsigned routers_passed(unsigned ttl) {
  for (const unsigned first : {64U, 128U}) {
    if (ttl <= first) return first - ttl;
  }
  return 255 - ttl;
}

/// Our router can lead its own network back inside in the name of any of its addresses, which are
/// neighbours most often. A neighbour of ours is as near: it is a guess, on the safe side.
bool may_be_led_back(const page_facts& facts, const address& seen) {
  return facts.outside && share_prefix(seen, canonical(facts.outside->ip), 24, 48) && facts.ttl &&
         routers_passed(*facts.ttl) <= 2;
}

/// Whether the router lets such a visitor in from the Internet: a mapping of IPv4 is none of IPv6.
bool has_public_door(const page_facts& facts, const address& seen) {
  return facts.outside && is_public(facts.outside->ip) &&
         canonical(facts.outside->ip).is_v6() == seen.is_v6();
}

}  // namespace

visitor_location location_of(const page_facts& facts) {
  const address seen = canonical(facts.seen.ip);
  const address local = canonical(facts.local.ip);
  if (seen.is_loopback() || seen == local) return visitor_location::same_machine;
  if (facts.outside && seen == canonical(facts.outside->ip)) return visitor_location::same_network;
  if (facts.gateway && seen == canonical(*facts.gateway)) return visitor_location::router;
  if (is_neighbour(seen, local)) return visitor_location::same_network;
  if (!is_public(seen)) return visitor_location::not_public;
  if (is_close(seen, local) || may_be_led_back(facts, seen)) return visitor_location::nearby;
  return has_public_door(facts, seen) || is_public(local) ? visitor_location::outside
                                                          : visitor_location::perhaps;
}

}  // namespace natcheck::judging
