#include "diagnosis/which_router.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "core/gateway_services.hpp"
#include "diagnosis/outside_view.hpp"

namespace natcheck::judging {
namespace {

/// The addresses that a device reports as its external ones.
std::vector<address> named_by(const gateway_evidence& device) {
  std::vector<address> named;
  for (const gateway_service& row : gateway_services) {
    const auto& service = service_of(device, row.id);
    const bool names = service.state == service_state::answered && service.external_address;
    if (names && !service.external_address->is_unspecified()) {
      named.push_back(*service.external_address);
    }
  }
  return named;
}

bool names_address(const gateway_evidence& device, const std::optional<address>& ip) {
  const auto named = named_by(device);
  return ip && std::ranges::find(named, *ip) != named.end();
}

bool offers_something(const gateway_evidence& device) {
  return any_service(device,
                     [](const auto& service) { return service.state == service_state::answered; });
}

/// One device by two addresses. A Wi-Fi repeater lends its own to all that is behind it, so a
/// device that names another address than the one seen is another one.
bool is_gateway_itself(const discover_evidence& seen, const gateway_evidence& device,
                       const std::optional<address>& seen_as) {
  if (!seen.gateway || device.link_layer.empty()) return false;
  if (device.link_layer != seen.gateway->link_layer) return false;
  const auto named = named_by(device);
  return !seen_as || std::ranges::none_of(named, is_public);
}

/// How well it is proven that this is the router; 0: not at all.
int proof(const discover_evidence& seen, const gateway_evidence& device) {
  const auto seen_as = outside_view(seen).agreed();
  if (names_address(device, seen_as)) return forwards_packets(seen, device.ip) ? 4 : 3;
  if (forwards_packets(seen, device.ip)) return 2;
  return is_gateway_itself(seen, device, seen_as) ? 1 : 0;
}

}  // namespace

bool may_be_router(const route_info& way, const address& ip) {
  return ip != way.local && ip != way.gateway && way.prefix_length > 0 &&
         same_prefix(ip, way.local, way.prefix_length);
}

bool offers_nothing(const mapping_evidence& failed) {
  const auto& attempts = failed.attempts;
  return !attempts.empty() && std::ranges::none_of(attempts, [](const mapping_attempt& each) {
    return each.present || each.local_fault;
  });
}

bool asks_without_search(const mapping_evidence& failed) {
  return failed.only_via && failed.only_via != mapping_protocol::upnp;
}

bool forwards_packets(const discover_evidence& seen, const address& ip) {
  const auto& hops = seen.path.hops;
  return std::ranges::any_of(hops,
                             [&](const path_hop& hop) { return hop.ttl <= 2 && hop.ip == ip; });
}

bool is_on_egress_route(const discover_evidence& seen, const gateway_evidence& device) {
  return proof(seen, device) > 0;
}

void settle_router(discover_evidence& seen) {
  if (!seen.gateway || seen.asked.gateway) return;
  const auto best = std::ranges::max_element(
      seen.other_gateways,
      [&](const auto& a, const auto& b) { return proof(seen, a) < proof(seen, b); });
  if (best == seen.other_gateways.end() || !offers_something(*best)) return;
  // A gateway that names an address is believed, unless another one both forwards packets and
  // names what the Internet sees.
  const int least = named_by(*seen.gateway).empty() ? 1 : 4;
  if (names_address(*seen.gateway, outside_view(seen).agreed()) || proof(seen, *best) < least)
    return;
  std::swap(*seen.gateway, *best);
}

std::string why_other_router(const discover_evidence& seen) {
  const auto& way = seen.host.ipv4;
  if (!seen.gateway || !way || !way->gateway || seen.asked.gateway) return {};
  const address& router = seen.gateway->ip;
  if (router == *way->gateway) return {};
  const auto seen_as = outside_view(seen).agreed();
  if (names_address(*seen.gateway, seen_as)) {
    return fmt::format(
        "the route goes to {}; {} is the router, because it reports {}, which the Internet sees",
        way->gateway->to_string(), router.to_string(), seen_as->to_string());
  }
  return fmt::format("the route goes to {}, and {} forwards packets from there",
                     way->gateway->to_string(), router.to_string());
}

}  // namespace natcheck::judging
