#include "mapping/commands/list.hpp"

#include <algorithm>
#include <natcheck/causes.hpp>

#include "calls/option_checks.hpp"
#include "calls/serial.hpp"
#include "core/written_address.hpp"
#include "diagnosis/table_rules.hpp"
#include "diagnosis/which_router.hpp"
#include "discover/ipv4_gateway.hpp"
#include "discover/router_behind.hpp"
#include "mapping/mapping_reports.hpp"
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

void take_absence(cause reason, mappings_report& report) {
  report.upnp.detail = reason;
  report.incomplete_because = std::move(reason);
}

std::optional<portmap::gateway_access> ipv4_gateway(const host_network& host) {
  const auto& way = host.ipv4;
  if (!way || !way->gateway) return std::nullopt;
  return portmap::access_to(*way->gateway, *way);
}

bool is_row_of(const table_entry& row, const mapping_record& record) {
  return row.protocol == record.protocol && row.external_port == record.external_port &&
         row.internal_port == record.internal.port &&
         portmap::may_lead_to(row.internal_client, record.internal.ip);
}

/// The network that a command works in. Not to be moved.
struct network {
  host_network host;
  std::optional<portmap::gateway_access> gateway;  ///< the IPv4 one; empty: there is none
  bool is_chosen = false;                          ///< by the user
  std::vector<address> heard;                      ///< others that answer a search for gateways
};

template <class Options>
awaitable<std::optional<failure>> enter(network& here, const Options& options,
                                        net::steady_time deadline) {
  auto host = net::read_host_network({options.interface, options.gateway});
  if (!host) co_return host.error();
  here.host = std::move(*host);
  here.is_chosen = options.gateway.has_value();
  co_await discovering::find_ipv4_gateway(here.host.ipv4, deadline);
  co_await net::unless_cancelled();
  here.gateway = ipv4_gateway(here.host);
  if (here.gateway) {
    here.gateway->on_other_gateway = [&here](const address& ip) { here.heard.push_back(ip); };
  }
  co_return std::nullopt;
}

/// The gateway opens nothing. True where another device turns out to be the router: that one is the
/// gateway from now on.
awaitable<bool> go_behind_gateway(network& here, net::steady_time deadline) {
  if (!here.gateway || here.is_chosen || here.gateway->by_tunnel) co_return false;
  const auto router = co_await discovering::router_behind(here.host, here.heard, deadline);
  if (!router) co_return false;
  here.host.ipv4->gateway = *router;
  here.gateway = ipv4_gateway(here.host);
  co_return true;
}

bool may_be_behind(const add_report& report, const network& here) {
  return std::ranges::all_of(report.mappings, [&](const added_mapping& each) {
    const bool may_be = !here.heard.empty() || judging::asks_without_search(each.evidence);
    return !each.entry && may_be && judging::offers_nothing(each.evidence);
  });
}

bool may_be_behind(const removal_report& report, const network& here) {
  const bool elsewhere = std::ranges::any_of(report.mappings, [](const removed_mapping& each) {
    return each.outcome == removal::elsewhere;
  });
  return report.no_table && (!here.heard.empty() || elsewhere);
}

/// What was removed at the gateway is told beside what becomes of the same command at the router.
void keep_removed(change_report first, change_report& second) {
  std::erase_if(first.stale_mappings, [](const auto& each) { return !each.removed; });
  second.stale_mappings.insert(second.stale_mappings.begin(), first.stale_mappings.begin(),
                               first.stale_mappings.end());
}

/// Runs `work`, a command that changes something, where `options` say.
template <class Report, class Options, class Work>
awaitable<result<Report>> change(Options options, Work work) {
  const auto at = std::chrono::system_clock::now();
  if (const auto invalid = calls::check(options)) co_return *invalid;
  const auto start = std::chrono::steady_clock::now();
  const auto deadline = start + options.timeout;
  network here;
  auto wrong = co_await enter(here, options, deadline);
  if (wrong) co_return *std::move(wrong);
  const asked_options asked{options.interface, options.gateway};
  mappings::workplace place{mappings::surroundings_of(here.host), here.gateway,
                            journal::state_directory(), deadline, asked};
  Report report = co_await work(place, options);
  bool moved = false;
  if (may_be_behind(report, here)) moved = co_await go_behind_gateway(here, deadline);
  if (moved) {
    place.gateway = here.gateway;
    place.here.gateways.push_back(*here.gateway);
    Report there = co_await work(place, options);
    keep_removed(std::move(report), there);
    report = std::move(there);
    report.judged = judging::judge(report);
  }
  report.started_at = at;
  report.elapsed = net::since(start);
  report.egress_route = here.host.ipv4;
  co_return report;
}

bool may_be_behind(const portmap::upnp_table& table, const network& here) {
  const bool shows_none =
      table.gateway.state == service_state::refused || table.gateway.state == service_state::silent;
  return shows_none && !here.heard.empty();
}

awaitable<portmap::upnp_table> read_table(network& here, net::steady_time deadline) {
  auto table = co_await portmap::read_upnp_table(*here.gateway, deadline);
  if (!may_be_behind(table, here)) co_return table;
  const bool moved = co_await go_behind_gateway(here, deadline);
  if (!moved) co_return table;
  co_return co_await portmap::read_upnp_table(*here.gateway, deadline);
}

awaitable<result<mappings_report>> list(mappings_options options) {
  if (const auto invalid = calls::check(options)) co_return *invalid;
  const auto start = std::chrono::steady_clock::now();
  const auto deadline = start + options.timeout;
  mappings_report report;
  report.asked = {options.interface, options.gateway};
  report.started_at = std::chrono::system_clock::now();
  network here;
  auto wrong = co_await enter(here, options, deadline);
  if (wrong) co_return *std::move(wrong);
  if (!here.gateway) {
    take_absence(cause_code::no_ipv4_gateway, report);
  } else {
    const address by_route = here.gateway->gateway;
    auto table = co_await read_table(here, deadline);
    report.gateway = here.gateway->gateway;
    take_table(std::move(table), report);
    if (by_route != *report.gateway) {
      report.notes.emplace_back(cause_code::other_device_is_router, by_route, *report.gateway);
    }
  }
  report.egress_route = here.host.ipv4;
  mappings::recognize(journal::read_records(journal::state_directory(), journal::system_now()),
                      report);
  report.judged = judging::judge(report);
  report.elapsed = net::since(start);
  co_return report;
}

/// A fault of this machine alone is no answer of the router.
awaitable<result<add_report>> make(add_options options) {
  auto report = co_await change<add_report>(std::move(options), mappings::add);
  if (!report) co_return report;
  const bool made = std::ranges::any_of(report->mappings,
                                        [](const auto& each) { return each.entry.has_value(); });
  if (made || report->mappings.empty()) co_return report;
  if (auto fault = mappings::local_fault_of(report->mappings.front().evidence))
    co_return *std::move(fault);
  co_return report;
}

}  // namespace

void mappings::recognize(const std::vector<journal::known_record>& known, mappings_report& report) {
  for (const journal::known_record& each : known) {
    if (each.owner == journal::recorded_by::dead) {
      report.stale_mappings.push_back(mapping_of(each.record));
    }
    if (report.gateway != each.record.gateway) continue;
    for (table_entry& row : report.entries) {
      row.ours = row.ours || is_row_of(row, each.record);
    }
  }
}

awaitable<result<mappings_report>> list_mappings(mappings_options options) {
  return calls::serially(list(std::move(options)));
}

awaitable<result<add_report>> add_mappings(add_options options) {
  return calls::serially(make(std::move(options)));
}

awaitable<result<removal_report>> remove_mappings(remove_options options) {
  return calls::serially(change<removal_report>(std::move(options), mappings::remove));
}

awaitable<result<removal_report>> clean_mappings(mappings_options options) {
  const auto work = [](mappings::workplace place, const mappings_options&) {
    return mappings::clean(std::move(place));
  };
  return calls::serially(change<removal_report>(std::move(options), work));
}

}  // namespace natcheck
