#include <fmt/format.h>

#include <algorithm>

#include "diagnosis/findings.hpp"
#include "diagnosis/remedies.hpp"

namespace natcheck::judging {

using found = std::optional<finding>;

bool is_prefix_translated(const address& local, const address& seen) {
  if (!local.is_v6() || !seen.is_v6() || local == seen) return false;
  const auto a = local.to_v6().to_bytes();
  const auto b = seen.to_v6().to_bytes();
  return std::equal(a.begin() + 10, a.end(), b.begin() + 10);
}

found find_nat64(const facts& s) {
  if (!s.seen.nat64) return std::nullopt;
  return finding{nat64,
                 fmt::format("IPv4 servers are reached through a translator (NAT64, {}/{}): this "
                             "machine cannot be reached over IPv4.",
                             s.seen.nat64->ip.to_string(), s.seen.nat64->length),
                 "let others connect over IPv6"};
}

// Without a global address there is nothing behind the firewall to be reached.
found find_ipv6_firewall(const facts& s) {
  if (!s.global_ipv6() || !s.seen.gateway || !s.seen.gateway->upnp.ipv6_firewall) {
    return std::nullopt;
  }
  const auto& firewall = *s.seen.gateway->upnp.ipv6_firewall;
  if (!firewall.enabled) return std::nullopt;
  return finding{
      ipv6_firewalled,
      fmt::format("The router's IPv6 firewall is on; programs {} open ports in it themselves.",
                  firewall.pinholes_allowed ? "may" : "may not"),
      fmt::format(
          "to be reachable over IPv6, allow TCP port {} to {} in the router's IPv6 firewall",
          example_port, s.seen_ipv6() ? s.seen_ipv6()->to_string() : std::string("this machine"))};
}

found find_local_ipv6(const facts& s) {
  const auto& way = s.seen.host.ipv6;
  if (!way || scope_of(way->local) != address_scope::unique_local ||
      !s.outside.ipv6_reflexive.empty()) {
    return std::nullopt;
  }
  return finding{ipv6_not_global,
                 fmt::format("This machine's IPv6 address {} is for the local network only (RFC "
                             "4193).",
                             way->local.to_string()),
                 "turn on the provider's IPv6 in the router, if it offers IPv6"};
}

found find_translated_ipv6(const facts& s) {
  if (s.outside.ipv6_reflexive.empty()) return std::nullopt;
  const auto& seen = s.outside.ipv6_reflexive.front().ip;
  if (is_own_address(s.seen.host, seen)) return std::nullopt;
  const auto& way = s.seen.host.ipv6;
  if (way && is_prefix_translated(way->local, seen)) {
    return finding{ipv6_translated,
                   fmt::format("The router translates the IPv6 prefix (NPTv6): the Internet sees "
                               "{}, which belongs to this machine alone.",
                               seen.to_string()),
                   give_out_ipv6(seen)};
  }
  return finding{ipv6_translated,
                 fmt::format("IPv6 is translated on the path: the Internet sees {}, which is not "
                             "an address of this machine.",
                             seen.to_string()),
                 "if several machines share that address (NAT66): forward the port on the router, "
                 "or use another interface; VPNs also translate"};
}

}  // namespace natcheck::judging
