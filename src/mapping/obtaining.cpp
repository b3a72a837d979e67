// How a lease comes by its mapping: who is there, who is the best, and what is written down before.
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "core/timed_out.hpp"
#include "mapping/journal/removal_policy.hpp"
#include "mapping/service_in_use.hpp"
#include "net/when_all.hpp"
#include "portmap/removals.hpp"

namespace natcheck::mappings {
namespace {

using net::asio::awaitable;

/// A better protocol gets so long when a lesser one has answered.
constexpr auto grace_for_better = std::chrono::milliseconds(100);

net::steady_time now() { return std::chrono::steady_clock::now(); }

}  // namespace

bool managed_mapping::better_ones_failed(const service& than) const {
  return std::all_of(services_.data(), &than,
                     [](const service& each) { return each.found && each.found->has_error(); });
}

awaitable<void> managed_mapping::find_service(service& which, net::event& enough) {
  auto found = co_await which.mapper->find();
  which.found = std::move(found);
  if (which.found->has_error()) co_return;
  if (!better_ones_failed(which)) {
    net::asio::steady_timer grace(co_await net::asio::this_coro::executor, grace_for_better);
    co_await net::wait(grace);
  }
  enough.set();
}

/// Asks for all services at the same time, until it is known which is the best.
awaitable<void> managed_mapping::discover_services() {
  for (service& each : services_) each.found.reset();
  if (services_.size() == 1) co_return;
  net::event enough(co_await net::asio::this_coro::executor);
  net::coroutines questions;
  for (service& each : services_) questions.push_back(find_service(each, enough));
  co_await net::with_deadline(enough, net::when_all(std::move(questions)));
}

void managed_mapping::note(const service& which, const failure& why) {
  mapping_attempt attempt;
  attempt.via = which.mapper->protocol();
  attempt.state = portmap::state_of(why.kind);
  attempt.detail = why.detail;
  attempt.refusal = why.refusal;
  attempt.code = why.code;
  attempt.present = which.mapper->has_spoken();
  attempt.local_fault = portmap::is_local_fault(why);
  spdlog::debug("{}", to_string(why));
  attempts_.push_back(std::move(attempt));
}

void managed_mapping::write_record(service& which, const portmap::mapping_request& request) {
  which.record = which.mapper->record(request);
  if (journal_ == nullptr) return;
  const auto kept = journal_->keep(*which.record);
  if (!kept) spdlog::warn("{}", to_string(kept.error()));
}

void managed_mapping::erase_record(service& which) {
  write_off(*std::exchange(which.record, std::nullopt));
}

void managed_mapping::write_off(const mapping_record& record) {
  if (journal_ == nullptr) return;
  const auto dropped = journal_->drop(record);
  if (!dropped) spdlog::warn("{}", to_string(dropped.error()));
}

/// Whether `mappings add` made it, to outlive this program.
bool managed_mapping::has_to_stay(const service& which) const {
  return journal_ != nullptr && journal::has_to_stay(journal_->others(), *which.record);
}

/// Nothing stands after a refusal, and so there is nothing to be remembered; where the mapper is
/// not sure of that, it asks.
awaitable<void> managed_mapping::withdraw(service& which) {
  if (has_to_stay(which)) co_return erase_record(which);
  const auto undone = co_await which.mapper->unmap();
  if (portmap::leaves_nothing(undone)) erase_record(which);
}

/// What `mappings add` made is renewed; what would be closed by asking is not asked for.
std::optional<failure> managed_mapping::respect_others(service& which,
                                                       const portmap::mapping_request& wanted) {
  if (journal_ == nullptr) return std::nullopt;
  const auto known = journal_->others();
  const auto record = which.mapper->record(wanted);
  if (auto why = journal::open_by_another_port(known, record, wanted.any_port)) return why;
  which.mapper->spare(journal::ports_of_others(known, record));
  const auto* added = journal::added_before(known, record, wanted.any_port);
  if (added != nullptr && !which.record) which.mapper->restore(added->record);
  return std::nullopt;
}

awaitable<bool> managed_mapping::try_service(service& which) {
  if (!which.found) {
    auto found = co_await which.mapper->find();
    which.found = std::move(found);
  }
  if (which.found->has_error()) {
    note(which, which.found->error());
    co_return false;
  }
  const auto wanted = request_to(which);
  if (const auto why_not = respect_others(which, wanted)) {
    note(which, *why_not);
    co_return false;
  }
  // Before the gateway is asked: should this program be killed now, the next one knows.
  write_record(which, wanted);
  const auto made = co_await which.mapper->map(wanted);
  if (!made) {
    note(which, made.error());
    if (const auto refused = which.mapper->refused_for()) which.refuses_until = now() + *refused;
    if (made.error().kind == outcome::refused) {
      co_await withdraw(which);
    }
    // It may stand, perhaps on another port.
    if (made.error().kind != outcome::refused || which.record) write_record(which, wanted);
    co_return false;
  }
  write_record(which, wanted);
  attempts_.push_back({which.mapper->protocol(), service_state::answered, {}});
  holder_ = &which;
  accept(*made, telling::everything);
  co_return true;
}

/// Best first; but whoever has not answered by then comes after all who have.
awaitable<bool> managed_mapping::obtain() {
  attempts_.clear();
  co_await discover_services();
  std::vector<service*> order;
  for (service& each : services_) {
    // RFC 6887 section 7.4: an error stands for as long as the server says, and is not asked for
    // again. In a first attempt there is none.
    if (each.refuses_until <= now()) order.push_back(&each);
  }
  std::stable_partition(order.begin(), order.end(),
                        [](const service* each) { return each->found.has_value(); });
  for (service* each : order) {
    const bool made = co_await try_service(*each);
    if (made) co_return true;
  }
  co_return false;
}

std::optional<failure> local_fault_of(const mapping_evidence& seen) {
  const auto& all = seen.attempts;
  const bool by_this_machine =
      !all.empty() && std::ranges::all_of(all, [](const auto& each) { return each.local_fault; });
  if (!by_this_machine) return std::nullopt;
  return failure{
      outcome::unavailable,
      fmt::format("asking {} to open port {}", seen.gateway->to_string(), seen.external_port),
      all.front().detail, 0};
}

void managed_mapping::tell_failed() {
  told_failed_ = true;
  const mapping_evidence seen = evidence();
  if (access_ && access_->gateway.is_v6()) return observer_(events::pinhole_failed{seen});
  observer_(events::map_failed{seen, diagnose(seen)});
}

void managed_mapping::conclude() {
  if (attempted_ || told_failed_ || !access_) return;
  for (const service& each : services_) {
    const auto via = each.mapper->protocol();
    const bool tried = std::any_of(attempts_.begin(), attempts_.end(),
                                   [via](const mapping_attempt& a) { return a.via == via; });
    if (tried) continue;
    attempts_.push_back({via, service_state::not_tried, timed_out::before_answer});
  }
  tell_failed();
}

}  // namespace natcheck::mappings
