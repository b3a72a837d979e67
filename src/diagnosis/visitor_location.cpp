#include "diagnosis/visitor_location.hpp"

#include <algorithm>
#include <array>

#include "core/canonical.hpp"

namespace natcheck::judging {
namespace {

/// What is known of a visitor, every address in its shortest form.
struct visitor {
  explicit visitor(const page_facts& known)
      : seen(canonical(known.seen.ip)), local(canonical(known.local.ip)), ttl(known.ttl) {
    if (known.outside) outside = canonical(known.outside->ip);
    if (known.gateway) gateway = canonical(*known.gateway);
  }

  address seen, local;
  std::optional<address> outside, gateway;
  std::optional<unsigned> ttl;
};

/// Both of a public prefix of that length, for each version of IP.
bool share_prefix(const address& seen, const address& local, unsigned ipv4, unsigned ipv6) {
  return seen.is_v6() == local.is_v6() && is_public(local) &&
         same_prefix(seen, local, seen.is_v6() ? ipv6 : ipv4);
}

/// How many routers a packet passed that arrived with that TTL: systems begin with one of these.
unsigned routers_passed(unsigned ttl) {
  for (const unsigned first : {64U, 128U}) {
    if (ttl <= first) return first - ttl;
  }
  return 255 - ttl;
}

struct location_rule {
  visitor_location location;
  bool (*applies)(const visitor&);
};

constexpr std::array location_rules{
    location_rule{visitor_location::same_machine,
                  [](const visitor& v) { return v.seen.is_loopback() || v.seen == v.local; }},
    location_rule{visitor_location::same_network,
                  [](const visitor& v) { return v.outside == v.seen; }},
    location_rule{visitor_location::router, [](const visitor& v) { return v.gateway == v.seen; }},
    // An IPv6 visitor of the same /64 is a neighbour.
    location_rule{
        visitor_location::same_network,
        [](const visitor& v) { return v.seen.is_v6() && share_prefix(v.seen, v.local, 32, 64); }},
    location_rule{visitor_location::not_public,
                  [](const visitor& v) { return !is_public(v.seen); }},
    // A site has a /48 at most (RFC 6177). With IPv4 it is a guess, on the safe side.
    location_rule{visitor_location::nearby,
                  [](const visitor& v) { return share_prefix(v.seen, v.local, 24, 48); }},
    // Our router can lead its own network back inside in the name of any of its addresses, which
    // are neighbours most often. A neighbour of ours is as near: a guess, on the safe side.
    location_rule{visitor_location::nearby,
                  [](const visitor& v) {
                    return v.outside && share_prefix(v.seen, *v.outside, 24, 48) && v.ttl &&
                           routers_passed(*v.ttl) <= 2;
                  }},
    location_rule{visitor_location::outside, [](const visitor& v) { return is_public(v.local); }},
    // The router lets such a visitor in from the Internet: a mapping of IPv4 is none of IPv6.
    location_rule{visitor_location::outside,
                  [](const visitor& v) {
                    return v.outside && is_public(*v.outside) &&
                           v.outside->is_v6() == v.seen.is_v6();
                  }},
    location_rule{visitor_location::perhaps, [](const visitor&) { return true; }},
};

}  // namespace

visitor_location location_of(const page_facts& facts) {
  const visitor v(facts);
  return std::ranges::find_if(location_rules, [&](const auto& rule) { return rule.applies(v); })
      ->location;
}

}  // namespace natcheck::judging
