#include "mapping/mapping_driver.hpp"

#include <spdlog/spdlog.h>

#include "mapping/stale_mappings.hpp"
#include "net/boot_time.hpp"
#include "net/host_network.hpp"
#include "net/random.hpp"
#include "net/when_all.hpp"
#include "portmap/mappers.hpp"

namespace natcheck::mappings {
namespace {

using net::asio::awaitable;

instant now() { return {std::chrono::steady_clock::now(), net::since_boot()}; }

double random_chance() { return static_cast<double>(random_below(1000)) / 1000; }

void warn_unless(const result<void>& written) {
  if (!written) spdlog::warn("{}", to_string(written.error()));
}

}  // namespace

mapping_driver::mapping_driver(mapping_options options, journal::mapping_journal* journal,
                               mapping_observer observer)
    : machine_(std::move(options)), journal_(journal), observer_(std::move(observer)) {}

awaitable<void> mapping_driver::move_to(std::optional<portmap::gateway_access> access,
                                        cause reason) {
  machine_.leave(reason, now());
  co_await do_steps();
  access_ = std::move(access);
  services_.clear();
  std::optional<mapping_gateway> gateway;
  if (access_) {
    const auto& from = access_->from;
    gateway = {access_->gateway, from.local, access_->by_tunnel ? from.interface : "", {}};
    for (auto& mapper : portmap::mappers_for(*access_, machine_.options().via)) {
      gateway->services.push_back(mapper->protocol());
      services_.push_back({std::move(mapper), {}});
    }
  }
  machine_.enter(std::move(gateway), now());
  co_await do_steps();
}

awaitable<void> mapping_driver::poll() {
  machine_.poll(now());
  co_await do_steps();
}

awaitable<void> mapping_driver::release(net::steady_time deadline) {
  machine_.release(deadline);
  co_await do_steps();
}

void mapping_driver::conclude() {
  machine_.conclude();
  begin_steps();
}

void mapping_driver::begin_steps() {
  while (const auto next = machine_.next_step()) {
    std::visit([this](const auto& what) { begin(what); }, *next);
  }
}

/// Those that are given at the same time are done at the same time.
awaitable<void> mapping_driver::do_steps() {
  begun_.clear();
  for (;;) {
    begin_steps();
    if (begun_.empty()) co_return;
    auto all = std::exchange(begun_, {});
    co_await net::when_all(std::move(all));
  }
}

// --- steps that take time --------------------------------------------------------------------

awaitable<void> mapping_driver::find(std::size_t which) {
  auto& mapper = *services_[which].mapper;
  auto answer = co_await mapper.find();
  if (!answer) spdlog::debug("{}", to_string(answer.error()));
  machine_.found(which, std::move(answer), mapper.has_answered(), now());
}

awaitable<void> mapping_driver::find_until_enough(std::size_t which, net::event& enough) {
  co_await find(which);
  const auto end = machine_.search_ends();
  if (end == net::steady_time::max()) co_return;
  co_await net::wait_until(end);
  enough.set();
}

awaitable<void> mapping_driver::search() {
  net::event enough(co_await net::asio::this_coro::executor);
  net::coroutines questions;
  for (std::size_t i = 0; i < services_.size(); ++i) {
    questions.push_back(find_until_enough(i, enough));
  }
  co_await net::with_deadline(enough, net::when_all(std::move(questions)));
  machine_.searched(now());
}

awaitable<void> mapping_driver::map(steps::map what) {
  service& by = services_[what.service];
  by.request = what.request;
  const auto answer = co_await net::with_deadline(what.deadline, by.mapper->map(what.request));
  if (answer && !*answer) spdlog::debug("{}", to_string(answer->error()));
  machine_.mapped(answer, status_of(by), random_chance(), now());
}

awaitable<void> mapping_driver::check(std::size_t which) {
  auto& mapper = *services_[which].mapper;
  const auto answer = co_await mapper.check();
  machine_.checked(answer, mapper.has_answered(), now());
}

awaitable<void> mapping_driver::unmap(steps::unmap what) {
  service& by = services_[what.service];
  const auto answer = co_await net::with_deadline(what.deadline, by.mapper->unmap());
  machine_.unmapped(what.service, answer, status_of(by), now());
}

awaitable<void> mapping_driver::remove_former(steps::remove_former what) {
  const auto removed = co_await remove_record(what.record, *access_, what.deadline);
  if (removed) machine_.former_removed(what.record);
}

void mapping_driver::begin(const steps::search&) { begun_.push_back(search()); }
void mapping_driver::begin(const steps::find& what) { begun_.push_back(find(what.service)); }
void mapping_driver::begin(const steps::map& what) { begun_.push_back(map(what)); }
void mapping_driver::begin(const steps::check& what) { begun_.push_back(check(what.service)); }
void mapping_driver::begin(const steps::unmap& what) { begun_.push_back(unmap(what)); }
void mapping_driver::begin(const steps::remove_former& what) {
  begun_.push_back(remove_former(what));
}

// --- steps that are done at once -------------------------------------------------------------

service_status mapping_driver::status_of(const service& which) const {
  return {which.mapper->has_answered(), which.mapper->refused_for(),
          which.mapper->record(which.request)};
}

void mapping_driver::begin(const steps::read_journal&) {
  journal_view view;
  if (journal_ != nullptr) view = {journal_->others(), journal::system_now()};
  machine_.read(std::move(view), now());
}

void mapping_driver::begin(const steps::restore& what) {
  services_[what.service].mapper->restore(what.record);
}

void mapping_driver::begin(const steps::prepare& what) {
  auto& mapper = *services_[what.service].mapper;
  mapper.spare(what.ports_of_others);
  machine_.prepared(mapper.record(what.request));
}

void mapping_driver::begin(const steps::keep& what) {
  if (journal_ != nullptr) warn_unless(journal_->keep(what.record));
}

void mapping_driver::begin(const steps::erase& what) {
  if (journal_ != nullptr) warn_unless(journal_->drop(what.record));
}

void mapping_driver::begin(const steps::tell_failed& what) {
  mapping_evidence seen = what.evidence;
  if (access_ && access_->interface_index != 0) {
    seen.neighbor = net::read_neighbor(access_->gateway, access_->interface_index).state;
  }
  if (access_ && access_->gateway.is_v6()) return observer_(events::pinhole_failed{seen});
  observer_(events::map_failed{seen, diagnose(seen)});
}

}  // namespace natcheck::mappings
