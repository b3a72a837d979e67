#include <fmt/format.h>

#include <algorithm>

#include "core/gateway_services.hpp"
#include "diagnosis/evidence_lines.hpp"
#include "diagnosis/remedies.hpp"
#include "diagnosis/rules.hpp"

namespace natcheck::judging {
namespace {

bool usable(const interface_info& link) { return link.up && link.kind != interface_kind::loopback; }

/// The interfaces that are up, or those of them that have an IPv4 address; link-local ones do not
/// count, a host assigns them to itself when no DHCP server answers (RFC 3927).
std::vector<std::string> up_links(const host_network& host, bool with_address) {
  std::vector<std::string> names;
  for (const auto& link : host.interfaces) {
    const bool addressed = std::ranges::any_of(link.addresses, [](const auto& own) {
      return own.ip.is_v4() && scope_of(own.ip) != address_scope::link_local;
    });
    if (usable(link) && (addressed || !with_address)) names.push_back(link.name);
  }
  return names;
}

std::string joined(const std::vector<std::string>& names) {
  return fmt::format("{}", fmt::join(names, ", "));
}

struct gap {
  std::string what;
  std::string advice;
};

/// What is missing for a egress route, the earliest first.
gap missing(const host_network& host) {
  const auto up = up_links(host, false);
  if (up.empty()) {
    return {"no network interface is up", "plug in the network cable, or join a Wi-Fi network"};
  }
  const auto addressed = up_links(host, true);
  if (addressed.empty()) {
    return {"no IPv4 address on " + joined(up),
            "check that the router's DHCP server is on, or set an address by hand"};
  }
  if (!host.ipv4_forbidden.empty()) {
    return {fmt::format("the IPv4 default route has the type \"{}\"", host.ipv4_forbidden),
            "a VPN's kill switch sets such a route: connect the VPN, or turn its kill switch off; "
            "ip route show table all shows the route"};
  }
  return {"no IPv4 default route on " + joined(addressed),
          "renew the DHCP lease, or set the router's address as the default gateway"};
}

/// Interfaces that may lead to the IPv4 Internet although no way was found. The one that IPv6
/// leaves by is among them only where it has an IPv4 default route too.
std::vector<std::string> other_ways(const host_network& host) {
  std::vector<std::string> names;
  // Where IPv4's own default route refuses packets, another one of the main table is IPv6's.
  if (host.ipv4_forbidden.empty()) {
    names = default_routes(host, host.ipv6 ? host.ipv6->interface : "");
  }
  for (const auto& name : host.ipv4_defaults) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  const auto addressed = up_links(host, true);
  std::erase_if(names, [&](const std::string& name) {
    return std::ranges::find(addressed, name) == addressed.end();
  });
  return names;
}

verdict not_on_this_interface(const std::vector<std::string>& others) {
  verdict v;
  v.summary =
      fmt::format("No IPv4 route to the Internet was found; {} may have one.", others.front());
  v.evidence = {"no IPv4 route through the requested interface or router",
                "a default route uses " + joined(others),
                "missing test: the router of " + others.front()};
  v.advice = {"natcheck discover --interface " + others.front()};
  return v;
}

/// No service spoke, and one of them at least was asked to the end.
bool fell_silent(const gateway_evidence& gateway) {
  const auto is_silent = [](const service_evidence& service) {
    return service.state == service_state::silent;
  };
  return !any_service(gateway, has_spoken) && any_service(gateway, is_silent);
}

verdict unreachable_router(const facts& s, const address& ipv6) {
  verdict v;
  v.summary = fmt::format("The router {} does not answer; IPv6 was not tested.", s.router());
  v.evidence = {local_line(s), public_ipv6_line(ipv6),
                "missing test: an external server, asked over IPv6"};
  v.advice = {probe_from_outside(ipv6), "for IPv4, check the router and the cable or Wi-Fi to it"};
  return v;
}

std::string how_it_arrives(const facts& s) {
  if (s.outside.sees_nothing()) return ", and nothing on the Internet answers through it";
  const auto ip = s.seen_as();
  return ip ? fmt::format("; the Internet sees {}, an address of its far end", ip->to_string())
            : "";
}

std::vector<std::string> other_interfaces(const facts& s) {
  std::vector<std::string> advice;
  for (const auto& name : default_routes(s.seen.host, s.seen.host.ipv4->interface)) {
    advice.push_back(
        fmt::format("to ask the router of {0} instead: natcheck discover --interface {0}", name));
  }
  return advice;
}

/// A default route in a table that this program's packets do not come to is a way of others.
std::string no_ipv4_way(const host_network& host) {
  if (host.ipv4_defaults.empty()) return "This machine has no route to the IPv4 Internet";
  return fmt::format("This machine has no route to the IPv4 Internet here ({} may have one)",
                     host.ipv4_defaults.front());
}

/// RFC 8950: packets find the router by its IPv6 address, and IPv4's protocols cannot.
verdict hidden_behind_ipv6(const facts& s, const address& router) {
  return inconclusive(
      fmt::format("IPv4 traffic leaves on {} through {}, a router whose IPv4 address is not known.",
                  s.seen.host.ipv4->interface, router.to_string()),
      {local_line(s), "missing test: what that router offers over IPv4"},
      {"specify the router's IPv4 address: natcheck discover --gateway ADDRESS"});
}

}  // namespace

std::optional<verdict> egress_route_not_read(const facts& s) {
  const auto& host = s.seen.host;
  const bool read = !host.interfaces.empty() && host.unread.empty();
  if (host.ipv4 || read) return std::nullopt;
  return inconclusive(
      "This machine's routes could not be read, so it is not known how it is connected.",
      {host.unread.empty() ? "no network interface was read" : to_string(host.unread),
       "missing test: this machine's interfaces and routes"},
      {"run it again; a sandbox or container may prevent it: ip route show table all"});
}

std::optional<verdict> no_ipv4_route(const facts& s) {
  if (s.seen.host.ipv4) return std::nullopt;
  if (s.global_ipv6()) return ipv6_alone(s, no_ipv4_way(s.seen.host), {"no IPv4 route"});
  if (s.seen.host.ipv6 && s.outside.ipv6_answered) return translated_ipv6(s);
  if (const auto others = other_ways(s.seen.host); !others.empty()) {
    return not_on_this_interface(others);
  }
  const auto [what, advice] = missing(s.seen.host);
  return verdict{verdict_code::offline,
                 confidence::confirmed,
                 "This machine is not connected to the Internet: " + what + ".",
                 {what, "no IPv4 route, and no public IPv6 address with a route"},
                 {advice}};
}

// A router that is only slow resolves within the whole schedule of a service, so a schedule that
// was cut short proves nothing.
std::optional<verdict> dead_gateway(const facts& s) {
  if (!s.seen.gateway || s.seen.gateway->neighbor != neighbor_state::unanswered) return {};
  if (s.outside.reach == beyond::answered || !fell_silent(*s.seen.gateway)) return {};
  if (s.global_ipv6() && s.outside.ipv6_answered) {
    return ipv6_alone(s, "the IPv4 router " + s.router() + " does not answer", {local_line(s)});
  }
  if (const auto ip = s.global_ipv6()) return unreachable_router(s, *ip);
  // The router may also be a wrong one, named by the user: then only asking outside tells.
  const bool proven = s.outside.sees_nothing();
  return verdict{verdict_code::offline,
                 proven ? confidence::confirmed : confidence::likely,
                 dead_router(s.router()),
                 {local_line(s)},
                 revive_router(s.router())};
}

// Most likely the user named the wrong one: the kernel's own route works.
std::optional<verdict> absent_gateway(const facts& s) {
  if (!s.seen.gateway || s.seen.gateway->neighbor != neighbor_state::unanswered) return {};
  if (s.outside.reach != beyond::answered || !fell_silent(*s.seen.gateway)) return {};
  return inconclusive(
      fmt::format("There is no router at {}, but the Internet answers: traffic leaves through "
                  "another router.",
                  s.router()),
      {local_line(s), "missing test: the services of the router on the path"},
      {natcheck_command({s.seen.asked.interface, std::nullopt}, "discover") + ", without --gateway",
       "or specify another: ip route show default"});
}

// Without an external server that reports otherwise, a public address at this end of the tunnel, or
// one that its far end claims, is believed.
std::optional<verdict> leaves_by_tunnel(const facts& s) {
  if (!s.leaves_by_tunnel()) return std::nullopt;
  const bool reported = !s.reported.empty() && is_public(s.reported.front().ip);
  const bool untold = !s.outside.sees_us() && !s.outside.sees_nothing();
  if (untold && (reported || is_public(*s.local()))) return std::nullopt;
  const auto& name = s.seen.host.ipv4->interface;
  verdict v;
  v.code = verdict_code::vpn_egress;
  v.certainty = s.outside.sees_us() ? confidence::confirmed : confidence::likely;
  v.summary = tunnel_egress(name, how_it_arrives(s));
  v.evidence = {local_line(s)};
  if (untold) v.evidence.emplace_back("missing test: the address at its far end");
  v.advice = other_interfaces(s);
  for (auto& step : around_the_tunnel()) v.advice.push_back(std::move(step));
  return v;
}

std::optional<verdict> leaves_without_router(const facts& s) {
  if (s.seen.gateway) return std::nullopt;
  if (const auto& router = s.seen.host.ipv4->gateway_ipv6) return hidden_behind_ipv6(s, *router);
  verdict v;
  v.summary = fmt::format(
      "Traffic to the Internet leaves through {}, a direct link on which no router was found.",
      s.seen.host.ipv4->interface);
  v.evidence = {local_line(s), "missing test: address translation at the far end of the link"};
  v.advice = other_interfaces(s);
  v.advice.emplace_back("ask the link's operator whether it forwards ports to this machine");
  return v;
}

// The inner end of DS-Lite (RFC 6333 section 5.7) or of 464XLAT (RFC 6877) on this very machine.
std::optional<verdict> tunnel_address_on_host(const facts& s) {
  const auto local = s.local();
  if (!local || scope_of(*local) != address_scope::ds_lite) return std::nullopt;
  return verdict{verdict_code::ds_lite,
                 s.outside.sees_us() ? confidence::confirmed : confidence::likely,
                 fmt::format("This machine's IPv4 is carried inside IPv6 ({}), and its far end is "
                             "shared: this machine cannot be reached over IPv4.",
                             s.seen.nat64 ? "464XLAT" : "DS-Lite or 464XLAT"),
                 {local_line(s)},
                 around_the_provider(s)};
}

// 100.64/10 without a router of one's own in between, as from a modem in bridge mode: the
// provider's NAT is the next hop, and no router menu can open a port.
std::optional<verdict> carrier_address_on_host(const facts& s) {
  const auto local = s.local();
  if (!local || scope_of(*local) != address_scope::shared) return std::nullopt;
  // A router that offers something may be one's own, whose network was given this range.
  const bool nothing_offered = !s.seen.gateway || offers_nothing(*s.seen.gateway);
  // Some data centres number their own machines so.
  const bool proven = s.outside.sees_us() && nothing_offered &&
                      s.outside.hop_within(address_scope::shared).has_value();
  return verdict{verdict_code::cgnat,
                 proven ? confidence::confirmed : confidence::likely,
                 fmt::format("Your provider {}shares one public address among many customers "
                             "(carrier-grade NAT): a port cannot be opened from here.",
                             proven ? "" : "most likely "),
                 {local_line(s)},
                 around_the_provider(s)};
}

}  // namespace natcheck::judging
