#include "diagnosis/outside_view.hpp"

#include <algorithm>
#include <array>
#include <set>

#include "core/canonical.hpp"
#include "core/gateway_services.hpp"
#include "core/url.hpp"
#include "diagnosis/facts.hpp"

namespace natcheck::judging {
namespace {

/// Two names of one server are one server.
std::string identity(const stun_evidence& server) {
  return server.address ? server.address->ip.to_string() : server.server;
}

bool is_outside(const discover_evidence& evidence, const stun_evidence& server) {
  return is_on_internet(server) && !is_within(evidence, server);
}

/// What servers saw of us in this family, whoever it was that they saw.
std::vector<reflexive_address> views_by(const discover_evidence& evidence, unsigned family) {
  std::vector<reflexive_address> reflexive;
  std::set<std::pair<address, std::string>> counted;
  for (const auto& server : evidence.stun) {
    if (server.family != family || !server.seen_as || !is_outside(evidence, server)) continue;
    const address ip = canonical(server.seen_as->ip);
    if (!is_public(ip) || ip.is_v4() != (family == 4)) continue;
    if (!counted.emplace(ip, identity(server)).second) continue;
    const auto known =
        std::ranges::find_if(reflexive, [&](const reflexive_address& v) { return v.ip == ip; });
    (known == reflexive.end() ? reflexive.emplace_back(reflexive_address{ip, {}}) : *known)
        .servers.push_back(server.server);
  }
  std::sort(reflexive.begin(), reflexive.end(),
            [](const reflexive_address& a, const reflexive_address& b) {
              return a.servers.size() != b.servers.size() ? a.servers.size() > b.servers.size()
                                                          : a.ip < b.ip;
            });
  return reflexive;
}

/// Not where no neighbour has that address: another network uses our prefix, too.
bool on_our_link(const discover_evidence& evidence, const path_hop& hop) {
  const auto& way = evidence.host.ipv4;
  return way && way->prefix_length > 0 && hop.neighbor != neighbor_state::unanswered &&
         same_prefix(*hop.ip, way->local, way->prefix_length);
}

bool is_report(const discover_evidence& evidence, const address& ip) {
  return evidence.gateway && gives_address(*evidence.gateway, ip);
}

/// The first router answered as the target of the path: that is its own address.
bool ends_at_router(const path_evidence& path) {
  if (!path.target || !path.target_answered || path.hops.empty()) return false;
  return path.hops.front().ttl == 1 && path.hops.front().ip == path.target->ip;
}

/// An address of this host or of its router.
bool is_own_site(const discover_evidence& evidence, const address& ip) {
  if (is_own_address(evidence.host, ip) || is_report(evidence, ip)) return true;
  if (!evidence.gateway) return false;
  return evidence.gateway->ip == ip ||
         (ends_at_router(evidence.path) && evidence.path.target->ip == ip);
}

bool is_path_within(const discover_evidence& evidence) {
  return evidence.path.target && is_own_site(evidence, canonical(evidence.path.target->ip));
}

/// A router that answers with the address of its other side, or that shares its address with a
/// second one (VRRP, RFC 5798), is the gateway nevertheless.
bool is_beyond(const discover_evidence& evidence, const path_hop& hop) {
  const bool own = hop.ip && evidence.host.ipv4 && evidence.host.ipv4->local == *hop.ip;
  if (!hop.ip || own) return false;
  if (!evidence.gateway) return true;
  if (hop.ttl < 2 || *hop.ip == evidence.gateway->ip) return false;
  return !on_our_link(evidence, hop) && !is_report(evidence, *hop.ip);
}

/// An "unreachable" from a router without a public address is no sign of the Internet.
bool target_answered(const discover_evidence& evidence) {
  if (!evidence.path.target_answered || is_path_within(evidence)) return false;
  const auto& hops = evidence.path.hops;
  const auto last =
      std::find_if(hops.rbegin(), hops.rend(), [](const path_hop& hop) { return hop.ip; });
  return last == hops.rend() || (is_beyond(evidence, *last) && is_public(*last->ip));
}

template <class Predicate>
bool any(const discover_evidence& evidence, unsigned family, Predicate holds) {
  return std::ranges::any_of(evidence.stun, [&](const stun_evidence& server) {
    return server.family == family && holds(server);
  });
}

/// An error that the server itself sent has a round trip, a refusal by a router has none.
bool answered(const stun_evidence& server) {
  const bool error = server.state == service_state::refused && server.rtt;
  return (server.state == service_state::answered || error) && !names_unusable(server);
}

bool internet_answered(const discover_evidence& evidence, unsigned family) {
  return any(evidence, family, [&](const stun_evidence& server) {
    return answered(server) && is_outside(evidence, server);
  });
}

/// Why we do not know what the server would have said, although it has an address.
bool is_open(const stun_evidence& server) {
  return server.state == service_state::malformed || names_unusable(server) ||
         (server.state == service_state::not_tried && server.address);
}

bool is_open(service_state state) {
  return state == service_state::not_tried || state == service_state::malformed;
}

/// The servers of the family that were asked by that protocol until it was clear that no answer
/// comes.
std::set<std::string> asked_in_vain(const discover_evidence& evidence, unsigned family,
                                    transport protocol) {
  std::set<std::string> all;
  for (const auto& server : evidence.stun) {
    const bool is_over =
        server.state == service_state::silent || server.state == service_state::refused;
    if (!is_over || server.family != family || server.protocol != protocol) continue;
    if (server.address && is_outside(evidence, server)) all.insert(identity(server));
  }
  return all;
}

/// How many servers were asked over UDP and over TCP, and neither brought an answer.
std::size_t asked_to_the_end(const discover_evidence& evidence, unsigned family) {
  const auto over_udp = asked_in_vain(evidence, family, transport::udp);
  const auto over_tcp = asked_in_vain(evidence, family, transport::tcp);
  return static_cast<std::size_t>(std::ranges::count_if(
      over_tcp, [&](const std::string& server) { return over_udp.contains(server); }));
}

std::optional<diversion> first_diversion(const discover_evidence& evidence) {
  for (const auto& server : evidence.stun) {
    if (server.diverted_to) return diversion{server.server, *server.diverted_to};
  }
  if (evidence.web.diverted_to)
    return diversion{host_of(evidence.web.url), *evidence.web.diverted_to};
  return std::nullopt;
}

bool no_name_resolves(const discover_evidence& evidence) {
  if (!evidence.host.ipv4 && !evidence.host.ipv6) return false;
  return !evidence.stun.empty() && std::ranges::none_of(evidence.stun, [](const auto& server) {
    return server.address || server.state != service_state::not_tried;
  });
}

bool has_public_hop(const outside_view& seen) {
  return std::ranges::any_of(seen.hops, [](const path_hop& hop) { return is_public(*hop.ip); });
}

/// No server answered, at least one was asked to the end. How much does that prove?
beyond weigh_silence(const discover_evidence& evidence, const outside_view& seen,
                     std::size_t servers) {
  const bool no_page = evidence.web.result == web_result::failed || answered_by_gateway(evidence);
  // The provider's first router may answer where the Internet does not; one server may be down.
  if (has_public_hop(seen)) {
    return servers > 1 && no_page ? beyond::likely_nothing : beyond::unclear;
  }
  const bool path_ends_here =
      seen.hops.empty() && !is_open(evidence.path.state) && !is_path_within(evidence);
  // A page whose name did not resolve was not asked for: a sign-in page may be waiting there.
  const bool asked = evidence.web.result == web_result::failed && evidence.web.resolved;
  if (path_ends_here && asked) return beyond::nothing;
  return path_ends_here || no_page ? beyond::likely_nothing : beyond::unclear;
}

/// Nobody could be asked by name: what is left are the path and the web.
beyond weigh_without_names(const discover_evidence& evidence, const outside_view& seen) {
  if (has_public_hop(seen)) return beyond::answered;
  if (evidence.web.result != web_result::failed) return beyond::unclear;
  // A router beyond the gateway that says "unreachable" proves as much as silence does.
  const bool silent = seen.hops.empty() && !is_open(evidence.path.state);
  return silent || evidence.path.target_answered ? beyond::likely_nothing : beyond::unclear;
}

beyond weigh(const discover_evidence& evidence, const outside_view& seen) {
  if (internet_answered(evidence, 4) || target_answered(evidence) ||
      evidence.web.result == web_result::expected) {
    return beyond::answered;
  }
  const bool intercepted =
      evidence.web.result == web_result::intercepted && !answered_by_gateway(evidence);
  const auto servers = asked_to_the_end(evidence, 4);
  if (!intercepted && !seen.unfinished) {
    if (servers > 0) return weigh_silence(evidence, seen, servers);
    if (seen.names_do_not_resolve) return weigh_without_names(evidence, seen);
  }
  if (has_public_hop(seen)) return beyond::answered;
  return evidence.stun.empty() ? beyond::not_asked : beyond::unclear;
}

}  // namespace

outside_view::outside_view(const discover_evidence& evidence)
    : reflexive(views_by(evidence, 4)), ipv6_reflexive(views_by(evidence, 6)) {
  std::ranges::copy_if(evidence.path.hops, std::back_inserter(hops),
                       [&](const path_hop& hop) { return is_beyond(evidence, hop); });
  const auto& way = evidence.path.hops;
  const bool passed_on = way.size() > 1 && evidence.gateway && way[1].ip == evidence.gateway->ip;
  router_ttl = passed_on ? 2 : 1;
  const auto open = [](const stun_evidence& server) { return is_open(server); };
  unfinished = any(evidence, 4, open);
  ipv6_answered = internet_answered(evidence, 6);
  ipv6_silent = !ipv6_answered && !any(evidence, 6, open) && asked_to_the_end(evidence, 6) > 0;
  names_do_not_resolve = no_name_resolves(evidence);
  diverted = first_diversion(evidence);
  udp_arrives = any(evidence, 4, [](const stun_evidence& server) {
    return server.protocol == transport::udp &&
           (server.state == service_state::answered || server.rtt);
  });
  reach = weigh(evidence, *this);
}

std::optional<address> outside_view::agreed() const {
  std::size_t all = 0;
  for (const auto& one : reflexive) all += one.servers.size();
  if (reflexive.empty() || reflexive.front().servers.size() * 2 <= all) return std::nullopt;
  return reflexive.front().ip;
}

std::optional<path_hop> outside_view::hop_within(address_scope scope) const {
  for (const auto& hop : hops) {
    if (scope_of(*hop.ip) == scope) return hop;
    if (is_public(*hop.ip)) break;
  }
  return std::nullopt;
}

bool outside_view::next_router_is_public() const {
  return !hops.empty() && hops.front().ttl == router_ttl + 1 && is_public(*hops.front().ip);
}

bool is_on_internet(const stun_evidence& server) {
  if (!server.address) return server.state == service_state::answered;
  // Behind a NAT64 an IPv4 server has an address in the translator's prefix (RFC 6052).
  const auto scope = scope_of(canonical(server.address->ip));
  return scope == address_scope::global || (server.family == 6 && scope == address_scope::reserved);
}

bool names_unusable(const stun_evidence& server) {
  return server.state == service_state::answered && server.seen_as && is_on_internet(server) &&
         !is_public(canonical(server.seen_as->ip));
}

bool is_within(const discover_evidence& evidence, const stun_evidence& server) {
  if (!server.address) return false;
  const address ip = canonical(server.address->ip);
  return is_own_site(evidence, ip) || (server.seen_as && canonical(server.seen_as->ip) == ip);
}

std::string host_of(const std::string& url) {
  const auto parts = split_url(url);
  return parts ? std::string(split_host(parts->authority).host) : std::string();
}

bool answered_by_gateway(const discover_evidence& evidence) {
  const auto& web = evidence.web;
  return web.result == web_result::intercepted && evidence.gateway && web.location &&
         host_of(*web.location) == evidence.gateway->ip.to_string();
}

}  // namespace natcheck::judging
