#include <fmt/format.h>

#include <natcheck/report.hpp>

#include "core/gateway_services.hpp"
#include "report/json.hpp"
#include "report/json_outside.hpp"
#include "report/json_writer.hpp"
#include "report/names.hpp"

namespace natcheck {
namespace {

using report::name_of;
using report::or_null;
using report::to_value;
namespace json = boost::json;

json::object private_part(const route_info& route) {
  return {{"address", to_value(route.local)},
          {"prefix", route.prefix_length},
          {"interface", route.interface},
          {"gateway", or_null(route.gateway)}};
}

json::object public_part(const public_address& external) {
  return {{"address", to_value(external.ip)}, {"sources", to_value(external.sources)}};
}

json::value ipv6_scope(const address& ip, bool redacted) {
  switch (scope_of(ip)) {
    case address_scope::global:
      return "global";
    case address_scope::unique_local:
      return "ula";
    case address_scope::link_local:
      return "link-local";
    case address_scope::documentation:
      return redacted ? json::value("global") : json::value(nullptr);
    default:
      return nullptr;
  }
}

json::object service_part(const service_evidence& service) {
  return {{"state", name_of(service.state)},
          {"reason", or_null(service.detail)},
          {"rtt_ms", or_null(service.rtt)},
          {"attempts", service.attempts}};
}

json::object port_control_part(const gateway_service& row,
                               const gateway_service_evidence& service) {
  auto part = service_part(service);
  part["epoch_s"] = or_null(service.epoch_s);
  if (row.tells_address) part["external_address"] = or_null(service.external_address);
  part["result"] = or_null(service.result);
  if (!row.tells_address) part["version"] = or_null(service.version);
  return part;
}

/// "192.168.1.10/24"
json::string prefix_part(const address& ip, unsigned length) {
  return json::string(fmt::format("{}/{}", ip.to_string(), length));
}

json::value ipv6_part(const discover_report& report) {
  const auto& route = report.evidence.host.ipv6;
  if (!route) return nullptr;
  const auto& seen = report.judged.reflexive_ipv6;
  return {{"address", to_value(route->local)},
          {"scope", ipv6_scope(route->local, report.redacted)},
          {"gateway", or_null(route->gateway)},
          {"seen_as", seen.empty() ? nullptr : to_value(seen.front().ip)},
          {"pcp", port_control_part(row_of(mapping_protocol::pcp), report.evidence.ipv6_pcp)},
          {"nat64", or_null(report.evidence.nat64, [](const nat64_prefix& prefix) {
             return prefix_part(prefix.ip, prefix.length);
           })}};
}

json::value interface_part(const interface_info& link) {
  const auto addresses = report::list_of(link.addresses, [](const interface_address& own) {
    return prefix_part(own.ip, own.prefix_length);
  });
  return {{"name", link.name},
          {"kind", name_of(link.kind)},
          {"addresses", addresses},
          {"default_route", link.default_route},
          {"metric", or_null(link.metric)}};
}

json::object firewall_part(const ipv6_firewall_status& firewall) {
  return {{"enabled", firewall.enabled}, {"pinholes_allowed", firewall.pinholes_allowed}};
}

json::object upnp_part(const upnp_evidence& service) {
  auto part = service_part(service);
  part["external_address"] = or_null(service.external_address);
  part["location"] = report::foreign(service.location);
  part["device"] = report::foreign(service.device);
  part["manufacturer"] = report::foreign(service.manufacturer);
  part["model"] = report::foreign(service.model);
  part["service"] = report::foreign(service.service);
  part["connection_status"] = report::foreign(service.connection_status);
  part["uptime_s"] = or_null(service.uptime_s);
  part["wan_connections"] =
      service.wan_connections == 0 ? json::value(nullptr) : json::value(service.wan_connections);
  part["ipv6_firewall"] = or_null(service.ipv6_firewall, firewall_part);
  return part;
}

json::object gateway_part(const gateway_evidence& gateway) {
  json::object services;
  for (const gateway_service& row : gateway_services) {
    services[row.json_key] = row.id == mapping_protocol::upnp
                                 ? upnp_part(gateway.upnp)
                                 : port_control_part(row, service_of(gateway, row.id));
  }
  return {{"address", to_value(gateway.ip)},
          {"interface", gateway.interface},
          {"services", std::move(services)}};
}

}  // namespace

std::string to_json(const discover_report& report) {
  const auto& seen = report.evidence;
  const json::object all{
      {"schema", "natcheck/discover/1"},
      {"version", version()},
      {"started_at", report::timestamp(report.started_at)},
      {"elapsed_ms", to_value(report.elapsed)},
      {"redacted", report.redacted},
      {"private", or_null(seen.host.ipv4, private_part)},
      {"public", or_null(report.judged.external, public_part)},
      {"ipv6", ipv6_part(report)},
      {"interfaces", report::list_of(seen.host.interfaces, interface_part)},
      {"gateway", or_null(seen.gateway, gateway_part)},
      {"other_gateways", report::list_of(seen.other_gateways, gateway_part)},
      {"stun", report::stun_part(seen.stun)},
      {"nat", report::nat_part(seen.nat)},
      {"path", report::path_part(seen.path)},
      {"path_target", or_null(seen.path.target)},
      {"path_state", name_of(seen.path.state)},
      {"path_reason", or_null(seen.path.detail)},
      {"owner", report::owner_part(seen.owner, report.judged.gateway_owns_address)},
      {"web", report::web_part(seen.web)},
      {"verdict", to_value(report.judged.main)},
      {"findings", to_value(report.judged.findings)}};
  return print_json(all, report::json_layout::indented) + "\n";
}

}  // namespace natcheck
