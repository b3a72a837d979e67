#include "diagnosis/facts.hpp"

#include <algorithm>

#include "core/written_address.hpp"
#include "diagnosis/findings.hpp"

namespace natcheck::judging {
namespace {

/// Stable before temporary, and none that is on its egress route.
std::optional<address> lasting_ipv6(const interface_info& link) {
  const auto lasting = std::ranges::find_if(link.addresses, [](const interface_address& own) {
    return own.ip.is_v6() && is_public(own.ip) && !own.temporary && !own.deprecated;
  });
  if (lasting == link.addresses.end()) return std::nullopt;
  return lasting->ip;
}

/// The external address as the service wrote it: by UPnP it is a text.
std::string as_told(const gateway_evidence& gateway, const gateway_service& row) {
  const auto& text = gateway.upnp.external_address_text;
  if (row.id == mapping_protocol::upnp && text) return *text;
  const auto& ip = service_of(gateway, row.id).external_address;
  return ip ? ip->to_string() : "";
}

}  // namespace

facts::facts(const discover_evidence& evidence) : seen(evidence), outside(evidence) {
  if (!evidence.gateway) return;
  for (const gateway_service& row : gateway_services) {
    const auto& service = service_of(*evidence.gateway, row.id);
    const auto& ip = service.external_address;
    if (service.state != service_state::answered) continue;
    auto doubt = doubt_external_address(as_told(*evidence.gateway, row), evidence.gateway->ip);
    if (!doubt.empty() && !(ip && outside.agreed() == ip)) {
      doubtful.push_back({row.key, to_string(doubt)});
    } else if (ip) {
      named.push_back({row.key, row.name, *ip});
    }
  }
  std::ranges::copy_if(named, std::back_inserter(reported), [](const reported_address& one) {
    return scope_of(one.ip) != address_scope::unspecified;
  });
  says_unspecified = reported.size() < named.size();
}

std::optional<address> facts::local() const {
  if (!seen.host.ipv4) return std::nullopt;
  return seen.host.ipv4->local;
}

std::optional<address> facts::seen_as() const {
  if (auto ip = outside.agreed()) return ip;
  for (const auto& one : outside.reflexive) {
    if (local() == one.ip || reports_name(*this, one.ip)) return one.ip;
  }
  return std::nullopt;
}

tested facts::gateway_owns_it() const {
  const auto ip = seen_as();
  return ip && seen.owner.target == ip ? gateway_owns_seen_address(seen) : tested::not_tested;
}

std::optional<address> facts::global_ipv6() const {
  if (!seen.host.ipv6 || !is_public(seen.host.ipv6->local)) return std::nullopt;
  for (const auto& link : seen.host.interfaces) {
    if (link.name != seen.host.ipv6->interface) continue;
    if (auto ip = lasting_ipv6(link)) return ip;
  }
  return seen.host.ipv6->local;
}

std::optional<address> facts::seen_ipv6() const {
  for (const auto& one : outside.ipv6_reflexive) {
    if (!is_own_address(seen.host, one.ip)) continue;
    // One that stays, where the one that was seen will change.
    const auto lasting = global_ipv6();
    return lasting && same_prefix(*lasting, one.ip, 64) ? lasting : one.ip;
  }
  const auto& reflexive = outside.ipv6_reflexive;
  const bool mapped = !reflexive.empty() && seen.host.ipv6 &&
                      is_prefix_translated(seen.host.ipv6->local, reflexive.front().ip);
  return mapped ? std::optional(reflexive.front().ip) : std::nullopt;
}

asked_options facts::way() const {
  auto options = seen.asked;
  const bool another =
      seen.gateway && seen.host.ipv4 && seen.host.ipv4->gateway != seen.gateway->ip;
  if (another) options.gateway = seen.gateway->ip;
  return options;
}

bool facts::leaves_by_tunnel() const {
  return seen.host.ipv4 && seen.host.ipv4->kind == interface_kind::tunnel;
}

std::string facts::router() const { return seen.gateway->ip.to_string(); }

bool facts::has_home_router() const {
  if (!seen.gateway || leaves_by_tunnel()) return false;
  const auto scope = scope_of(seen.gateway->ip);
  if (scope == address_scope::private_use || scope == address_scope::link_local) return true;
  // A network at home that is numbered with public addresses is still behind a NAT.
  const bool translates = seen_as() && !is_own_address(seen.host, *seen_as());
  return scope == address_scope::global && translates && is_public(*local());
}

bool differ(const std::vector<reported_address>& reported) {
  return std::ranges::any_of(
      reported, [&](const reported_address& c) { return c.ip != reported.front().ip; });
}

bool contradict(const std::vector<reported_address>& reported) {
  return std::ranges::any_of(reported, [&](const reported_address& c) {
    const auto& first = reported.front().ip;
    return c.ip != first && (is_public(c.ip) || scope_of(c.ip) != scope_of(first));
  });
}

bool is_doubtful(const facts& s, std::string_view source) {
  return std::ranges::any_of(s.doubtful,
                             [&](const doubtful_report& each) { return each.source == source; });
}

bool reports_name(const facts& s, const address& ip) {
  return std::ranges::any_of(s.reported, [&](const reported_address& c) { return c.ip == ip; });
}

bool is_connected(const upnp_evidence& upnp) {
  return upnp.connection_status == "Connected" || upnp.connection_status == "Up";
}

bool hides_address(const upnp_evidence& upnp) {
  if (upnp.state != service_state::answered || !is_connected(upnp)) return false;
  return upnp.external_address_text == "" || upnp.refusal == mapping_refusal::no_reason;
}

bool is_disconnected(const upnp_evidence& upnp) {
  return upnp.state == service_state::answered && upnp.connection_status && !is_connected(upnp);
}

bool indicates_second_nat(const gateway_service_evidence& service) {
  return has_spoken(service) && (service.refusal == mapping_refusal::no_resources ||
                                 service.refusal == mapping_refusal::address_mismatch);
}

bool reports_network_failure(const gateway_evidence& gateway) {
  return any_service(gateway, [](const auto& service) {
    return service.refusal == mapping_refusal::network_failure;
  });
}

bool has_spoken(const service_evidence& service) {
  return service.state == service_state::answered || service.state == service_state::refused ||
         service.state == service_state::malformed;
}

bool declined(const gateway_service_evidence& service) {
  return (service.state == service_state::refused && !indicates_second_nat(service)) ||
         (service.state == service_state::answered &&
          service.refusal == mapping_refusal::not_authorized);
}

const gateway_service* implied_service(const gateway_evidence& gateway) {
  const bool implied = gateway.pcp.version == 0 && gateway.nat_pmp.state == service_state::silent;
  return implied ? &row_of(mapping_protocol::nat_pmp) : nullptr;
}

bool gave_nothing(const gateway_service_evidence& service) {
  return declined(service) ||
         (service.state == service_state::silent && !answered_by_protocol(service));
}

bool answered_by_protocol(const gateway_service_evidence& service) {
  return service.state == service_state::answered || service.result || service.rtt ||
         service.version.value_or(0) != 0;
}

bool offers_nothing(const gateway_evidence& gateway) {
  return all_services(gateway, gave_nothing) && implied_service(gateway) == nullptr;
}

bool is_open(const gateway_service_evidence& service) {
  const bool too_slow = service.state == service_state::silent && answered_by_protocol(service);
  return too_slow || service.state == service_state::not_tried ||
         service.state == service_state::malformed;
}

bool is_alive(const gateway_evidence& gateway) {
  return any_service(gateway, has_spoken) || gateway.neighbor == neighbor_state::reachable ||
         gateway.neighbor == neighbor_state::resolved;
}

bool has_address(const interface_info& link, const address& ip) {
  return std::ranges::any_of(link.addresses,
                             [&](const interface_address& own) { return own.ip == ip; });
}

bool is_own_address(const host_network& host, const address& ip) {
  if ((host.ipv4 && host.ipv4->local == ip) || (host.ipv6 && host.ipv6->local == ip)) return true;
  return std::ranges::any_of(host.interfaces,
                             [&](const auto& link) { return has_address(link, ip); });
}

bool is_address_of(const host_network& host, const route_info& way, const address& ip) {
  if (way.local == ip) return true;
  return std::ranges::any_of(host.interfaces, [&](const auto& link) {
    return link.name == way.interface && has_address(link, ip);
  });
}

std::vector<std::string> default_routes(const host_network& host, std::string_view except) {
  std::vector<std::string> names;
  for (const auto& link : host.interfaces) {
    if (link.default_route && link.name != except) names.push_back(link.name);
  }
  return names;
}

}  // namespace natcheck::judging
