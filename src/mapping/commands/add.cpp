#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>

#include "core/timed_out.hpp"
#include "diagnosis/table_rules.hpp"
#include "mapping/commands/list.hpp"
#include "mapping/external_addresses.hpp"
#include "mapping/journal/removal_policy.hpp"
#include "net/host_network.hpp"
#include "portmap/mappers.hpp"
#include "portmap/removals.hpp"

namespace natcheck::mappings {
namespace {

using net::asio::awaitable;

constexpr std::chrono::seconds undoing_time{3};

/// One way to make the mapping.
struct attempt {
  std::unique_ptr<portmap::port_mapper> mapper;
  bool renews = false;  ///< an earlier `add` made it by this one
};

/// Opens one port; all there is to know of it gathers in `done`.
class adder {
 public:
  /// `the journal` has what is not made yet: should this end before, or fail half-way, it is no
  /// one's, and the next run removes it. Null where nothing can be written.
  adder(const workplace& place, const add_options& options, transport protocol,
        journal::mapping_journal* journal, cause& not_remembered)
      : place_(place), options_(options), journal_(journal), not_remembered_(not_remembered) {
    done_.evidence.asked_by = mapping_command::mappings_add;
    done_.evidence.asked = {options.interface, options.gateway};
    done_.evidence.only_via = portmap::only_protocol_of(options.via);
    done_.evidence.both_transports = options.protocols.size() > 1;
    done_.evidence.protocol = protocol;
    done_.evidence.external_port = options.external_port;
    done_.asked_lifetime = options.lifetime;
  }

  awaitable<added_mapping> run();

 private:
  awaitable<bool> try_one(attempt way);
  awaitable<bool> find(portmap::port_mapper& mapper);
  awaitable<bool> map(attempt& way);
  awaitable<void> undo(attempt& way, const mapping_record& record);
  std::vector<attempt> ways() const;
  std::optional<diagnosis> taken_by_running() const;
  bool is_wanted(const mapping_record& record) const;
  portmap::mapping_request request() const;
  void accept(const mapping& made);
  void note(const portmap::port_mapper& mapper, const failure& why);
  void keep_meanwhile(const mapping_record& record);
  void write_off(const mapping_record& record);
  void keep_for_good(const mapping_record& record);
  void forget(const mapping_record& record);

  const workplace& place_;
  const add_options& options_;
  journal::mapping_journal* journal_;
  cause& not_remembered_;
  std::vector<journal::known_record> known_;
  std::optional<mapping_record> may_be_open_;  ///< asked for, and neither granted nor taken back
  added_mapping done_;
};

portmap::mapping_request adder::request() const {
  portmap::mapping_request wanted;
  wanted.protocol = done_.evidence.protocol;
  wanted.internal_port = options_.internal_port;
  wanted.external_port = options_.external_port;
  wanted.lifetime = options_.lifetime;
  wanted.any_port = options_.any_port;
  return wanted;
}

void adder::note(const portmap::port_mapper& mapper, const failure& why) {
  spdlog::debug("{}", to_string(why));
  done_.evidence.attempts.push_back({mapper.protocol(), portmap::state_of(why.kind), why.detail,
                                     why.refusal, why.code, mapper.has_spoken(),
                                     portmap::is_local_fault(why)});
}

void adder::keep_meanwhile(const mapping_record& record) {
  if (journal_ == nullptr) return;
  const auto kept = journal_->keep(record);
  if (!kept) not_remembered_ = cause_of(kept.error());
}

/// Where this cannot be written, a later run finds that there is nothing left.
void adder::write_off(const mapping_record& record) {
  if (journal_ == nullptr) return;
  const auto dropped = journal_->drop(record);
  if (!dropped) spdlog::debug("{}", to_string(dropped.error()));
}

void adder::keep_for_good(const mapping_record& record) {
  const auto kept = journal::keep_added(place_.state, record, journal::system_now());
  if (!kept) not_remembered_ = cause_of(kept.error());
}

/// Where this cannot be written, a later removal finds that there is nothing left.
void adder::forget(const mapping_record& record) {
  const auto dropped = journal::drop_added(place_.state, record, journal::system_now());
  if (!dropped) spdlog::debug("{}", to_string(dropped.error()));
}

bool adder::is_wanted(const mapping_record& record) const {
  return record.gateway == place_.gateway->gateway && record.protocol == done_.evidence.protocol &&
         (record.external_port == options_.external_port ||
          (options_.any_port && record.internal == done_.evidence.internal));
}

std::optional<diagnosis> adder::taken_by_running() const {
  if (options_.any_port) return std::nullopt;
  const auto found = std::ranges::find_if(known_, [&](const journal::known_record& each) {
    return each.owner == journal::recorded_by::running && is_wanted(each.record);
  });
  if (found == known_.end()) return std::nullopt;
  return judging::judge_taken(found->process, options_.external_port);
}

/// What an earlier `add` made is renewed by the protocol, and the nonce, that it was made with.
std::vector<attempt> adder::ways() const {
  std::vector<attempt> all;
  for (auto& mapper : portmap::mappers_for(*place_.gateway, options_.via)) {
    const auto* earlier =
        journal::added_before(known_, mapper->record(request()), options_.any_port);
    const bool renews = earlier != nullptr;
    if (renews) mapper->restore(earlier->record);
    all.push_back({std::move(mapper), renews});
  }
  std::stable_partition(all.begin(), all.end(), [](const attempt& way) { return way.renews; });
  return all;
}

awaitable<bool> adder::find(portmap::port_mapper& mapper) {
  const auto found = co_await net::with_deadline(place_.deadline, mapper.find());
  if (found && *found) co_return true;
  if (found) {
    note(mapper, found->error());
  } else {
    done_.evidence.attempts.push_back(
        {mapper.protocol(), service_state::not_tried, timed_out::before_answer});
  }
  co_return false;
}

void adder::accept(const mapping& made) {
  done_.evidence.attempts.push_back({made.via, service_state::answered, {}});
  done_.entry = made;
  done_.judged.findings = diagnose(made);
  if (const auto external = public_endpoint(made)) {
    done_.probe_command = probe_command(*external, made.protocol);
  }
}

/// Takes back what may have been made though no yes was heard; what an earlier run had stays.
awaitable<void> adder::undo(attempt& way, const mapping_record& record) {
  if (way.renews) co_return;
  const auto deadline = std::chrono::steady_clock::now() + undoing_time;
  const auto ended = co_await net::with_deadline(deadline, way.mapper->unmap());
  if (ended && portmap::leaves_nothing(*ended)) co_return write_off(record);
  may_be_open_ = way.mapper->record(request());
}

awaitable<bool> adder::map(attempt& way) {
  const auto asked = way.mapper->record(request());
  if (const auto why_not = journal::open_by_another_port(known_, asked, options_.any_port)) {
    note(*way.mapper, *why_not);
    co_return false;
  }
  way.mapper->spare(journal::ports_of_others(known_, asked));
  // Before the gateway is asked: should this program be killed now, the next one knows.
  if (way.renews) {
    keep_for_good(asked);
  } else {
    keep_meanwhile(asked);
  }
  auto ended =
      co_await net::catch_errors(net::with_deadline(place_.deadline, way.mapper->map(request())));
  if (ended.fault) {
    co_await net::asio::this_coro::reset_cancellation_state(net::asio::disable_cancellation());
    co_await undo(way, asked);
    std::rethrow_exception(ended.fault);
  }
  auto& made = *ended.value;
  if (made && *made) {
    const auto granted = way.mapper->record(request());
    keep_for_good(granted);
    if (way.renews && !journal::same_mapping(asked, granted)) forget(asked);
    if (!way.renews) write_off(asked);
    accept(**made);
    co_return true;
  }
  note(*way.mapper,
       made ? made->error() : failure{outcome::cut_short, "", timed_out::before_answer});
  co_await undo(way, asked);
  co_return false;
}

awaitable<bool> adder::try_one(attempt way) {
  const bool found = co_await find(*way.mapper);
  if (!found) co_return false;
  const bool made = co_await map(way);
  co_return made;
}

awaitable<added_mapping> adder::run() {
  mapping_evidence& seen = done_.evidence;
  if (place_.gateway) {
    seen.gateway = place_.gateway->gateway;
    if (place_.gateway->by_tunnel) seen.tunnel = place_.gateway->from.interface;
    seen.internal = {place_.gateway->from.local, options_.internal_port};
    known_ = journal::read_records(place_.state, journal::system_now());
    if (auto judged = taken_by_running()) {
      done_.judged = *std::move(judged);
      co_return std::move(done_);
    }
    auto all = ways();
    for (attempt& way : all) {
      const bool made = co_await try_one(std::move(way));
      if (made) co_return std::move(done_);
    }
    if (place_.gateway->interface_index != 0) {
      seen.neighbor = net::read_neighbor(*seen.gateway, place_.gateway->interface_index).state;
    }
  }
  done_.judged = diagnose(seen);
  if (may_be_open_) {
    auto& advice = done_.judged.main.advice;
    advice.insert(advice.begin(),
                  judging::close_what_may_be_open(mapping_of(*may_be_open_), seen.asked));
  }
  co_return std::move(done_);
}

}  // namespace

awaitable<add_report> add(workplace place, add_options options) {
  add_report report;
  report.asked = place.asked;
  const removal_policy spare{0, {}, place.asked};
  auto left = co_await net::with_deadline(place.deadline,
                                          remove_stale_mappings(place.here, place.state, spare));
  if (left) report.stale_mappings = *std::move(left);
  auto journal = journal::mapping_journal::open(place.state);
  if (!journal) report.not_remembered = cause_of(journal.error());
  for (const transport protocol : options.protocols) {
    adder one(place, options, protocol, journal ? &*journal : nullptr, report.not_remembered);
    auto done = co_await one.run();
    report.mappings.push_back(std::move(done));
  }
  report.judged = judging::judge(report);
  co_return report;
}

}  // namespace natcheck::mappings
