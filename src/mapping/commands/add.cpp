#include <algorithm>

#include "diagnosis/remedies.hpp"
#include "diagnosis/table_rules.hpp"
#include "mapping/commands/list.hpp"
#include "mapping/mapping_driver.hpp"

namespace natcheck::mappings {
namespace {

using net::asio::awaitable;

constexpr std::chrono::seconds undoing_time{3};

mapping_options options_of(const add_options& options, transport protocol) {
  mapping_options wanted;
  wanted.protocol = protocol;
  wanted.internal_port = options.internal_port;
  wanted.external_port = options.external_port;
  wanted.lifetime = options.lifetime;
  wanted.via = options.via;
  wanted.any_port = options.any_port;
  wanted.both_transports = options.protocols.size() > 1;
  wanted.asked = {options.interface, options.gateway};
  wanted.asked_by = mapping_command::mappings_add;
  return wanted;
}

/// Opens one port; all there is to know of it gathers in `done_`.
class adder {
 public:
  /// `journal` has what is not made yet: should this end before, or fail half-way, it is no one's,
  /// and the next run removes it.
  adder(const workplace& place, const add_options& options, transport protocol,
        journal::mapping_journal& journal, cause& not_remembered)
      : place_(place),
        options_(options),
        journal_(journal),
        not_remembered_(not_remembered),
        mapping_(options_of(options, protocol), &journal,
                 [this](const mapping_event& event) { note(event); }) {
    done_.asked_lifetime = options.lifetime;
  }

  awaitable<added_mapping> run();

 private:
  awaitable<void> obtain();
  std::optional<diagnosis> taken_by_running() const;
  bool is_wanted(const mapping_key& record) const;
  bool is_earlier(const journal::known_record& known) const;
  void note(const mapping_event& event);
  void announce_renewal();
  void keep_for_good(const mapping_record& granted);
  void remember(const mapping_record& record);

  const workplace& place_;
  const add_options& options_;
  journal::mapping_journal& journal_;
  cause& not_remembered_;
  mapping_driver mapping_;
  std::vector<journal::known_record> others_;
  std::optional<mapping> may_be_open_;  ///< asked for, and neither granted nor taken back
  added_mapping done_;
};

void adder::note(const mapping_event& event) {
  if (const auto* made = std::get_if<events::mapped>(&event)) {
    done_.entry = made->entry;
    done_.judged.findings = made->findings;
    const auto external = public_endpoint(made->entry);
    if (external) done_.probe_command = judging::probe_command(*external, made->entry.protocol);
  } else if (const auto* failed = std::get_if<events::map_failed>(&event)) {
    done_.evidence = failed->evidence;
    done_.judged = failed->judged;
  } else if (const auto* left = std::get_if<events::unmapped>(&event)) {
    may_be_open_ = left->entry;
  }
}

void adder::remember(const mapping_record& record) {
  const auto kept = journal::keep_added(place_.state, record, journal::system_now());
  if (!kept) not_remembered_ = cause_of(kept.error());
}

bool adder::is_wanted(const mapping_key& record) const {
  return record.gateway == place_.gateway->gateway && record.protocol == done_.evidence.protocol &&
         (record.external_port == options_.external_port ||
          (options_.any_port && record.internal == done_.evidence.internal));
}

std::optional<diagnosis> adder::taken_by_running() const {
  if (options_.any_port) return std::nullopt;
  const auto found = std::ranges::find_if(others_, [&](const journal::known_record& each) {
    return each.owner == journal::recorded_by::running && is_wanted(each.record);
  });
  if (found == others_.end()) return std::nullopt;
  return judging::judge_taken(found->process, options_.external_port);
}

/// What an earlier `mappings add` made, and this one renews.
bool adder::is_earlier(const journal::known_record& known) const {
  return known.owner == journal::recorded_by::added && is_wanted(known.record) &&
         known.record.internal == done_.evidence.internal;
}

/// Before the gateway is asked: should this program be killed now, the next one knows for how long
/// it may stand.
void adder::announce_renewal() {
  for (const journal::known_record& each : others_) {
    if (!is_earlier(each)) continue;
    mapping_record renewed = each.record;
    renewed.lifetime = options_.lifetime;
    remember(renewed);
  }
}

/// Where a line cannot be written, a later removal finds that there is nothing left.
void adder::keep_for_good(const mapping_record& granted) {
  remember(granted);
  static_cast<void>(journal_.drop(granted));
  for (const journal::known_record& each : others_) {
    const bool has_moved =
        is_earlier(each) && each.record.via == granted.via && !same_mapping(each.record, granted);
    if (!has_moved) continue;
    static_cast<void>(journal::drop_added(place_.state, each.record, journal::system_now()));
  }
}

awaitable<void> adder::obtain() {
  const auto undoing_ends = [] { return std::chrono::steady_clock::now() + undoing_time; };
  const auto tried =
      co_await net::catch_errors(net::with_deadline(place_.deadline, mapping_.poll()));
  if (tried.fault) {
    co_await net::asio::this_coro::reset_cancellation_state(net::asio::disable_cancellation());
    co_await mapping_.release(undoing_ends());
    std::rethrow_exception(tried.fault);
  }
  if (!*tried.value) mapping_.conclude();
  if (done_.entry) done_.evidence.attempts = mapping_.mapping().evidence().attempts;
  if (const auto granted = mapping_.hand_over()) keep_for_good(*granted);
  co_await mapping_.release(undoing_ends());
}

awaitable<added_mapping> adder::run() {
  const cause beginning;  // nothing is lost by this move
  co_await mapping_.move_to(place_.gateway, beginning);
  done_.evidence = mapping_.mapping().evidence();
  if (!place_.gateway) {
    done_.judged = diagnose(done_.evidence);
    co_return std::move(done_);
  }
  others_ = journal_.others();
  if (auto taken = taken_by_running()) {
    done_.judged = *std::move(taken);
    co_return std::move(done_);
  }
  announce_renewal();
  co_await obtain();
  if (!done_.entry && may_be_open_) {
    auto& advice = done_.judged.main.advice;
    advice.insert(advice.begin(),
                  judging::close_what_may_be_open(*may_be_open_, done_.evidence.asked));
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
  auto opened = journal::mapping_journal::open(place.state);
  if (!opened) report.not_remembered = cause_of(opened.error());
  auto journal = opened ? std::move(*opened) : journal::mapping_journal::without_file(place.state);
  for (const transport protocol : options.protocols) {
    adder one(place, options, protocol, journal, report.not_remembered);
    auto done = co_await one.run();
    report.mappings.push_back(std::move(done));
  }
  report.judged = judging::judge(report);
  co_return report;
}

}  // namespace natcheck::mappings
