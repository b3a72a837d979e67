#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <natcheck/report.hpp>

#include "report/json.hpp"
#include "report/json_writer.hpp"
#include "report/names.hpp"
#include "report/printable.hpp"

namespace natcheck {
namespace {

using report::name_of;
using report::or_null;
using report::to_value;
namespace json = boost::json;

json::value private_part(const host_network& host) {
  if (!host.ipv4) return nullptr;
  return {{"address", to_value(host.ipv4->local)},
          {"prefix", host.ipv4->prefix_length},
          {"interface", host.ipv4->interface},
          {"gateway", or_null(host.ipv4->gateway)}};
}

json::value public_part(const std::optional<public_address>& external) {
  if (!external) return nullptr;
  return {{"address", to_value(external->ip)}, {"sources", to_value(external->sources)}};
}

json::value ipv6_scope(const address& ip) {
  switch (scope_of(ip)) {
    case address_scope::global:
      return "global";
    case address_scope::unique_local:
      return "ula";
    case address_scope::link_local:
      return "link-local";
    default:
      return nullptr;
  }
}

json::value ipv6_part(const host_network& host) {
  if (!host.ipv6) return nullptr;
  return {{"address", to_value(host.ipv6->local)},
          {"scope", ipv6_scope(host.ipv6->local)},
          {"gateway", or_null(host.ipv6->gateway)},
          {"seen_as", nullptr}};
}

json::value interface_part(const interface_info& link) {
  json::array addresses;
  for (const auto& own : link.addresses) {
    const auto text = fmt::format("{}/{}", own.ip.to_string(), own.prefix_length);
    addresses.push_back(to_value(std::string_view(text)));
  }
  return {{"name", link.name},
          {"kind", name_of(link.kind)},
          {"addresses", addresses},
          {"default_route", link.default_route},
          {"metric", or_null(link.metric)}};
}

json::object service_part(const service_evidence& service) {
  return {{"state", name_of(service.state)},
          {"reason", or_null(service.detail)},
          {"rtt_ms", or_null(service.rtt)},
          {"attempts", service.attempts}};
}

json::object pcp_part() {
  auto part = service_part(
      {service_state::not_tried, "this version of natcheck does not speak PCP", std::nullopt, 0});
  part["epoch_s"] = nullptr;
  return part;
}

json::object nat_pmp_part(const nat_pmp_evidence& service) {
  auto part = service_part(service);
  part["epoch_s"] = or_null(service.epoch_s);
  part["external_address"] = or_null(service.external_address);
  part["result"] = or_null(service.result);
  return part;
}

/// What a device says of itself, within bounds.
json::value foreign(const std::optional<std::string>& text) {
  constexpr std::size_t longest = 256;
  if (!text) return nullptr;
  return to_value(std::string_view(report::clipped(*text, longest)));
}

json::object upnp_part(const upnp_evidence& service) {
  auto part = service_part(service);
  part["external_address"] = or_null(service.external_address);
  part["location"] = foreign(service.location);
  part["device"] = foreign(service.device);
  part["manufacturer"] = foreign(service.manufacturer);
  part["model"] = foreign(service.model);
  part["service"] = foreign(service.service);
  part["connection_status"] = foreign(service.connection_status);
  part["uptime_s"] = or_null(service.uptime_s);
  return part;
}

json::value gateway_part(const std::optional<gateway_evidence>& gateway) {
  if (!gateway) return nullptr;
  return {{"address", to_value(gateway->ip)},
          {"interface", gateway->interface},
          {"services",
           {{"pcp", pcp_part()},
            {"nat_pmp", nat_pmp_part(gateway->nat_pmp)},
            {"upnp", upnp_part(gateway->upnp)}}}};
}

// What only somebody outside can tell.
json::value nat_part() {
  return {{"mapping", "not-tested"},
          {"filtering", "not-tested"},
          {"hairpin", "not-tested"},
          {"port_preservation", "not-tested"}};
}

}  // namespace

std::string to_json(const discover_report& report) {
  const auto& seen = report.evidence;
  json::array interfaces;
  for (const auto& link : seen.host.interfaces) interfaces.push_back(interface_part(link));
  const json::object all{{"schema", "natcheck/discover/1"},
                         {"version", version()},
                         {"started_at", report::timestamp(report.started_at)},
                         {"elapsed_ms", to_value(report.elapsed)},
                         {"private", private_part(seen.host)},
                         {"public", public_part(report.external)},
                         {"ipv6", ipv6_part(seen.host)},
                         {"interfaces", interfaces},
                         {"gateway", gateway_part(seen.gateway)},
                         {"stun", json::array()},
                         {"nat", nat_part()},
                         {"path", json::array()},
                         {"verdict", to_value(report.judged.main)},
                         {"findings", to_value(report.judged.findings)}};
  return print_json(all, report::json_layout::indented) + "\n";
}

}  // namespace natcheck
