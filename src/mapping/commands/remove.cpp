#include <algorithm>
#include <natcheck/causes.hpp>

#include "core/asked.hpp"
#include "diagnosis/table_rules.hpp"
#include "mapping/commands/list.hpp"
#include "net/bound_ports.hpp"
#include "net/sockets.hpp"
#include "net/when_all.hpp"
#include "portmap/removals.hpp"
#include "portmap/upnp_entry.hpp"
#include "portmap/upnp_table.hpp"

namespace natcheck::mappings {
namespace {

using journal::known_record;
using journal::recorded_by;
using net::asio::awaitable;

/// Which mappings are to be removed.
struct selection {
  std::optional<std::uint16_t> external_port;  ///< empty: all
  std::vector<transport> protocols{transport::tcp, transport::udp};

  bool has(transport protocol, std::uint16_t port) const {
    return (!external_port || *external_port == port) &&
           std::ranges::find(protocols, protocol) != protocols.end();
  }
};

class remover {
 public:
  remover(const workplace& place, selection wanted, net::asio::any_io_executor executor)
      : place_(place), wanted_(std::move(wanted)), executor_(std::move(executor)) {}

  awaitable<removal_report> run();

 private:
  awaitable<void> take_stale_mappings();
  awaitable<void> remove_records();
  awaitable<void> remove_added(known_record known, portmap::gateway_access access);
  awaitable<void> remove_rows();
  awaitable<void> remove_row(const table_entry& row);
  bool is_run(const mapping_key& record) const;
  void forget_added(const mapping_record& record) const;
  void leave(const known_record& known);
  void leave_foreign(const table_entry& row);
  void tell(mapping entry, removal outcome, cause detail = {});
  bool is_known(const table_entry& row) const;
  bool is_told(const table_entry& row) const;
  mapping_record record_of(const table_entry& row) const;

  const workplace& place_;
  selection wanted_;
  net::asio::any_io_executor executor_;
  std::vector<known_record> known_;
  removal_report report_;
};

/// With the time that is left of its lease.
mapping entry_of(const known_record& known) {
  mapping entry = mapping_of(known.record);
  if (entry.lifetime.count() != 0) {
    entry.lifetime = std::max(known.ends - journal::system_now(), std::chrono::seconds(1));
  }
  return entry;
}

void remover::tell(mapping entry, removal outcome, cause detail) {
  report_.mappings.push_back({std::move(entry), outcome, std::move(detail)});
}

/// Where one port is meant, what a dead run left on it is what was asked for.
awaitable<void> remover::take_stale_mappings() {
  const removal_policy spare{0, wanted_.external_port, place_.asked};
  auto removed = co_await net::with_deadline(
      place_.deadline, remove_stale_mappings(place_.here, place_.state, spare));
  if (!removed) co_return;
  for (events::stale_mapping& each : *removed) {
    const mapping& entry = each.entry;
    if (wanted_.external_port && wanted_.has(entry.protocol, entry.external_port)) {
      tell(entry, each.removed ? removal::removed : removal::failed, each.detail);
    } else {
      report_.stale_mappings.push_back(std::move(each));
    }
  }
}

void remover::leave(const known_record& known) {
  if (known.owner == recorded_by::running) {
    return tell(entry_of(known), removal::in_use, {cause_code::used_by_natcheck, known.process});
  }
  tell(entry_of(known), removal::elsewhere,
       {cause_code::on_another_network, known.record.gateway, known.record.interface});
}

/// Where this cannot be written, the next removal finds that there is nothing left.
void remover::forget_added(const mapping_record& record) const {
  static_cast<void>(journal::drop_added(place_.state, record, journal::system_now()));
}

/// Whether another natcheck, which is running, has the same port.
bool remover::is_run(const mapping_key& record) const {
  return std::ranges::any_of(known_, [&](const known_record& each) {
    return each.owner == recorded_by::running && same_external_port(each.record, record);
  });
}

awaitable<void> remover::remove_added(known_record known, portmap::gateway_access access) {
  const auto ended = co_await remove_record(known.record, std::move(access), place_.deadline);
  if (ended) {
    tell(entry_of(known), removal::removed);
  } else if (portmap::leaves_nothing(ended)) {
    tell(entry_of(known), removal::foreign, ended.error().detail);
  } else {
    co_return tell(entry_of(known), removal::failed, cause_of(ended.error()));
  }
  forget_added(known.record);
}

awaitable<void> remover::remove_records() {
  net::coroutines works;
  for (const known_record& each : known_) {
    if (!wanted_.has(each.record.protocol, each.record.external_port)) continue;
    auto access = access_for(each.record, place_.here);
    if (each.owner == recorded_by::running || !access) {
      leave(each);
    } else if (each.owner == recorded_by::added) {
      if (is_run(each.record)) {
        forget_added(each.record);  // its run closes the port now
      } else {
        works.push_back(remove_added(each, *std::move(access)));
      }
    }
    // What is left of a dead run here could not be removed, and that was told.
  }
  co_await net::when_all(std::move(works));
}

bool remover::is_known(const table_entry& row) const {
  return std::ranges::any_of(known_, [&](const known_record& each) {
    return each.record.protocol == row.protocol && each.record.external_port == row.external_port &&
           each.record.gateway == place_.gateway->gateway &&
           portmap::may_lead_to(row.internal_client, each.record.internal.ip);
  });
}

mapping_record remover::record_of(const table_entry& row) const {
  mapping_record record;
  record.via = mapping_protocol::upnp;
  record.protocol = row.protocol;
  record.gateway = place_.gateway->gateway;
  record.interface = place_.gateway->from.interface;
  record.internal = {place_.gateway->from.local, row.internal_port.value_or(0)};
  record.external_port = row.external_port;
  record.lifetime = std::chrono::seconds(row.lease_s.value_or(0));
  record.description = row.description;
  return record;
}

/// Of what was made with `mappings add` and taken over since.
bool remover::is_told(const table_entry& row) const {
  return std::ranges::any_of(report_.mappings, [&](const removed_mapping& each) {
    return each.outcome == removal::foreign && each.entry.protocol == row.protocol &&
           each.entry.external_port == row.external_port;
  });
}

void remover::leave_foreign(const table_entry& row) {
  mapping entry = mapping_of(record_of(row));
  boost::system::error_code error;
  entry.internal.ip = net::asio::ip::make_address(row.internal_client, error);
  const bool here = portmap::leads_to(row.internal_client, place_.gateway->from.local);
  const auto port = row.internal_port ? std::to_string(*row.internal_port) : "unreadable";
  tell(entry, removal::foreign,
       {here ? cause_code::leads_here_for_other : cause_code::leads_to_other, row.internal_client,
        port, row.description});
}

awaitable<void> remover::remove_row(const table_entry& row) {
  const auto record = record_of(row);
  const auto entry = mapping_of(record);
  // A name may be another machine's; whoever names the port knows.
  const bool surely_here = portmap::leads_to(row.internal_client, place_.gateway->from.local);
  if (!wanted_.external_port && !surely_here) {
    co_return tell(entry, removal::foreign,
                   {cause_code::may_lead_elsewhere, row.internal_client, row.external_port,
                    to_options(place_.asked)});
  }
  // Another user's natcheck has its files elsewhere, and its server here.
  if (!wanted_.external_port && net::may_be_listened_on(executor_, row.protocol, record.internal)) {
    co_return tell(entry, removal::in_use, why_not_touched(record, place_.asked));
  }
  const auto ended = co_await remove_record(record, *place_.gateway, place_.deadline);
  tell(entry, ended ? removal::removed : removal::failed,
       ended ? cause() : cause_of(ended.error()));
}

/// What the files do not tell of: another version's, or another user's.
awaitable<void> remover::remove_rows() {
  auto table = co_await portmap::read_upnp_table(*place_.gateway, place_.deadline);
  report_.no_table =
      table.gateway.state == service_state::refused || table.gateway.state == service_state::silent;
  if (!report_.no_table) report_.not_seen = table.incomplete_because;
  for (const table_entry& row : table.rows) {
    if (!wanted_.has(row.protocol, row.external_port) || is_known(row)) continue;
    if (std::chrono::steady_clock::now() >= place_.deadline) {
      report_.not_seen = cause_code::table_not_read_in_time;
      break;
    }
    if (row.ours) {
      co_await remove_row(row);
    } else if (wanted_.external_port && !is_told(row)) {
      leave_foreign(row);
    }
  }
}

awaitable<removal_report> remover::run() {
  report_.asked = place_.asked;
  report_.external_port = wanted_.external_port;
  co_await take_stale_mappings();
  known_ = journal::read_records(place_.state, journal::system_now());
  co_await remove_records();
  if (place_.gateway) co_await remove_rows();
  report_.judged = judging::judge(report_);
  co_return std::move(report_);
}

}  // namespace

awaitable<removal_report> remove(workplace place, remove_options options) {
  const auto executor = co_await net::asio::this_coro::executor;
  selection wanted;
  wanted.external_port = options.external_port;
  wanted.protocols = std::move(options.protocols);
  remover work(place, std::move(wanted), executor);
  co_return co_await work.run();
}

awaitable<removal_report> clean(workplace place) {
  const auto executor = co_await net::asio::this_coro::executor;
  remover work(place, selection(), executor);
  co_return co_await work.run();
}

}  // namespace natcheck::mappings
