// Gateways, a journal and two clocks that exist in the test alone, and a managed mapping that is
// run on them. Whatever it does is checked as it does it.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <natcheck/causes.hpp>
#include <optional>
#include <string>
#include <vector>

#include "mapping/journal/journal_lines.hpp"
#include "mapping/managed_mapping.hpp"

namespace natcheck::mappings {

using namespace std::chrono_literals;

inline constexpr std::uint16_t inside_port = 4321;
inline constexpr std::uint16_t outside_port = 1234;
inline const address first_host = boost::asio::ip::make_address("192.168.1.10");

struct virtual_gateway {
  struct entry {
    mapping_record record;
    managed_mapping::time_point ends;
  };

  address ip = boost::asio::ip::make_address("192.168.1.1");
  std::vector<mapping_protocol> services{mapping_protocol::pcp, mapping_protocol::nat_pmp,
                                         mapping_protocol::upnp};
  bool is_up = true;
  bool is_unsure = false;  ///< its checks do not tell all
  std::chrono::seconds longest_lease{7200};
  std::uint16_t granted_port = outside_port;
  std::optional<failure> refusal;  ///< of every request
  std::optional<std::chrono::seconds> refused_for;
  std::vector<entry> table;

  entry* find(const mapping_record& record) {
    const auto found = std::ranges::find_if(
        table, [&](const entry& each) { return same_mapping(each.record, record); });
    return found == table.end() ? nullptr : &*found;
  }
  /// PCP does for a mapping only what the owner of its nonce asks.
  bool is_foreign(const mapping_record& record) {
    const entry* known = find(record);
    return known != nullptr && known->record.nonce != record.nonce;
  }
};

/// How a step fails.
enum class fault {
  request_lost,  ///< nothing happens, and nobody answers
  answer_lost,   ///< it happens, and nobody answers
  refused,
  cancelled,  ///< it happens, and nobody is told: the program is stopped
};

inline failure silence() { return {outcome::timed_out, {}, {}, 0}; }
inline failure refusal(mapping_refusal why = mapping_refusal::other) {
  return {outcome::refused, {}, {}, 0, why};
}

class virtual_run {
 public:
  explicit virtual_run(mapping_options options = wanted()) : machine(std::move(options)) {}

  static mapping_options wanted() {
    mapping_options options;
    options.internal_port = inside_port;
    options.external_port = outside_port;
    return options;
  }

  void move_to(virtual_gateway* to, const address& local = first_host) {
    if (is_stopped) return;
    machine.leave(cause_code::route_to_router_lost, now);
    do_steps();
    if (is_stopped) return;
    gateway = to;
    host = local;
    mappers.clear();
    std::optional<mapping_gateway> entered;
    if (to != nullptr) entered = {to->ip, local, {}, to->services};
    for (std::size_t i = 0; to != nullptr && i < to->services.size(); ++i) {
      const bool has_nonce = to->services[i] == mapping_protocol::pcp;
      mappers.push_back({has_nonce ? std::to_string(++nonces) : "", {}});
    }
    machine.enter(std::move(entered), now);
    do_steps();
  }

  /// Lets time go by, and the machine do what is due.
  void run_for(std::chrono::milliseconds time) {
    const auto end = now.steady + time;
    while (!is_stopped && machine.due() <= end) {
      advance(std::max(machine.due(), now.steady) - now.steady);
      machine.poll(now);
      do_steps();
    }
    if (!is_stopped && now.steady < end) advance(end - now.steady);
  }
  /// Leases run out, and the clock that stands still in sleep does not go on.
  void sleep(std::chrono::seconds time) {
    now.since_boot += time;
    slept += time;
    forget_ended();
  }
  /// What a program does at its end.
  void end() {
    is_stopped = false;
    fails_at.reset();
    machine.conclude();
    machine.release(now.steady + 3s);
    do_steps();
  }

  template <class Event>
  std::size_t count() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        events, [](const auto& each) { return std::holds_alternative<Event>(each.what); }));
  }
  template <class Event>
  const Event& last() const {
    for (auto each = events.rbegin(); each != events.rend(); ++each) {
      if (const auto* found = std::get_if<Event>(&each->what)) return *found;
    }
    throw std::runtime_error("there was no such event");
  }
  template <class Step>
  std::size_t count_steps() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        steps_done, [](const auto& each) { return std::holds_alternative<Step>(each.what); }));
  }
  bool is_recorded(const mapping_record& record) const {
    return std::ranges::any_of(recorded, [&](const mapping_record& each) {
      return same_mapping(each, record) && each.nonce == record.nonce;
    });
  }
  bool is_open() const { return gateway != nullptr && !gateway->table.empty(); }

  struct event_at {
    managed_mapping::time_point at;
    mapping_event what;
  };
  struct step_at {
    managed_mapping::time_point at;
    step what;
  };

  managed_mapping machine;
  instant now{managed_mapping::time_point(1h), 1h};
  std::chrono::nanoseconds slept{0};
  double chance = 0;
  std::chrono::milliseconds delay{10};  ///< of every answer
  virtual_gateway* gateway = nullptr;
  address host;
  std::vector<journal::known_record> others;
  std::vector<mapping_record> recorded;
  std::vector<event_at> events;
  std::vector<mapping_evidence> failures;
  std::vector<step_at> steps_done;  ///< that ask a gateway, or read the journal
  std::optional<std::size_t> fails_at;
  fault way = fault::request_lost;
  bool is_stopped = false;
  std::optional<mapping_check> says;  ///< what a check brings, where it is not what the table has

 private:
  struct mapper {
    std::string nonce;
    std::optional<mapping_record> granted;
  };

  void advance(managed_mapping::time_point::duration time) {
    now.steady += time;
    now.since_boot += time;
    forget_ended();
  }
  void forget_ended() {
    if (gateway == nullptr) return;
    std::erase_if(gateway->table,
                  [&](const auto& each) { return each.ends <= now.steady + slept; });
  }

  void do_steps() {
    while (!is_stopped) {
      const auto next = machine.next_step();
      if (!next) return;
      std::visit([this](const auto& what) { perform(what); }, *next);
    }
  }

  /// The fault of this step, where it is the one to fail.
  std::optional<fault> begin(step what) {
    const bool fails = fails_at == steps_done.size();
    steps_done.push_back({now.steady, std::move(what)});
    advance(delay);
    if (!fails) return std::nullopt;
    if (way == fault::cancelled) is_stopped = true;
    return way;
  }
  /// Whether the gateway gets what it is asked, and says so.
  static bool arrives(std::optional<fault> failed) {
    return failed != fault::request_lost && failed != fault::refused;
  }
  static failure failure_of(std::optional<fault> failed) {
    return failed == fault::refused ? refusal() : silence();
  }

  result<void> presence(std::size_t which, std::optional<fault> failed) const {
    if (!gateway->is_up || failed) return failure_of(failed);
    if (which >= gateway->services.size()) return refusal();
    return result<void>{};
  }
  void perform(const steps::search& what) {
    const auto failed = begin(what);
    for (std::size_t i = 0; !is_stopped && i < mappers.size(); ++i) {
      machine.found(i, presence(i, failed), !failed, now);
    }
    if (!is_stopped) machine.searched(now);
  }
  void perform(const steps::find& what) {
    const auto failed = begin(what);
    if (!is_stopped) machine.found(what.service, presence(what.service, failed), !failed, now);
  }
  void perform(const steps::read_journal& what) {
    const auto failed = begin(what);
    journal_view view;
    if (!failed) view = {others, journal::wall_time(1700000000s)};
    if (!is_stopped) machine.read(std::move(view), now);
  }
  void perform(const steps::restore& what) {
    mapper& by = mappers[what.service];
    by.nonce = what.record.nonce;
    by.granted = what.record;
  }
  void perform(const steps::prepare& what) {
    machine.prepared(record_of(what.service, what.request));
  }
  mapping_record record_of(std::size_t which, const mapping_request& request) const {
    const mapper& by = mappers[which];
    mapping_record record;
    record.via = gateway->services[which];
    record.protocol = request.protocol;
    record.gateway = gateway->ip;
    record.internal = {host, request.internal_port};
    record.external_port = by.granted ? by.granted->external_port : request.external_port;
    record.lifetime = request.lifetime;
    record.nonce = by.nonce;
    return record;
  }

  result<mapping> grant(std::size_t which, const mapping_request& request) {
    if (gateway->refusal) return *gateway->refusal;
    mapping_record record = record_of(which, request);
    if (gateway->is_foreign(record)) return refusal(mapping_refusal::not_authorized);
    const auto lease = std::min(request.lifetime, gateway->longest_lease);
    record.external_port = request.any_port ? gateway->granted_port : request.external_port;
    record.lifetime = lease;
    std::erase_if(gateway->table,
                  [&](const auto& each) { return same_mapping(each.record, record); });
    gateway->table.push_back({record, now.steady + slept + lease});
    mappers[which].granted = record;
    mapping made;
    made.protocol = request.protocol;
    made.via = record.via;
    made.internal = record.internal;
    made.external_port = record.external_port;
    made.external_address = boost::asio::ip::make_address("5.5.5.5");
    made.lifetime = lease;
    return made;
  }
  service_status status(std::size_t which, const mapping_request& request) const {
    return {true, gateway->refusal ? gateway->refused_for : std::nullopt,
            record_of(which, request)};
  }
  void perform(const steps::map& what) {
    requests[what.service] = what.request;
    EXPECT_TRUE(is_recorded(record_of(what.service, what.request)))
        << "it has to be on disk before the gateway is asked";
    const auto failed = begin(what);
    const auto before = mappers[what.service].granted;
    result<mapping> made = failure_of(failed);
    if (gateway->is_up && arrives(failed)) made = grant(what.service, what.request);
    if (is_stopped) return;
    if (failed) {
      mappers[what.service].granted = before;
      made = failure_of(failed);
    }
    machine.mapped(made, status(what.service, what.request), chance, now);
  }
  void perform(const steps::check& what) {
    const auto failed = begin(what);
    if (is_stopped) return;
    if (!gateway->is_up || failed) return machine.checked(silence(), true, now);
    mapping_check seen;
    seen.stands = gateway->find(record_of(what.service, requests[what.service])) != nullptr;
    seen.detail = seen.stands ? cause() : cause_code::other_grant;
    seen.unsure = gateway->is_unsure;
    machine.checked(says.value_or(seen), true, now);
  }
  void perform(const steps::unmap& what) {
    const auto failed = begin(what);
    const mapping_record record = record_of(what.service, requests[what.service]);
    result<void> removed = failure_of(failed);
    if (gateway->is_up && arrives(failed)) {
      removed = gateway->is_foreign(record) ? result<void>(refusal(mapping_refusal::not_authorized))
                                            : result<void>{};
      if (removed) {
        std::erase_if(gateway->table,
                      [&](const auto& each) { return same_mapping(each.record, record); });
      }
    }
    if (is_stopped) return;
    if (failed) removed = failure_of(failed);
    machine.unmapped(what.service, removed, status(what.service, requests[what.service]), now);
  }
  void perform(const steps::remove_former& what) {
    const auto failed = begin(what);
    if (!gateway->is_up || !arrives(failed)) return;
    std::erase_if(gateway->table,
                  [&](const auto& each) { return same_mapping(each.record, what.record); });
    if (!failed) machine.former_removed(what.record);
  }
  void perform(const steps::keep& what) {
    forget(what.record);
    recorded.push_back(what.record);
  }
  void perform(const steps::erase& what) { forget(what.record); }
  void forget(const mapping_record& record) {
    std::erase_if(recorded, [&](const auto& each) { return same_mapping(each, record); });
  }
  void perform(const steps::tell_failed& what) {
    failures.push_back(what.evidence);
    events.push_back({now.steady, events::map_failed{what.evidence, {}}});
  }
  void perform(const steps::tell& what) {
    std::visit([this](const auto& event) { expect_true(event); }, what.event);
    events.push_back({now.steady, what.event});
  }

  // Nothing is claimed that is not so.
  bool has(const mapping& entry) const {
    return std::ranges::any_of(gateway->table, [&](const auto& each) {
      return each.record.via == entry.via && each.record.internal == entry.internal &&
             each.record.external_port == entry.external_port;
    });
  }
  void expect_true(const events::mapped& event) const { EXPECT_TRUE(has(event.entry)); }
  void expect_true(const events::remapped& event) const { EXPECT_TRUE(has(event.entry)); }
  void expect_true(const events::renewed& event) const { EXPECT_TRUE(has(event.entry)); }
  void expect_true(const events::unmapped& event) const {
    if (event.removed) {
      EXPECT_FALSE(has(event.entry));
    }
  }
  void expect_true(const events::renewal_failed&) const { EXPECT_TRUE(machine.holds()); }
  template <class Event>
  void expect_true(const Event&) const {}

  std::vector<mapper> mappers;
  std::map<std::size_t, mapping_request> requests;
  int nonces = 0;
};

}  // namespace natcheck::mappings
