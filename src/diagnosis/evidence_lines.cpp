#include "diagnosis/evidence_lines.hpp"

#include <fmt/format.h>

#include "core/gateway_services.hpp"
#include "core/text.hpp"
#include "core/units.hpp"
#include "diagnosis/which_router.hpp"

namespace natcheck::judging {
namespace {

std::string with_detail(std::string_view what, const cause& why) {
  return why.empty() ? std::string(what) : fmt::format("{}: {}", what, to_string(why));
}

}  // namespace

std::string public_ipv6_line(const address& ip) {
  return fmt::format("IPv6 address {} is public and has a route", ip.to_string());
}

std::string unanswered_line(const std::string& router) {
  return router + " does not answer ARP requests";
}

std::string failed(const service_evidence& service) {
  switch (service.state) {
    case service_state::refused:
      return with_detail("refused", service.detail);
    case service_state::malformed:
      return with_detail("unusable answer", service.detail);
    case service_state::not_tried:
      return with_detail("not tried", service.detail);
    case service_state::silent:
    case service_state::answered:
      break;
  }
  if (!service.detail.empty()) return to_string(service.detail);
  return "no answer to " + counted(static_cast<std::size_t>(service.attempts), "request");
}

namespace {

std::string outside_address(const address& ip) {
  return fmt::format("the router reports the external address {}, {}", ip.to_string(),
                     describe(scope_of(ip)));
}

std::string answered_after(std::string_view name, const service_evidence& service) {
  return service.rtt ? fmt::format("{} ({}): ", name, in_ms(*service.rtt))
                     : fmt::format("{}: ", name);
}

/// Of a service without a connection status.
std::string port_control_line(const gateway_service& row, const gateway_service_evidence& service) {
  if (service.state != service_state::answered) {
    return fmt::format("{}: {}", row.name, failed(service));
  }
  auto text = answered_after(row.name, service);
  if (service.external_address) {
    text += outside_address(*service.external_address);
  } else if (row.tells_address) {
    text += fmt::format("result {} instead of an address", service.result.value_or(0));
  } else {
    text += "the router supports it";
    if (service.result.value_or(0) != 0) text += fmt::format(", result {}", *service.result);
  }
  return with_detail(text, service.detail);
}

std::string upnp_address(const upnp_evidence& service) {
  if (service.external_address) return outside_address(*service.external_address);
  if (service.result) {
    return fmt::format("the router refuses to report its external address (error {})",
                       *service.result);
  }
  if (!service.external_address_text) return std::string(no_external_address);
  if (service.external_address_text->empty()) return "the router reports an empty external address";
  return fmt::format("the router reports {} as its external address, which is not an address",
                     quoted(*service.external_address_text));
}

std::string upnp_line(const upnp_evidence& service) {
  if (service.state != service_state::answered) return "UPnP: " + failed(service);
  auto text = answered_after("UPnP", service) + upnp_address(service);
  if (service.connection_status) {
    text += ", connection status " + quoted(*service.connection_status);
  }
  if (service.uptime_s) text += fmt::format(" for {} s", *service.uptime_s);
  return with_detail(text, service.detail);
}

std::string neighbor_line(const facts& s) {
  switch (s.seen.gateway->neighbor) {
    case neighbor_state::reachable:
      return s.router() + " answers on the local network (ARP)";
    case neighbor_state::resolved:
      return s.router() + " was seen on the local network (ARP)";
    case neighbor_state::unanswered:
      return unanswered_line(s.router());
    case neighbor_state::unknown:
      break;
  }
  return {};
}

}  // namespace

std::string quoted(const std::string& foreign) {
  constexpr std::size_t longest = 64;
  const bool cut = foreign.size() > longest;
  return fmt::format("\"{}{}\"", escape_bytes(foreign.substr(0, longest)), cut ? "..." : "");
}

std::string local_line(const facts& s) {
  const auto& egress_route = *s.seen.host.ipv4;
  return fmt::format("local address {} on {} is {}", egress_route.local.to_string(),
                     egress_route.interface, describe(scope_of(egress_route.local)));
}

std::vector<std::string> gateway_lines(const facts& s) {
  if (!s.seen.gateway) return {};
  const auto& gateway = *s.seen.gateway;
  std::vector<std::string> lines;
  for (const gateway_service& row : gateway_services) {
    lines.push_back(row.id == mapping_protocol::upnp
                        ? upnp_line(gateway.upnp)
                        : port_control_line(row, service_of(gateway, row.id)));
  }
  if (auto neighbor = neighbor_line(s); !neighbor.empty()) lines.push_back(std::move(neighbor));
  if (auto why = why_other_router(s.seen); !why.empty()) lines.push_back(std::move(why));
  return lines;
}

}  // namespace natcheck::judging
