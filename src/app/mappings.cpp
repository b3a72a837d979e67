#include "app/mappings.hpp"

#include <algorithm>

#include "app/ipv4_gateway.hpp"
#include "app/lease.hpp"
#include "app/option_checks.hpp"
#include "app/serial.hpp"
#include "core/written_address.hpp"
#include "net/host_network.hpp"
#include "net/sockets.hpp"
#include "portmap/upnp_entry.hpp"
#include "portmap/upnp_table.hpp"

namespace natcheck {
namespace {

using net::asio::awaitable;

void take_table(portmap::upnp_table table, mappings_report& report) {
  report.upnp = static_cast<const service_evidence&>(table.gateway);  // what all services have
  report.service = table.gateway.service.value_or("");
  report.entries = std::move(table.rows);
  report.notes = std::move(table.notes);
  auto doubt =
      doubt_external_address(table.gateway.external_address_text.value_or(""), *report.gateway);
  if (doubt.empty()) {
    report.external_address = table.gateway.external_address;
  } else {
    report.notes.push_back(std::move(doubt));
  }
  report.complete = table.incomplete_because.empty();
  report.incomplete_because = std::move(table.incomplete_because);
}

void take_absence(std::string reason, mappings_report& report) {
  report.upnp.detail = reason;
  report.incomplete_because = std::move(reason);
}

std::optional<portmap::gateway_access> ipv4_gateway(const host_network& host) {
  const auto& way = host.ipv4;
  if (!way || !way->gateway) return std::nullopt;
  portmap::gateway_access access{*way->gateway, {way->local, way->interface}, way->interface_index};
  access.by_tunnel = way->kind == interface_kind::tunnel;
  return access;
}

bool is_row_of(const gateway_mapping& row, const mapping_claim& claim) {
  return row.protocol == claim.protocol && row.external_port == claim.external_port &&
         row.internal_port == claim.internal.port &&
         portmap::may_lead_to(row.internal_client, claim.internal.ip);
}

/// Runs `work`, a command that changes something, where `options` say.
template <class Report, class Options, class Work>
awaitable<result<Report>> change(Options options, Work work) {
  const auto at = std::chrono::system_clock::now();
  const auto start = std::chrono::steady_clock::now();
  if (const auto wrong = app::check(options)) co_return *wrong;
  auto host = net::read_host_network({options.interface, options.gateway});
  if (!host) co_return host.error();
  co_await app::find_ipv4_gateway(host->ipv4, start + options.timeout);
  co_await net::unless_cancelled();
  app::workplace place{surroundings_of(*host), ipv4_gateway(*host), state::state_directory(),
                       start + options.timeout};
  const asked_options asked{options.interface, options.gateway};
  Report report = co_await work(std::move(place), std::move(options));
  report.asked = asked;
  report.started_at = at;
  report.elapsed = net::since(start);
  report.way_out = host->ipv4;
  co_return report;
}

awaitable<result<mappings_report>> list(mappings_options options) {
  const auto start = std::chrono::steady_clock::now();
  mappings_report report;
  report.asked = {options.interface, options.gateway};
  report.started_at = std::chrono::system_clock::now();
  if (const auto wrong = app::check(options)) co_return *wrong;
  auto host = net::read_host_network({options.interface, options.gateway});
  if (!host) co_return host.error();
  co_await app::find_ipv4_gateway(host->ipv4, start + options.timeout);
  co_await net::unless_cancelled();
  report.way_out = host->ipv4;
  const auto access = ipv4_gateway(*host);
  if (!access) {
    take_absence("there is no IPv4 gateway to ask", report);
  } else {
    report.gateway = access->gateway;
    take_table(co_await portmap::read_upnp_table(*access, start + options.timeout), report);
  }
  app::recognize(state::read_claims(state::state_directory(), state::system_now()), report);
  report.elapsed = net::since(start);
  co_return report;
}

/// A fault of this machine alone is no answer of the router.
awaitable<result<add_report>> make(add_options options) {
  auto report = co_await change<add_report>(std::move(options), app::add);
  if (!report) co_return report;
  const bool made = std::ranges::any_of(report->mappings,
                                        [](const auto& each) { return each.entry.has_value(); });
  if (made || report->mappings.empty()) co_return report;
  if (auto fault = local_fault_of(report->mappings.front().evidence)) co_return *std::move(fault);
  co_return report;
}

}  // namespace

void app::recognize(const std::vector<state::known_claim>& known, mappings_report& report) {
  for (const state::known_claim& each : known) {
    if (each.owner == state::claimed_by::dead) {
      report.left_overs.push_back(mapping_of(each.claim));
    }
    if (report.gateway != each.claim.gateway) continue;
    for (gateway_mapping& row : report.entries) {
      row.ours = row.ours || is_row_of(row, each.claim);
    }
  }
}

awaitable<result<mappings_report>> list_mappings(mappings_options options) {
  return app::serially(list(std::move(options)));
}

awaitable<result<add_report>> add_mappings(add_options options) {
  return app::serially(make(std::move(options)));
}

awaitable<result<removal_report>> remove_mappings(remove_options options) {
  return app::serially(change<removal_report>(std::move(options), app::remove));
}

awaitable<result<removal_report>> clean_mappings(mappings_options options) {
  const auto work = [](app::workplace place, const mappings_options&) {
    return app::clean(std::move(place));
  };
  return app::serially(change<removal_report>(std::move(options), work));
}

}  // namespace natcheck
