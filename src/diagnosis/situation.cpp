#include "diagnosis/situation.hpp"

#include <algorithm>

namespace natcheck::judging {
namespace {

// RFC 6886 section 3.5 and the UPnP IGD error codes.
constexpr std::uint16_t natpmp_not_authorised = 2;
constexpr int upnp_action_failed = 501;
constexpr int upnp_not_authorised = 606;

}  // namespace

situation::situation(const discover_evidence& evidence) : seen(evidence) {
  if (!evidence.gateway) return;
  const auto add = [this](std::string_view source, std::string_view name, const auto& service) {
    const auto& ip = service.external_address;
    if (service.state != service_state::answered || !ip || !ip->is_v4()) return;
    if (scope_of(*ip) == address_scope::unspecified) {
      says_unspecified = true;
    } else {
      claims.push_back({source, name, *ip});
    }
  };
  add("nat-pmp", "NAT-PMP", evidence.gateway->nat_pmp);
  add("upnp", "UPnP", evidence.gateway->upnp);
}

std::optional<address> situation::local() const {
  if (!seen.host.ipv4) return std::nullopt;
  return seen.host.ipv4->local;
}

std::optional<address> situation::global_ipv6() const {
  if (!seen.host.ipv6 || !is_public(seen.host.ipv6->local)) return std::nullopt;
  return seen.host.ipv6->local;
}

std::string situation::router() const { return seen.gateway->ip.to_string(); }

bool differ(const std::vector<claim>& claims) {
  return std::any_of(claims.begin(), claims.end(),
                     [&](const claim& c) { return c.ip != claims.front().ip; });
}

bool contradict(const std::vector<claim>& claims) {
  return std::any_of(claims.begin(), claims.end(), [&](const claim& c) {
    const auto& first = claims.front().ip;
    return c.ip != first && (is_public(c.ip) || scope_of(c.ip) != scope_of(first));
  });
}

bool is_connected(const upnp_evidence& upnp) {
  return upnp.connection_status == "Connected" || upnp.connection_status == "Up";
}

bool hides_address(const upnp_evidence& upnp) {
  if (upnp.state != service_state::answered || !is_connected(upnp)) return false;
  return upnp.external_address_text == "" || upnp.external_address_error == upnp_action_failed;
}

bool has_spoken(const service_evidence& service) {
  return service.state == service_state::answered || service.state == service_state::refused ||
         service.state == service_state::malformed;
}

bool declined(const nat_pmp_evidence& service) {
  return service.state == service_state::refused ||
         (service.state == service_state::answered && service.result == natpmp_not_authorised);
}

bool declined(const upnp_evidence& service) {
  return service.state == service_state::refused ||
         (service.state == service_state::answered &&
          service.external_address_error == upnp_not_authorised);
}

bool is_alive(const gateway_evidence& gateway) {
  return has_spoken(gateway.nat_pmp) || has_spoken(gateway.upnp) ||
         gateway.neighbor == neighbor_state::reachable ||
         gateway.neighbor == neighbor_state::resolved;
}

bool is_own_address(const host_network& host, const address& ip) {
  return std::any_of(host.interfaces.begin(), host.interfaces.end(), [&](const auto& link) {
    return std::any_of(link.addresses.begin(), link.addresses.end(),
                       [&](const interface_address& own) { return own.ip == ip; });
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
