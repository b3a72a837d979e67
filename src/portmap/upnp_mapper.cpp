#include "portmap/upnp_mapper.hpp"

#include <fmt/format.h>

#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>
#include <tuple>

#include "net/random.hpp"
#include "portmap/grants.hpp"
#include "portmap/upnp.hpp"
#include "portmap/upnp_errors.hpp"
#include "portmap/upnp_rules.hpp"
#include "portmap/upnp_search.hpp"

namespace natcheck::portmap {
namespace {

using net::asio::awaitable;

constexpr int max_other_ports = 3;

/// For so long a renewal may close the port.
constexpr std::chrono::milliseconds longest_gap{300};

/// Of those that RFC 6335 section 6 leaves to everyone: most likely free.
std::uint16_t random_port() {
  constexpr std::uint32_t first = 49'152;
  return static_cast<std::uint16_t>(first + random_below(65'536 - first));
}

bool is_unknown_action(const failure& why) {
  return why.code == upnp_error::invalid_action ||
         why.code == upnp_error::optional_action_not_implemented;
}

}  // namespace

awaitable<result<void>> upnp_mapper::find() {
  service_.reset();
  upnp_evidence seen;
  const auto description = co_await find_igd(access_, seen, net::steady_time::max());
  if (seen.location || seen.rtt) note_answer();
  if (!description) co_return description.error();
  if (description->services.size() == 1) {
    service_ = description->services.front();
  } else {
    auto chosen = co_await choose_connection(access_, *description);
    service_ = std::move(chosen.service);
  }
  co_return result<void>{};
}

awaitable<result<void>> upnp_mapper::reach() {
  if (service_) co_return result<void>{};
  co_return co_await find();
}

operation upnp_mapper::opening() const {
  return {operation_code::opening_port_by_upnp, access_.gateway};
}

failure upnp_mapper::conflict(const table_entry& entry) const {
  return {outcome::refused, opening(), of_entry(cause_code::entry_of_another_device, entry),
          upnp_error::conflict_in_mapping_entry, mapping_refusal::port_conflict};
}

// --- making it -------------------------------------------------------------------------------

awaitable<std::optional<failure>> upnp_mapper::add_once(const mapping_request& wanted, adding how,
                                                        row_before before) {
  // Before the answer: if that never comes, the entry may still be there. After a refusal it is
  // not, if its table says so too.
  const auto known = std::tuple{request_, client_, add_, was_free_};
  request_ = wanted;
  client_ = access_.from.local.to_string();
  was_free_ = was_free_ || before == row_before::none;
  if (add_ != add_state::confirmed || was_free_) add_ = add_state::sent;
  sent_at_ = std::chrono::steady_clock::now();
  const auto port = co_await add_entry(access_, *service_, wanted, how);
  add_took_ = std::chrono::steady_clock::now() - sent_at_;
  if (port) {
    request_.external_port = *port;
    add_ = add_state::confirmed;
    co_return std::nullopt;
  }
  const failure why = port.error();
  const auto stands = co_await look_after(why, before);
  if (stands == grant_state::ours) {
    add_ = add_state::confirmed;
    co_return std::nullopt;
  }
  const bool believed = why.kind == outcome::refused && stands == grant_state::nothing_of_ours;
  if (believed) std::tie(request_, client_, add_, was_free_) = known;
  co_return why;
}

/// What counts is the table: some gateways refuse what they have done, or answer nothing usable.
/// Only a refusal is believed when the entry is not there at once. A table that cannot be read is
/// no proof of either, unless the gateway never shows one.
awaitable<upnp_mapper::grant_state> upnp_mapper::look_after(failure why, row_before before) {
  const bool is_clear = !is_unclear(why);
  if (is_clear && (before == row_before::one || is_unknown_action(why))) {
    co_return grant_state::nothing_of_ours;
  }
  if (table_hangs_) co_return grant_state::unknown;
  const auto now = std::chrono::steady_clock::now();
  const bool refused = why.kind == outcome::refused;
  const auto row = co_await read_row_until(refused ? now : now + access_.times.settling);
  const bool never_shows = is_clear && !row && is_unknown_action(row.error());
  if (says_no_entry(row) || never_shows) co_return grant_state::nothing_of_ours;
  if (!row) co_return grant_state::unknown;
  const bool ours = is_own(*row) && (!is_clear || row->description == our_description);
  if (!ours) co_return grant_state::nothing_of_ours;
  // What it refused may have been there before.
  const bool may_be_older = is_clear && before != row_before::none;
  co_return may_be_older ? grant_state::unknown : grant_state::ours;
}

/// Some gateways give no reason, or another one; but not those that have accepted a lease.
bool upnp_mapper::lease_may_be_why(const failure& refused) const {
  if (refuses_lease(refused)) return true;
  return refused.kind == outcome::refused && !worked_ && may_refuse_lease(refused);
}

awaitable<std::optional<failure>> upnp_mapper::add(mapping_request wanted, adding how,
                                                   row_before before) {
  std::optional<failure> refused;
  for (const auto time : lease_times(wanted.lifetime, worked_)) {
    // Where it is only a guess that it is the lease, the one without an end is the next.
    if (refused && !refuses_lease(*refused) && time.count() != 0) continue;
    wanted.lifetime = time;
    refused = co_await add_once(wanted, how, before);
    if (!refused) worked_ = time;
    if (!refused || !lease_may_be_why(*refused)) break;
  }
  co_return refused;
}

/// After a conflict with an entry of ours: gateways that do not overwrite even their client's own
/// (Open.NAT, issue 14) take a new one when the old is gone.
awaitable<std::optional<failure>> upnp_mapper::take_over(const mapping_request& wanted,
                                                         const table_entry& ours, failure refused) {
  const bool is_permanent = ours.lease_s == 0U && !is_version_2(*service_);
  if (add_ == add_state::confirmed && is_permanent) co_return std::nullopt;
  const auto removed = co_await delete_entry(access_, *service_, wanted);
  if (!removed && !says_no_entry(removed)) co_return refused;
  forget();
  co_return co_await add(wanted, adding::this_port, row_before::none);
}

/// miniupnpd leaves an entry that it has as it is, though its rule is gone since the firewall was
/// reloaded; so the entry goes first. On a router that takes its time the port would be closed
/// for so long, and there it is only asked for again.
awaitable<std::optional<failure>> upnp_mapper::make_anew(mapping_request wanted) {
  const auto removed = co_await delete_entry(access_, *service_, wanted);
  const bool is_free = removed.has_value();
  if (is_free) forget();
  const auto left = is_free ? row_before::none : row_before::one;
  co_return co_await add(wanted, adding::this_port, left);
}

/// The entry of `request_`. Where the table was not readable in time before, it gets a second.
awaitable<result<table_entry>> upnp_mapper::read_row() {
  gateway_access access = access_;
  if (table_hangs_) access.times.reading /= 5;
  const auto start = std::chrono::steady_clock::now();
  auto row = co_await read_entry(access, *service_, request_);
  table_hangs_ = !row && is_unclear(row.error()) && net::since(start) >= access.times.reading;
  co_return row;
}

/// Looks again while there is no such entry: some gateways show it late.
awaitable<result<table_entry>> upnp_mapper::read_row_until(net::steady_time deadline) {
  for (;;) {
    auto row = co_await read_row();
    const bool late = std::chrono::steady_clock::now() + reading_interval > deadline;
    if (!says_no_entry(row) || late) co_return row;
    co_await net::wait_for(reading_interval);
  }
}

/// Whether it does not show where it leads, or shows another place than the one asked for.
bool upnp_mapper::is_odd(const table_entry& entry) const {
  const bool is_nowhere = names_nobody(entry.internal_client) && !entry.internal_client.empty();
  return is_nowhere || !leads_to(entry, client_, request_.internal_port);
}

/// Some gateways make an entry that is switched off, and switch it on when it is added again.
awaitable<result<table_entry>> upnp_mapper::switch_on(table_entry row) {
  const auto added = co_await add_entry(access_, *service_, request_, adding::this_port);
  if (!added) co_return row;
  co_return co_await read_row();
}

/// A "yes" of a gateway is believed when its table says the same. A gateway that cannot read its
/// table is taken at its word, and the mapping stays unverified.
awaitable<result<mapping>> upnp_mapper::verify() {
  auto row = co_await read_row_until(std::chrono::steady_clock::now() + access_.times.settling);
  if (says_no_entry(row)) co_return co_await look_elsewhere();
  const bool added_now = row && was_free_ && row->description == our_description;
  if (row && is_odd(*row) && !added_now && !bears_our_mark(*row)) {
    forget();
    co_return conflict(*row);
  }
  if (row && !row->enabled) {
    const table_entry off = *row;
    row = co_await switch_on(off);
  }
  const table_entry* shown = row ? &*row : nullptr;
  co_return co_await made(shown);
}

/// The mapping of `request_`, with what its entry says of it.
awaitable<result<mapping>> upnp_mapper::made(const table_entry* row) {
  mapping made;
  shown_.reset();
  if (row != nullptr && is_odd(*row)) {
    shown_ = *row;
    made.shown_to = fmt::format("{}:{}", row->internal_client, row->internal_port.value_or(0));
  }
  made.verified = row != nullptr && row->enabled && !shown_;
  made.switched_off = row != nullptr && !row->enabled;
  // Some gateways cut or replace the description; by what they made of it the entry is known again.
  if (row != nullptr) {
    kept_description_ = row->description;
    was_free_ = false;
    request_.lifetime = lease_of(row->lease_s, *service_, request_.lifetime);
  }
  made.protocol = request_.protocol;
  made.via = mapping_protocol::upnp;
  made.internal = {access_.from.local, request_.internal_port};
  made.external_port = request_.external_port;
  made.lifetime = request_.lifetime;
  auto external = co_await read_external_address(access_, *service_);
  set_external_address(std::move(external), made);
  co_return made;
}

awaitable<result<mapping>> upnp_mapper::map_port(mapping_request wanted) {
  const auto start = std::chrono::steady_clock::now();
  const auto before = co_await read_entry(access_, *service_, wanted);
  table_hangs_ = !before && net::since(start) >= access_.times.reading;
  const bool is_free = says_no_entry(before);
  const bool is_foreign = before && !made_here(*before, wanted);
  // What is not in the table any more is not ours to remove; but an add without an answer may yet
  // come to stand there.
  if (is_foreign || (is_free && add_ != add_state::sent)) forget();
  if (is_foreign) co_return conflict(*before);
  const bool anew = before && wanted.table_may_be_wrong && add_took_ < longest_gap;
  const auto found = before ? row_before::one : is_free ? row_before::none : row_before::unknown;
  auto making = anew ? make_anew(wanted) : add(wanted, adding::this_port, found);
  auto refused = co_await std::move(making);
  if (refused && refused->refusal == mapping_refusal::port_conflict && before) {
    if (wanted.table_may_be_wrong) co_return co_await verify();
    const failure why = *refused;
    refused = co_await take_over(wanted, *before, why);
  }
  if (refused && refused->refusal == mapping_refusal::port_conflict && is_free) {
    // miniupnpd says so too of ports that its rules deny.
    refused->detail = {cause_code::entry_refused_without_conflict, refused->detail};
  }
  if (refused) co_return *refused;
  co_return co_await verify();
}

awaitable<result<mapping>> upnp_mapper::map_any_port(mapping_request wanted) {
  if (!is_version_2(*service_)) co_return co_await map_port(wanted);
  const auto refused = co_await add(wanted, adding::any_port, row_before::unknown);
  if (!refused) co_return co_await verify();
  if (is_unknown_action(*refused)) co_return co_await map_port(wanted);
  co_return *refused;
}

/// Goes on as long as the refusals are about the port, and nothing of ours may stand on the last.
/// Also AddAnyPortMapping is told a random one: should its answer never come, then that is the port
/// to look at.
awaitable<result<mapping>> upnp_mapper::map_another_port(mapping_request wanted, failure why) {
  for (int tries = 0; tries < max_other_ports && add_ == add_state::none; ++tries) {
    const bool wants_same = why.code == upnp_error::same_port_values_required;
    if (!wants_same && !refuses_port(why, wanted.external_port)) break;
    if (wants_same && wanted.external_port == wanted.internal_port) break;
    wanted.external_port = wants_same ? wanted.internal_port : random_port();
    auto attempt = wants_same ? map_port(wanted) : map_any_port(wanted);
    auto made = co_await std::move(attempt);
    if (made) co_return made;
    why = made.error();
  }
  co_return why;
}

awaitable<result<mapping>> upnp_mapper::map(mapping_request request) {
  const auto reached = co_await reach();
  if (!reached) co_return reached.error();
  mapping_request wanted = request;
  // What was asked for and not answered is looked at first: another port may stand open by now.
  const bool pending = add_ == add_state::sent && request.any_port;
  const bool renews = add_ == add_state::confirmed || pending;
  wanted.external_port = renews ? request_.external_port : first_choice(request);
  auto made = co_await map_port(wanted);
  if (!made && request.any_port) {
    const failure why = made.error();
    made = co_await map_another_port(wanted, why);
  }
  if (made) {
    made->asked_port = first_choice(request);
    made->asked_lifetime = request.lifetime;
  } else if (is_unclear(made.error())) {
    // The gateway may be back with another port or none of its old URLs: look for it again next
    // time.
    service_.reset();
  }
  co_return made;
}

// --- looking after it ------------------------------------------------------------------------

awaitable<result<mapping_check>> upnp_mapper::check() {
  if (add_ == add_state::none) co_return mapping_check{false, cause_code::nothing_mapped, {}};
  const auto reached = co_await reach();
  if (!reached) co_return reached.error();
  mapping_check seen;
  seen.unsure = true;  // a firewall that was reloaded may lack what the table still has
  const auto row = co_await read_entry(access_, *service_, request_);
  const auto external = co_await read_external_address(access_, *service_);
  seen.external_address = external.usable;
  if (says_no_entry(row)) {
    seen.stands = false;
    seen.detail = cause_code::entry_gone;
  } else if (!row) {
    if (row.error().code == 0) service_.reset();  // its HTTP port may have changed by a restart
    co_return row.error();
  } else if (!leads_to(*row, client_, request_.internal_port) && !is_as_shown(*row)) {
    seen.stands = false;
    seen.detail = conflict(*row).detail;
  }
  co_return seen;
}

// --- what others have to know of it ------------------------------------------------------------

mapping_record upnp_mapper::record(const mapping_request& request) const {
  mapping_record record = record_of(access_, mapping_protocol::upnp, request);
  record.description = kept_description_;
  // It may become an entry without an end, if the gateway knows no others.
  if (add_ == add_state::none) record.lifetime = std::chrono::seconds(0);
  if (add_ == add_state::none) return record;
  record.external_port = request_.external_port;
  record.lifetime = request_.lifetime;
  return record;
}

void upnp_mapper::restore(const mapping_record& record) {
  request_ = {record.protocol, record.internal.port, record.external_port, record.lifetime, false};
  client_ = record.internal.ip.to_string();
  add_ = add_state::adopted;
  was_free_ = false;
  if (record.description) kept_description_ = record.description;
}

}  // namespace natcheck::portmap
