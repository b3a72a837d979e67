#include <fmt/format.h>

#include <algorithm>

#include "core/canonical.hpp"
#include "core/text.hpp"
#include "diagnosis/findings.hpp"
#include "diagnosis/remedies.hpp"

namespace natcheck::judging {
namespace {

using found = std::optional<finding>;

constexpr std::chrono::seconds shortest_binding{120};  // RFC 4787 section 4.3, REQ-5

bool by_ipv4(const stun_evidence& server, transport protocol) {
  return server.family == 4 && server.protocol == protocol;
}

/// Two servers that were asked from one local endpoint saw one address, and different ports.
bool saw_different_ports(const stun_evidence& a, const stun_evidence& b) {
  if (!by_ipv4(a, transport::udp) || !by_ipv4(b, transport::udp)) return false;
  if (!a.local || a.local != b.local || !a.seen_as || !b.seen_as) return false;
  return a.seen_as->ip == b.seen_as->ip && a.seen_as->port != b.seen_as->port;
}

bool ports_differ(const std::vector<stun_evidence>& stun) {
  return std::ranges::any_of(stun, [&](const auto& a) {
    return std::ranges::any_of(stun, [&](const auto& b) { return saw_different_ports(a, b); });
  });
}

}  // namespace

found find_dependent_mapping(const facts& s) {
  const auto mapping = s.seen.nat.mapping;
  const bool dependent = mapping == nat_behavior::address_dependent ||
                         mapping == nat_behavior::address_and_port_dependent;
  if (!dependent && !ports_differ(s.seen.stun)) return std::nullopt;
  return finding{endpoint_dependent_mapping,
                 "The NAT uses a different external port for each destination (\"symmetric NAT\"): "
                 "games and calls between two homes often need a relay.",
                 "a port opened on the router is not affected; otherwise look for \"full cone\" or "
                 "\"endpoint-independent\" NAT in the router's menu"};
}

found find_blocked_udp(const facts& s) {
  const auto count = [&](transport protocol, service_state state) {
    return std::ranges::count_if(s.seen.stun, [=](const stun_evidence& server) {
      return by_ipv4(server, protocol) && server.address && server.state == state;
    });
  };
  const auto silent = count(transport::udp, service_state::silent);
  const auto refused = count(transport::udp, service_state::refused);
  const auto asked = std::ranges::count_if(s.seen.stun, [](const stun_evidence& server) {
    return by_ipv4(server, transport::udp) && server.address;
  });
  // A single refusal may come from a server that supports TCP only, and that UDP has reached.
  const bool blocked = asked == silent + refused && (silent > 0 || refused > 1);
  if (!blocked || count(transport::tcp, service_state::answered) == 0) return std::nullopt;
  return finding{udp_blocked, "UDP does not get through to the Internet, but TCP does.",
                 "allow UDP and its answers in the firewalls of this machine and this network; "
                 "calls, games and VPNs such as WireGuard need it"};
}

found find_no_hairpin(const facts& s) {
  if (s.seen.nat.hairpin != tested::no) return std::nullopt;
  return finding{
      no_hairpin,
      "The router does not support hairpinning: its public address does not work from inside this "
      "network.",
      "inside this network, use the server's private address; test from another network"};
}

found find_short_binding(const facts& s) {
  const auto& lifetime = s.seen.nat.lifetime;
  if (!lifetime || !lifetime->gone_after || *lifetime->gone_after >= shortest_binding) {
    return std::nullopt;
  }
  const auto alive = lifetime->alive_after.value_or(std::chrono::seconds(0));
  return finding{short_udp_binding,
                 fmt::format("The NAT drops UDP bindings that are idle for {} s; it should keep "
                             "them for 120 s (RFC 4787).",
                             lifetime->gone_after->count()),
                 alive.count() > 0
                     ? fmt::format("send a keep-alive at least every {} s", alive.count())
                     : "send keep-alives often, or use TCP"};
}

found find_rewriting(const facts& s) {
  const auto server = std::ranges::find_if(
      s.seen.stun, [](const auto& one) { return one.rewritten_as && one.seen_as; });
  if (server == s.seen.stun.end()) return std::nullopt;
  return finding{
      address_rewritten,
      fmt::format(
          "Something on the path rewrites addresses inside packets: {} sent {}, but {} arrived.",
          escape_bytes(server->server), to_string(*server->seen_as),
          to_string(*server->rewritten_as)),
      "turn off the router's helpers (ALG), SIP ALG first: they break calls and games"};
}

found find_unusable_answer(const facts& s) {
  const auto server = std::ranges::find_if(s.seen.stun, names_unusable);
  if (server == s.seen.stun.end()) return std::nullopt;
  return finding{
      unusable_stun_answer,
      fmt::format("{} answers with {}, which cannot be this machine's public address: a "
                  "broken or intercepted STUN server.",
                  escape_bytes(server->server), canonical(server->seen_as->ip).to_string()),
      "ask another one: " + natcheck_command(s.seen.asked, "discover --stun HOST")};
}

found find_server_within(const facts& s) {
  const auto server = std::ranges::find_if(
      s.seen.stun, [&](const stun_evidence& one) { return is_within(s.seen, one); });
  if (server == s.seen.stun.end()) return std::nullopt;
  return finding{
      stun_server_within,
      fmt::format("The STUN server {} has the address {}, which belongs to this machine or its "
                  "router: its answer says nothing about the Internet.",
                  escape_bytes(server->server), canonical(server->address->ip).to_string()),
      "ask an external one: " + natcheck_command(s.seen.asked, "discover --stun HOST")};
}

found find_unresolved_names(const facts& s) {
  if (!s.outside.names_do_not_resolve || s.outside.sees_nothing()) return std::nullopt;
  if (s.outside.diverted) return std::nullopt;
  return finding{
      names_unresolved,
      "The names of the external servers do not resolve (DNS), so none of them could be asked.",
      "check the DNS servers in /etc/resolv.conf, or ask a server by its address: " +
          natcheck_command(s.seen.asked, "discover --stun ADDRESS")};
}

found find_diverted_names(const facts& s) {
  if (!s.outside.diverted) return std::nullopt;
  const auto& [name, to] = *s.outside.diverted;
  return finding{dns_filter,
                 fmt::format("The name {} resolves to {}, which is not on the Internet: a DNS "
                             "filter, or a network that requires you to sign in. It was not asked.",
                             escape_bytes(name), to.to_string()),
                 "allow the name in the filter (a blocker, the hosts file, the router's parental "
                 "control), or ask a server by its address: " +
                     natcheck_command(s.seen.asked, "discover --stun ADDRESS")};
}

}  // namespace natcheck::judging
