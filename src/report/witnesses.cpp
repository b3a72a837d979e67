#include "report/witnesses.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/canonical.hpp"
#include "core/written_address.hpp"

namespace natcheck::report {
namespace {

void add_name(std::vector<outside_address>& all, const address& ip, std::string_view name) {
  const auto known =
      std::find_if(all.begin(), all.end(), [&](const auto& other) { return other.ip == ip; });
  if (known == all.end()) {
    all.push_back({ip, std::string(name)});
  } else {
    known->named_by += fmt::format(", {}", name);
  }
}

}  // namespace

bool counts_as_public(const discover_report& report, const address& ip) {
  return is_public(ip) || (report.redacted && scope_of(ip) == address_scope::documentation);
}

std::vector<outside_address> outside_addresses(const discover_evidence& seen) {
  std::vector<outside_address> all;
  if (!seen.gateway) return all;
  const auto add = [&](const auto& service, std::string_view name) {
    const auto& ip = service.external_address;
    if (service.state != service_state::answered || !ip) return;
    if (doubt_external_address(ip->to_string(), seen.gateway->ip).empty()) add_name(all, *ip, name);
  };
  add(seen.gateway->nat_pmp, "NAT-PMP");
  add(seen.gateway->upnp, "UPnP");
  return all;
}

std::vector<reflexive_address> reflexive_addresses(const discover_report& report, unsigned family) {
  std::vector<reflexive_address> all;
  for (const auto& server : report.evidence.stun) {
    const bool saw = server.state == service_state::answered && server.seen_as &&
                     counts_as_public(report, canonical(server.seen_as->ip));
    if (!saw || server.family != family) continue;
    auto known = std::ranges::find(all, server.seen_as->ip, &reflexive_address::ip);
    if (known == all.end()) known = all.insert(known, {server.seen_as->ip, {}});
    auto& names = known->servers;
    const auto name = without_port(server.server);
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  std::ranges::stable_sort(all, std::ranges::greater{},
                           [](const reflexive_address& one) { return one.servers.size(); });
  return all;
}

std::optional<address> most_seen(const discover_report& report, unsigned family) {
  const auto all = reflexive_addresses(report, family);
  if (all.empty()) return std::nullopt;
  return all.front().ip;
}

std::string without_port(std::string_view server) {
  if (server.starts_with('[')) return std::string(server.substr(1, server.find(']') - 1));
  const auto colon = server.find(':');
  const bool bare_ipv6 = colon != server.rfind(':');
  return std::string(bare_ipv6 ? server : server.substr(0, colon));
}

std::string in_short(const std::vector<std::string>& servers) {
  if (servers.empty()) return "an external server";
  if (servers.size() == 1) return servers.front();
  return fmt::format("{} and {} more", servers.front(), servers.size() - 1);
}

}  // namespace natcheck::report
