#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "core/timed_out.hpp"
#include "mapping/journal/removal_policy.hpp"
#include "mapping/service_in_use.hpp"
#include "mapping/stale_mappings.hpp"
#include "net/boot_time.hpp"
#include "net/host_network.hpp"
#include "net/random.hpp"
#include "net/when_all.hpp"
#include "portmap/mappers.hpp"
#include "portmap/removals.hpp"

namespace natcheck::mappings {
namespace {

using net::asio::awaitable;
using namespace std::chrono_literals;

/// A gateway that lost its table is to be noticed, and asked again, within 10 s of its return.
constexpr auto check_interval = 5s;
constexpr auto retry_interval = 2s;
constexpr auto patient_retry_interval = 5s;
/// After this time without a mapping no one waits for every second of it.
constexpr auto patience = 1min;
/// Between attempts where the gateway never made the mapping: a setting has to change first.
constexpr auto hopeless_retry_interval = 30s;
constexpr auto wake_tolerance = 5s;
/// Where a look does not tell all; longer where the router takes its time, since some load their
/// whole firewall again for each request.
constexpr auto quiet_renewal_interval = 30s;
constexpr int quiet_renewal_rest = 10;  ///< times as long as the renewal took, at least
/// So many in a row, and the gateway may speak another protocol now.
constexpr int failed_checks_to_doubt = 2;
/// What the gateway before may take to remove what it has.
constexpr auto leaving_time = 1500ms;

net::steady_time now() { return std::chrono::steady_clock::now(); }

}  // namespace

managed_mapping::managed_mapping(mapping_options options, journal::mapping_journal* journal,
                                 mapping_observer observer)
    : options_(options), journal_(journal), observer_(std::move(observer)) {}

managed_mapping::managed_mapping(managed_mapping&&) noexcept = default;
managed_mapping::~managed_mapping() = default;

// --- the gateway ---------------------------------------------------------------------------

awaitable<void> managed_mapping::move_to(std::optional<portmap::gateway_access> access,
                                         const cause& reason) {
  if (holds()) lose(reason);
  co_await release(now() + leaving_time);
  access_ = std::move(access);
  services_.clear();
  holder_ = nullptr;
  told_failed_ = false;
  if (access_) {
    for (auto& mapper : portmap::mappers_for(*access_, options_.via)) {
      services_.push_back({std::move(mapper), {}, {}, {}});
    }
    take_over_records();
    co_await clear_former_address();
  }
  retry_due_ = access_ ? now() : net::steady_time::max();
}

/// Back at a gateway where something of ours may still stand: only who has its nonce can renew or
/// remove it (RFC 6887 section 11.2.1).
void managed_mapping::take_over_records() {
  for (service& each : services_) {
    const auto ours =
        std::find_if(unremoved_.begin(), unremoved_.end(), [&](const mapping_record& record) {
          return record.via == each.mapper->protocol() && record.gateway == access_->gateway &&
                 record.internal.ip == access_->from.local;
        });
    if (ours == unremoved_.end()) continue;
    each.mapper->restore(*ours);
    each.record = *ours;
    unremoved_.erase(ours);
  }
}

/// What this lease made when this host had another address. Many routers let anyone remove it;
/// others (secure mode of miniupnpd) keep it until its lease is over.
awaitable<void> managed_mapping::clear_former_address() {
  for (const mapping_record& each : std::exchange(unremoved_, {})) {
    const bool is_former = each.via == mapping_protocol::upnp && each.internal.ip.is_v4() &&
                           each.gateway == access_->gateway &&
                           each.internal.ip != access_->from.local;
    if (is_former) {
      const auto removed = co_await remove_record(each, *access_, now() + leaving_time);
      if (removed) {
        write_off(each);
        continue;
      }
    }
    unremoved_.push_back(each);
  }
}

portmap::mapping_request managed_mapping::request_to(const service& which) const {
  portmap::mapping_request wanted;
  wanted.protocol = options_.protocol;
  wanted.internal_port = options_.internal_port;
  // Whoever knows the port that was granted once goes on knocking there.
  const bool keeps_port = options_.any_port && entry_;
  wanted.external_port = keeps_port ? entry_->external_port : options_.external_port;
  wanted.lifetime = options_.lifetime;
  wanted.any_port = options_.any_port;
  if (const auto left = time_to_stay(which, wanted))
    wanted.lifetime = std::max(wanted.lifetime, *left);
  return wanted;
}

/// What `mappings add` made for longer is not to end with this program.
std::optional<std::chrono::seconds> managed_mapping::time_to_stay(
    const service& which, const portmap::mapping_request& wanted) const {
  if (journal_ == nullptr) return std::nullopt;
  const auto known = journal_->others();
  const auto* added = journal::added_before(known, which.mapper->record(wanted), wanted.any_port);
  if (added == nullptr || added->record.lifetime.count() == 0) return std::nullopt;
  return added->ends - journal::system_now();
}

mapping_evidence managed_mapping::evidence() const {
  mapping_evidence seen;
  seen.asked = options_.asked;
  seen.only_via = portmap::only_protocol_of(options_.via);
  seen.both_transports = options_.both_transports;
  seen.protocol = options_.protocol;
  seen.external_port = options_.external_port;
  seen.attempts = attempts_;
  if (!access_) return seen;
  seen.internal = {access_->from.local, options_.internal_port};
  seen.gateway = access_->gateway;
  if (access_->by_tunnel) seen.tunnel = access_->from.interface;
  if (access_->interface_index != 0) {
    seen.neighbor = net::read_neighbor(access_->gateway, access_->interface_index).state;
  }
  return seen;
}

// --- keeping it ----------------------------------------------------------------------------

void managed_mapping::accept(const mapping& granted, telling how) {
  const auto before = std::exchange(entry_, granted);
  // Not repeated with a renewal; but a lost mapping may come back with another one.
  auto& external = entry_->external_address;
  if (!external && before && !lost_) external = before->external_address;
  const double chance = static_cast<double>(random_below(1000)) / 1000;
  schedule_.granted(granted.via, granted.lifetime, now(), chance);
  granted_ = now();
  granted_since_boot_ = net::since_boot();
  quiet_due_ = now() + quiet_renewal_interval;
  check_due_ = now() + check_interval;
  find_first_ = renew_next_ = told_failed_ = false;
  failed_checks_ = 0;
  trouble_.clear();
  tell_granted(before, how);
}

void managed_mapping::tell_granted(const std::optional<mapping>& before, telling how) {
  const bool was_nameless = before && !before->external_address && entry_->external_address;
  const bool was_lost = std::exchange(lost_, false);
  if (!before || (was_nameless && !was_lost))
    return observer_(events::mapped{*entry_, {}, diagnose(*entry_)});
  const bool moved = entry_->external_port != before->external_port ||
                     entry_->external_address != before->external_address;
  if (moved && !was_lost) {
    observer_(
        events::mapping_lost{*before, "the router granted a different external address or port"});
  }
  if (moved || was_lost) return observer_(events::remapped{*entry_, {}, diagnose(*entry_)});
  if (how == telling::everything) observer_(events::renewed{*entry_});
}

void managed_mapping::lose(const cause& reason) {
  lost_ = true;
  lost_since_ = retry_due_ = now();
  observer_(events::mapping_lost{*entry_, reason});
}

/// A gateway that cannot be asked keeps the mapping until its lease is over; one whose table has
/// something else in its place does not.
awaitable<void> managed_mapping::renew(telling how) {
  auto wanted = request_to(*holder_);
  wanted.table_may_be_wrong = how == telling::only_changes;
  const auto ended = co_await net::with_deadline(schedule_.end(), holder_->mapper->map(wanted));
  if (!ended) {
    co_return lose(trouble_.empty() ? "the router did not answer before the lease expired"
                                    : trouble_);
  }
  const auto& made = *ended;
  if (made) {
    write_record(*holder_, wanted);
    co_return accept(*made, how);
  }
  if (how == telling::only_changes && !portmap::proves_loss(made.error())) {
    quiet_due_ = now() + quiet_renewal_interval;
    co_return;
  }
  schedule_.failed(now());
  const bool told = !trouble_.empty();
  trouble_ = to_string(made.error());
  if (portmap::proves_loss(made.error()) || schedule_.over(now())) co_return lose(trouble_);
  if (!told) observer_(events::renewal_failed{*entry_, trouble_, schedule_.left(now())});
}

awaitable<void> managed_mapping::renew_quietly() {
  const auto began = now();
  co_await renew(telling::only_changes);
  quiet_due_ = std::max(quiet_due_, now() + quiet_renewal_rest * (now() - began));
}

/// Where the machine slept, the clock of the lease went on.
std::chrono::nanoseconds managed_mapping::slept() const {
  return (net::since_boot() - granted_since_boot_) - (now() - granted_);
}

awaitable<void> managed_mapping::wake_up() {
  if (now() + slept() >= schedule_.end()) {
    co_return lose("this machine slept past the end of the lease");
  }
  check_due_ = now() + check_interval;  // the network may take a while to be back
  co_await renew(telling::everything);
}

/// The gateway may be back under another URL, or speak another protocol now.
awaitable<bool> managed_mapping::find_again() {
  const auto found = co_await holder_->mapper->find();
  if (found) co_return true;
  if (++failed_checks_ < failed_checks_to_doubt || services_.size() == 1) co_return false;
  co_await discover_services();
  const auto offers = [](const service& each) { return each.found && each.found->has_value(); };
  if (!offers(*holder_) && std::any_of(services_.begin(), services_.end(), offers)) {
    lose("the router no longer answers by the protocol that opened the port, but by another");
  }
  co_return false;
}

/// Between renewals: a gateway that restarted has forgotten everything, long before the lease ends.
awaitable<void> managed_mapping::check() {
  check_due_ = now() + check_interval;
  if (find_first_) {
    const bool found = co_await find_again();
    if (!found) co_return;
  }
  const auto seen = co_await holder_->mapper->check();
  check_due_ = now() + (renew_next_ ? retry_interval : check_interval);
  find_first_ = !seen;
  failed_checks_ = seen ? 0 : failed_checks_ + 1;
  if (!seen) co_return;
  const auto& before = entry_->external_address;
  const auto& after = seen->external_address;
  if (!seen->stands) co_return lose(seen->detail);
  if (!before && after) {  // now it knows; and so shall the user
    co_return co_await renew_quietly();
  }
  if (before && after && *before != *after) {
    co_return lose(fmt::format("the router's external address changed from {} to {}",
                               before->to_string(), after->to_string()));
  }
  const bool asked = std::exchange(renew_next_, false);
  if (asked || seen->suspect || (seen->unsure && now() >= quiet_due_)) co_await renew_quietly();
}

/// A gateway that was there a moment ago will be back: someone waits.
std::chrono::steady_clock::duration managed_mapping::pause_before_retry() const {
  if (!lost_) return hopeless_retry_interval;
  return now() - lost_since_ < patience ? retry_interval : patient_retry_interval;
}

void managed_mapping::check_at(net::steady_time when) {
  for (service& each : services_) each.refuses_until = {};
  find_first_ = true;
  check_due_ = std::min(check_due_, when);
  if (!holds()) retry_due_ = std::min(retry_due_, when);
}

void managed_mapping::renew_at(net::steady_time when) {
  renew_next_ = true;
  check_at(when);
}

net::steady_time managed_mapping::due() const {
  return holds() ? std::min(schedule_.due(), check_due_) : retry_due_;
}

awaitable<void> managed_mapping::poll() {
  if (holds()) {
    if (slept() > wake_tolerance) co_return co_await wake_up();
    if (schedule_.due() <= now()) co_return co_await renew(telling::everything);
    co_return co_await check();
  }
  const bool made = co_await obtain();
  attempted_ = true;
  if (made) co_return;
  retry_due_ = now() + pause_before_retry();
  if (!told_failed_) tell_failed();
}

// --- taking it away ------------------------------------------------------------------------

awaitable<void> managed_mapping::end_service(service& which, net::steady_time deadline) {
  if (!which.record) co_return;
  const bool told = &which == holder_ && holds();
  if (has_to_stay(which)) {
    erase_record(which);
    if (told)
      observer_(
          events::unmapped{*entry_, false, "created by natcheck mappings add; left in place"});
    co_return;
  }
  const auto ended = co_await net::with_deadline(deadline, which.mapper->unmap());
  const bool removed = ended && *ended;
  const bool settled = ended && portmap::leaves_nothing(*ended);
  if (settled) {
    erase_record(which);
  } else {
    unremoved_.push_back(*which.record);
  }
  if (!told) {
    if (!settled && &which != holder_) tell_may_be_open(which, ended);
    co_return;
  }
  if (settled && !removed) {
    observer_(events::mapping_lost{*entry_, ended->error().detail});
    co_return;
  }
  events::unmapped report{*entry_, removed, ""};
  if (!ended) {
    report.detail = timed_out::while_removing;
  } else if (!removed) {
    report.detail = to_string(ended->error());
  }
  observer_(report);
}

/// No one was told of it, since the router never said yes.
void managed_mapping::tell_may_be_open(const service& which,
                                       const std::optional<result<void>>& removal) {
  const std::string why = removal ? to_string(removal->error()) : timed_out::while_removing;
  observer_(events::unmapped{mapping_of(*which.record), false,
                             "it may be open, although the router did not confirm it; " + why});
}

awaitable<void> managed_mapping::release(net::steady_time deadline) {
  net::coroutines ends;
  for (service& each : services_) ends.push_back(end_service(each, deadline));
  co_await net::when_all(std::move(ends));
}

}  // namespace natcheck::mappings
