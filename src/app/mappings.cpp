#include <natcheck/mappings.hpp>

#include "net/host_network.hpp"
#include "net/sockets.hpp"
#include "portmap/upnp_table.hpp"

namespace natcheck {
namespace {

using net::asio::awaitable;

void take_table(portmap::upnp_table table, mappings_report& report) {
  report.upnp = static_cast<const service_evidence&>(table.gateway);  // what all services have
  report.service = table.gateway.service.value_or("");
  report.external_address = table.gateway.external_address;
  report.entries = std::move(table.rows);
  report.complete = table.incomplete_because.empty();
  report.incomplete_because = std::move(table.incomplete_because);
}

void take_absence(std::string reason, mappings_report& report) {
  report.upnp.detail = reason;
  report.incomplete_because = std::move(reason);
}

}  // namespace

awaitable<result<mappings_report>> list_mappings(mappings_options options) {
  const auto start = std::chrono::steady_clock::now();
  mappings_report report;
  report.started_at = std::chrono::system_clock::now();
  auto host = net::read_host_network({options.interface, options.gateway});
  if (!host) co_return host.error();
  report.way_out = host->ipv4;
  if (report.way_out) report.gateway = report.way_out->gateway;
  if (!report.gateway) {
    take_absence("there is no IPv4 gateway to ask", report);
  } else {
    const route_info& way = *report.way_out;
    const portmap::gateway_access access{
        *report.gateway, {way.local, way.interface}, way.interface_index};
    take_table(co_await portmap::read_upnp_table(access, start + options.timeout), report);
  }
  report.elapsed = net::since(start);
  co_return report;
}

}  // namespace natcheck
