#include "diagnosis/findings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/gateway_services.hpp"
#include "core/text.hpp"
#include "diagnosis/evidence_lines.hpp"
#include "diagnosis/remedies.hpp"
#include "diagnosis/rules.hpp"
#include "diagnosis/which_router.hpp"

namespace natcheck::judging {
namespace {

using found = std::optional<finding>;

/// Shorter than this, and programs may not have opened their ports anew: a lease is renewed at half
/// of its time, and the shortest that routers grant is 120 s (RFC 6887 section 15).
constexpr std::uint32_t recent_s = 120;

bool host_contradicts(const facts& s) {
  const auto local = s.local();
  const auto seen = s.seen_as();
  // Public numbers behind a NAT: the router and the external servers agree on which address counts.
  if (seen && reports_name(s, *seen)) return false;
  return local && is_public(*local) &&
         std::ranges::any_of(s.reported, [&](const reported_address& c) { return c.ip != *local; });
}

/// For how long the gateway has had its present state, by the service with the lowest value. A
/// clock at 0 is one that never runs (seen on routers) rather than one that began in this very
/// second.
std::optional<std::uint32_t> age_of_state(const gateway_evidence& gateway) {
  std::optional<std::uint32_t> age;
  for (const gateway_service& row : gateway_services) {
    const auto& service = service_of(gateway, row.id);
    if (service.state != service_state::answered || service.epoch_s.value_or(0) == 0) continue;
    age = std::min(age.value_or(*service.epoch_s), *service.epoch_s);
  }
  return age;
}

/// A device that answered the search: the router itself by another address, or one that forwards.
bool is_on_egress_route(const facts& s, const address& ip) {
  if (ip == s.seen.gateway->ip || forwards_packets(s.seen, ip)) return true;
  const auto& others = s.seen.other_gateways;
  return std::ranges::any_of(others, [&](const gateway_evidence& other) {
    return other.ip == ip && judging::is_on_egress_route(s.seen, other);
  });
}

/// The command that shows what the routes do with such a packet.
std::string way_of(const address& to, transport protocol, unsigned port) {
  return fmt::format("ip route get {} ipproto {} dport {}", to.to_string(),
                     protocol == transport::tcp ? "tcp" : "udp", port);
}

}  // namespace

found find_disagreement(const facts& s) {
  const bool with_host = host_contradicts(s);
  const bool among_servers = s.outside.reflexive.size() > 1;
  if (!differ(s.reported) && !with_host && !among_servers) return std::nullopt;
  std::string summary = "The sources disagree about the external address:";
  if (with_host) summary += fmt::format(" this machine has {},", s.local()->to_string());
  for (const auto& c : s.reported) summary += fmt::format(" {} says {},", c.name, c.ip.to_string());
  for (const auto& [ip, servers] : s.outside.reflexive) {
    summary += escape_bytes(fmt::format(" {} {} {},", fmt::join(servers, " and "),
                                        servers.size() == 1 ? "sees" : "see", ip.to_string()));
  }
  summary.back() = '.';
  return finding{sources_disagree, summary,
                 among_servers
                     ? "run it again with other servers: " +
                           natcheck_command(s.seen.asked, "discover --stun HOST") +
                           "; one may be wrong, or there are several Internet connections"
                     : "compare them with the Internet (WAN) address in the router's menu; if the "
                       "router has two Internet connections, both may be right"};
}

found find_wrong_word(const facts& s) {
  if (!says_down(s) || s.outside.reach != beyond::answered) return std::nullopt;
  return finding{
      sources_disagree,
      "The router reports that it has no Internet connection, but a host upstream of it answers.",
      "if the router has two Internet connections, its service may report on the other one; "
      "otherwise restart the router"};
}

found find_empty_address(const facts& s) {
  if (!s.seen.gateway || !hides_address(s.seen.gateway->upnp)) return std::nullopt;
  return finding{upnp_empty_address,
                 "UPnP reports that the router is connected, but not its external address.",
                 "the router may have turned off its port mapping service because its external "
                 "address is private: see its log"};
}

found find_unusable_address(const facts& s) {
  if (s.doubtful.empty()) return std::nullopt;
  std::string summary = s.doubtful.front().doubt;
  if (s.doubtful.back().doubt != summary) summary += " " + s.doubtful.back().doubt;
  const auto seen = s.seen_as();
  return finding{unusable_external_address, std::move(summary),
                 seen ? "give others the address that the Internet sees, " + seen->to_string()
                      : "compare with the Internet (WAN) address in the router's menu"};
}

found find_wrong_device(const facts& s) {
  // Where the gateway is not there at all, the other one may well be the egress route.
  if (!s.seen.gateway || s.seen.gateway->neighbor == neighbor_state::unanswered) return {};
  std::string names;
  for (const auto& ip : s.seen.gateway->upnp.other_responders) {
    if (is_on_egress_route(s, ip)) continue;
    names += (names.empty() ? "" : ", ") + ip.to_string();
  }
  if (names.empty()) return std::nullopt;
  return finding{upnp_wrong_device,
                 fmt::format("Another device offers to open ports but was not used: {}; the route "
                             "to the Internet goes through {}.",
                             names, s.router()),
                 "if it is a second router: a port opened on it does not reach this machine"};
}

/// Equal routes: each is used, for some connections.
finding shared_among(const route_info& way) {
  std::vector<std::string> routers;
  const auto& first = way.gateway ? way.gateway : way.gateway_ipv6;
  if (first) routers.push_back(first->to_string());
  for (const address& other : way.other_gateways) routers.push_back(other.to_string());
  return {several_default_routes,
          fmt::format("This machine spreads its connections over several routers ({}); the address "
                      "that the Internet sees may depend on the connection.",
                      fmt::join(routers, ", ")),
          fmt::format("to ask another router: natcheck discover --gateway {}", routers.back())};
}

found find_several_routes(const facts& s) {
  if (!s.seen.host.ipv4) return std::nullopt;
  if (!s.seen.host.ipv4->other_gateways.empty()) return shared_among(*s.seen.host.ipv4);
  const auto& used = s.seen.host.ipv4->interface;
  const auto others = default_routes(s.seen.host, used);
  if (others.empty()) return std::nullopt;
  return finding{several_default_routes,
                 fmt::format("There are several routes to the Internet; {} is used, {} is not.",
                             used, fmt::join(others, ", ")),
                 "to ask the other router: natcheck discover --interface " + others.front()};
}

found find_address_elsewhere(const facts& s) {
  const auto ip = s.seen_as();
  if (!ip || ip == s.local()) return std::nullopt;
  for (const auto& link : s.seen.host.interfaces) {
    if (!has_address(link, *ip)) continue;
    return finding{
        public_address_elsewhere,
        fmt::format("{}, which the Internet sees, is also an address of {}{} on this machine; "
                    "traffic to the Internet does not leave from it, so it proves nothing.",
                    ip->to_string(), link.name, link.up ? "" : ", which is down,"),
        fmt::format("if no load balancer or VPN put it there, remove it: ip address show dev {}",
                    link.name)};
  }
  return std::nullopt;
}

found find_unsent(const facts& s) {
  std::vector<std::string> unasked;
  std::string command = "ip rule; ip route";
  for (const gateway_service& row : gateway_services) {
    if (!s.seen.gateway || !service_of(*s.seen.gateway, row.id).local_fault) continue;
    unasked.push_back(fmt::format("the router by {}", row.name));
    command = way_of(s.seen.gateway->ip, transport::udp, row.port);
  }
  for (const auto& server : s.seen.stun) {
    if (!server.local_fault) continue;
    unasked.push_back(fmt::format("{} over {}", escape_bytes(server.server), asked_over(server)));
    if (server.address) command = way_of(server.address->ip, server.protocol, server.address->port);
  }
  if (unasked.empty()) return std::nullopt;
  return finding{not_sent,
                 fmt::format("This machine could not send natcheck's requests to {}: this says "
                             "nothing about the router or the Internet.",
                             fmt::join(unasked, ", ")),
                 "check its routes: " + command + "; and its firewall: sudo nft list ruleset"};
}

found find_blocked_multicast(const facts& s) {
  if (!s.seen.gateway || s.seen.gateway->upnp.multicast_error.empty()) return std::nullopt;
  return finding{multicast_blocked,
                 fmt::format("This machine could not send the UPnP multicast search ({}): a router "
                             "that answers only to multicast was not found.",
                             to_string(s.seen.gateway->upnp.multicast_error)),
                 "allow UDP to 239.255.255.250, port 1900, in this machine's firewall"};
}

// dslforum-org service types are those of TR-064's forerunners; a Huawei HG531 has them.
found find_old_version(const facts& s) {
  if (!s.seen.gateway) return std::nullopt;
  const auto& gateway = *s.seen.gateway;
  const bool old_upnp =
      gateway.upnp.service && gateway.upnp.service->find("dslforum-org") != std::string::npos;
  if (gateway.pcp.version != 1 && !old_upnp) return std::nullopt;
  return finding{old_protocol_version,
                 old_upnp ? "The router's UPnP predates the standard."
                          : "The router's version of PCP predates the standard.",
                 "update the router's firmware; some programs cannot open ports on it"};
}

bool seems_restarted(const gateway_evidence& gateway) {
  const auto age = age_of_state(gateway);
  return age && *age < recent_s;
}

/// A clock that does not run (seen on routers, at 0 and elsewhere) proves nothing.
found find_lost_state(const facts& s) {
  if (!s.seen.gateway || !s.seen.gateway->epoch_advances) return std::nullopt;
  if (!seems_restarted(*s.seen.gateway)) return std::nullopt;
  return finding{
      gateway_state_lost,
      fmt::format(
          "The router lost its port mappings {} s ago: it restarted, or its address changed.",
          *age_of_state(*s.seen.gateway)),
      "ports that programs opened before stay closed until they are requested again: restart "
      "programs that do not do this by themselves"};
}

std::vector<finding> findings_of(const facts& s) {
  static constexpr std::array looks{find_disagreement,
                                    find_wrong_word,
                                    find_empty_address,
                                    find_unusable_address,
                                    find_wrong_device,
                                    find_several_routes,
                                    find_address_elsewhere,
                                    find_unsent,
                                    find_blocked_multicast,
                                    find_old_version,
                                    find_lost_state,
                                    find_dependent_mapping,
                                    find_blocked_udp,
                                    find_no_hairpin,
                                    find_short_binding,
                                    find_rewriting,
                                    find_unresolved_names,
                                    find_diverted_names,
                                    find_nat64,
                                    find_ipv6_firewall,
                                    find_local_ipv6,
                                    find_translated_ipv6,
                                    find_unusable_answer,
                                    find_server_within};
  return all_found(looks, s);
}

}  // namespace natcheck::judging
