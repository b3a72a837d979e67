#include <fmt/format.h>

#include <algorithm>

#include "diagnosis/evidence_lines.hpp"
#include "diagnosis/remedies.hpp"
#include "diagnosis/rules.hpp"

namespace natcheck::judging {
namespace {

bool usable(const interface_info& link) { return link.up && link.kind != interface_kind::loopback; }

/// The interfaces that are up, or those of them that have an IPv4 address; link-local ones do not
/// count, a host gives them to itself when nobody answers DHCP (RFC 3927).
std::vector<std::string> up_links(const host_network& host, bool with_address) {
  std::vector<std::string> names;
  for (const auto& link : host.interfaces) {
    const bool addressed =
        std::any_of(link.addresses.begin(), link.addresses.end(), [](const auto& own) {
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

/// What is missing for a way out, the earliest first.
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
  return {"no IPv4 default route by " + joined(addressed),
          "get an address by DHCP anew, or set the router's address as the default gateway"};
}

/// Interfaces that may lead to the IPv4 Internet although no way was found. The one that IPv6
/// leaves by is not among them: its default route is IPv6's.
std::vector<std::string> other_ways(const host_network& host) {
  auto names = default_routes(host, host.ipv6 ? host.ipv6->interface : "");
  const auto addressed = up_links(host, true);
  std::erase_if(names, [&](const std::string& name) {
    return std::find(addressed.begin(), addressed.end(), name) == addressed.end();
  });
  return names;
}

verdict not_on_this_interface(const std::vector<std::string>& others) {
  verdict v;
  v.summary =
      fmt::format("No IPv4 way to the Internet was found; {} may have one.", others.front());
  v.evidence = {"no IPv4 route by the way that was asked about",
                "a default route leaves by " + joined(others),
                "missing test: the router of " + others.front()};
  v.advice = {"natcheck discover --interface " + others.front()};
  return v;
}

verdict ipv6_alone(const address& ip) {
  return {verdict_code::ipv6_only,
          confidence::unconfirmed,
          "This machine has no way to the IPv4 Internet; it has a public IPv6 address.",
          {"no IPv4 route", "IPv6 address " + ip.to_string() + " is public, and has a route",
           "nobody outside was asked"},
          {use_ipv6(ip), probe_from_outside(ip)}};
}

verdict unreachable_router(const situation& s, const address& ipv6) {
  verdict v;
  v.summary =
      fmt::format("The router {} does not answer; whether IPv6 works was not tested.", s.router());
  v.evidence = {local_line(s), "IPv6 address " + ipv6.to_string() + " is public, and has a route",
                "missing test: somebody outside who is asked by IPv6"};
  v.advice = {probe_from_outside(ipv6), "for IPv4, check the router and the cable or Wi-Fi to it"};
  return v;
}

}  // namespace

std::optional<verdict> no_ipv4_route(const situation& s) {
  if (s.seen.host.ipv4) return std::nullopt;
  if (const auto ip = s.global_ipv6()) return ipv6_alone(*ip);
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
std::optional<verdict> dead_gateway(const situation& s) {
  if (!s.seen.gateway || s.seen.gateway->neighbor != neighbor_state::unanswered) return {};
  const auto& [nat_pmp, upnp] = std::tie(s.seen.gateway->nat_pmp, s.seen.gateway->upnp);
  if (has_spoken(nat_pmp) || has_spoken(upnp)) return {};
  if (nat_pmp.state != service_state::silent && upnp.state != service_state::silent) return {};
  if (const auto ip = s.global_ipv6()) return unreachable_router(s, *ip);
  return verdict{verdict_code::offline,
                 confidence::confirmed,
                 dead_router(s.router()),
                 {local_line(s)},
                 revive_router(s.router())};
}

std::optional<verdict> address_on_host(const situation& s) {
  const auto local = s.local();
  if (!local || !is_public(*local)) return std::nullopt;
  const auto other = std::find_if(s.claims.begin(), s.claims.end(),
                                  [&](const claim& c) { return c.ip != *local; });
  if (other == s.claims.end()) {
    return verdict{
        verdict_code::direct,
        confidence::unconfirmed,
        fmt::format("This machine itself has the public address {}; no NAT was seen.",
                    local->to_string()),
        {local_line(s), "nobody outside was asked: a firewall may still be in between"},
        {fmt::format("natcheck serve --port {}", example_port), probe_from_outside(*local),
         fmt::format("if that fails: allow TCP port {} in this machine's firewall", example_port)}};
  }
  verdict v;
  v.summary = "This machine has a public address, but its router names another one.";
  v.evidence = {local_line(s), "missing test: somebody outside who says which of them is seen"};
  v.advice = {"run natcheck serve here, and natcheck probe from outside to each of the two: " +
              local->to_string() + " and " + other->ip.to_string()};
  return v;
}

std::optional<verdict> leaves_by_tunnel(const situation& s) {
  if (!s.seen.host.ipv4) return std::nullopt;
  const auto& way_out = *s.seen.host.ipv4;
  if (s.seen.gateway && way_out.kind != interface_kind::tunnel) return std::nullopt;
  verdict v;
  v.summary = fmt::format("Traffic to the Internet leaves by {}, a {} that no router was found on.",
                          way_out.interface,
                          way_out.kind == interface_kind::tunnel ? "tunnel" : "direct link");
  v.evidence = {local_line(s), "missing test: the address that somebody at its far end sees"};
  for (const auto& name : default_routes(s.seen.host, way_out.interface)) {
    v.advice.push_back(
        fmt::format("to ask the router of {0} instead: natcheck discover --interface {0}", name));
  }
  v.advice.emplace_back("ask the tunnel's operator whether it passes on ports to this machine");
  return v;
}

// 100.64/10 without a router of one's own in between, as from a modem in bridge mode: the
// provider's NAT is the next hop, and no router menu can open a port.
std::optional<verdict> carrier_address_on_host(const situation& s) {
  const auto local = s.local();
  if (!local || scope_of(*local) != address_scope::shared) return std::nullopt;
  verdict v{verdict_code::cgnat,
            confidence::likely,
            "Your provider most likely shares one public address among many customers "
            "(carrier-grade NAT): a port cannot be opened from here.",
            {local_line(s), "nobody outside was asked"},
            {"ask the provider for a public IPv4 address"}};
  if (const auto ip = s.global_ipv6()) v.advice.push_back(use_ipv6(*ip));
  v.advice.push_back(use_relay());
  return v;
}

}  // namespace natcheck::judging
