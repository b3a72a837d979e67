#include "mapping/mapping_manager.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <natcheck/causes.hpp>

#include "diagnosis/remedies.hpp"
#include "discover/ipv4_gateway.hpp"
#include "mapping/external_addresses.hpp"
#include "net/when_all.hpp"

namespace natcheck::mappings {
namespace {

using net::asio::awaitable;
using portmap::gateway_access;

/// Two protocols, one after the other, of a router that takes its time with each (10 s).
constexpr std::chrono::seconds release_time{25};

/// Until a router that the route names by its IPv6 address is searched for by IPv4 again.
constexpr std::chrono::seconds search_interval{10};

bool is_same(const std::optional<gateway_access>& a, const std::optional<gateway_access>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return a->gateway == b->gateway && a->from.local == b->from.local &&
         a->interface_index == b->interface_index;
}

cause reason_to_move(const std::optional<gateway_access>& before,
                     const std::optional<gateway_access>& after) {
  if (!after) return cause_code::route_to_router_lost;
  if (before && before->from.local != after->from.local) {
    return {cause_code::own_address_changed, before->from.local, after->from.local};
  }
  return {cause_code::router_changed, after->gateway};
}

std::vector<mapping_options> wanted(const manager_options& options, std::uint16_t external_port) {
  std::vector<mapping_options> all;
  for (const transport protocol : options.protocols) {
    all.push_back({protocol, options.internal_port, external_port, options.lifetime, options.via,
                   options.any_port, options.protocols.size() > 1, options.asked});
  }
  return all;
}

/// The addresses that someone outside can be told, and that stay.
std::vector<address> stable_global(const host_network& host) {
  std::vector<address> stable;
  for (const interface_info& each : host.interfaces) {
    if (!host.ipv6 || each.name != host.ipv6->interface) continue;
    for (const interface_address& own : each.addresses) {
      const bool stays = own.ip.is_v6() && !own.temporary && !own.deprecated;
      if (stays && is_public(own.ip)) stable.push_back(own.ip);
    }
  }
  return stable;
}

/// The same network, as far as can be told from here.
bool is_same_way(const std::optional<route_info>& a, const std::optional<route_info>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return a->gateway == b->gateway && a->local == b->local &&
         a->interface_index == b->interface_index;
}

gateway_access access_from(const address& local, const route_info& way) {
  gateway_access access = portmap::access_to(*way.gateway, way);
  access.from.local = local;
  return access;
}

void move(gateway_mappings& kept, const std::optional<gateway_access>& to) {
  if (is_same(kept.gateway(), to)) return;
  kept.move_to(to, reason_to_move(kept.gateway(), to));
}

}  // namespace

mapping_manager::mapping_manager(net::asio::any_io_executor executor, manager_options options,
                                 std::function<void(const serve_event&)> observer,
                                 std::function<void()> on_outside_change)
    : executor_(executor),
      options_(std::move(options)),
      observer_(std::move(observer)),
      on_outside_change_(std::move(on_outside_change)),
      outside_(executor, options_.stun_servers, [this] { external_servers_answered(); }),
      search_(executor, options_.asked, options_.stun_servers, [this] { return search_ended(); }),
      ipv4_chosen_(executor),
      ipv6_used_(executor),
      asked_outside_(executor) {}

template <class Event>
void mapping_manager::tell(const Event& event) {
  observer_({std::chrono::system_clock::now(), event});
}

/// A directory that cannot be written costs the memory of what is open, and nothing else.
void mapping_manager::open_journal() {
  auto opened = journal::mapping_journal::open(options_.directory);
  if (opened) {
    journal_.emplace(std::move(*opened));
  } else {
    journal_.emplace(journal::mapping_journal::without_file(options_.directory));
    spdlog::warn(
        "{}; if natcheck is killed, the next run cannot remove what it leaves on the router",
        to_string(opened.error()));
  }
}

void mapping_manager::make_gateway_mappings() {
  const mapping_observer observer = [this](const mapping_event& event) { report_or_hold(event); };
  const auto add = [&](std::uint16_t external_port) {
    gateways_.push_back(std::make_unique<gateway_mappings>(
        executor_, wanted(options_, external_port), &*journal_, observer));
  };
  add(options_.external_port);
  // A pinhole translates nothing. NAT-PMP knows no IPv6.
  const std::size_t pinholes = options_.via == mapping_choice::nat_pmp ? 0 : most_pinholes;
  for (std::size_t i = 0; i < pinholes; ++i) add(options_.internal_port);
}

external_evidence mapping_manager::outside() const {
  external_evidence known;
  if (ipv4_) {
    known.local = ipv4_->local;
    known.gateway = search_.found() ? search_.found() : ipv4_->gateway;
  }
  known.stun = outside_.seen();
  known.asking = outside_.asking();
  return known;
}

void mapping_manager::report_not_needed(transport protocol, bool confirmed) {
  const endpoint external{ipv4_->local, options_.internal_port};
  tell(events::map_not_needed{protocol, external, judging::probe_command(external, protocol),
                              confirmed});
}

void mapping_manager::report_no_router() {
  if (std::exchange(reported_no_router_, true)) return;
  mapping_evidence nobody;
  if (ipv4_) nobody.internal = {ipv4_->local, options_.internal_port};
  if (ipv4_ && ipv4_->kind == interface_kind::tunnel) nobody.tunnel = ipv4_->interface;
  nobody.asked = options_.asked;
  nobody.external_port = options_.external_port;
  for (const transport protocol : options_.protocols) {
    nobody.protocol = protocol;
    tell(events::map_failed{nobody, diagnose(nobody)});
  }
}

/// A public address proves nothing: a LAN may be numbered with such addresses behind a NAT. Where
/// someone outside sees this host by it there is none. Where no one outside tells, the gateway
/// has the word, and only when it opens nothing is the address taken for what it seems.
void mapping_manager::choose_ipv4_gateway() {
  const bool seems_public = ipv4_ && is_public(ipv4_->local);
  if (seems_public && outside_.asking()) return;  // external_servers_answered() comes back
  const auto direct = diagnose(outside()).direct;
  move_ipv4_mappings(seems_public && direct.value_or(!ipv4_->gateway));
  ipv4_chosen_.set();
}

void mapping_manager::move_ipv4_mappings(bool direct) {
  gateway_mappings& kept = *gateways_.front();
  if (direct) {
    const bool confirmed = diagnose(outside()).direct == true;
    const bool told = own_public_ == ipv4_->local && reported_confirmed_ == confirmed;
    own_public_ = ipv4_->local;
    reported_confirmed_ = confirmed;
    for (const transport protocol : options_.protocols) {
      if (!told) report_not_needed(protocol, confirmed);
    }
    return move(kept, std::nullopt);
  }
  const bool translated = diagnose(outside()).direct == false;
  if (translated || !ipv4_ || own_public_ != ipv4_->local) own_public_.reset();
  const bool can_ask = ipv4_ && ipv4_->gateway;
  const bool had_one = kept.gateway().has_value();  // then mapping-lost says it all
  move(kept, can_ask ? std::optional(search_.access(portmap::access_to(*ipv4_->gateway, *ipv4_)))
                     : std::nullopt);
  if (!can_ask && !had_one) report_no_router();
}

void mapping_manager::external_servers_answered() {
  on_outside_change_();
  asked_outside_.set();
  // What the gateway has opened stays open, whatever this host's address looks like.
  if (ipv4_ && is_public(ipv4_->local) && !gateways_.front()->holds_any()) choose_ipv4_gateway();
}

/// Where no one outside tells, a public address whose gateway opens nothing needs nothing opened.
void mapping_manager::report_mapping(const mapping_event& event) {
  const auto* again = std::get_if<events::remapped>(&event);
  if (again != nullptr && again->entry.internal.ip.is_v4()) {
    outside_.ask_again();  // the line may have come back with another address
    on_outside_change_();
  }
  const auto* failed = std::get_if<events::map_failed>(&event);
  const bool seems_direct = failed != nullptr && ipv4_ && is_public(ipv4_->local) &&
                            failed->evidence.internal.ip == ipv4_->local &&
                            diagnose(outside()).direct != false;
  if (seems_direct) {
    own_public_ = ipv4_->local;
    reported_confirmed_ = false;
    return report_not_needed(failed->evidence.protocol, false);
  }
  std::visit([this](const auto& e) { tell(e); }, event);
}

/// A gateway that opens nothing may only pass packets on to the router: what failed there is told
/// when no other device turns out to be the router.
void mapping_manager::report_or_hold(const mapping_event& event) {
  const auto* failed = std::get_if<events::map_failed>(&event);
  if (failed != nullptr) {
    const mapping_evidence& seen = failed->evidence;
    const bool begun = !is_public(seen.internal.ip) && search_.begin(seen);
    const bool is_former = search_.found() && seen.gateway != search_.found();
    if (begun || is_former) return postponed_.push_back(event);
  }
  if (failed != nullptr || std::holds_alternative<events::mapped>(event)) postponed_.clear();
  report_mapping(event);
}

void mapping_manager::report_held() {
  for (const mapping_event& each : std::exchange(postponed_, {})) report_mapping(each);
}

awaitable<void> mapping_manager::search_ended() {
  const auto& host = network_->latest();
  if (!search_.found() || !host || !ipv4_) co_return report_held();
  auto here = surroundings_of(*host);
  here.gateways = {search_.access(portmap::access_to(*ipv4_->gateway, *ipv4_))};
  co_await clear_stale_mappings_at(std::move(here));
  co_await net::unless_cancelled();
  on_outside_change_();
  choose_ipv4_gateway();
}

/// Each address keeps the mappings that it has; a new one gets some that are idle or has lost its
/// own.
void mapping_manager::use_ipv6(const host_network& host) {
  std::vector<gateway_access> targets;
  if (host.ipv6 && host.ipv6->gateway) {
    for (const address& own : stable_global(host)) targets.push_back(access_from(own, *host.ipv6));
  }
  std::vector<gateway_mappings*> free;
  for (std::size_t i = 1; i < gateways_.size(); ++i) {
    const auto kept = std::find_if(targets.begin(), targets.end(), [&](const gateway_access& to) {
      return is_same(gateways_[i]->gateway(), to);
    });
    if (kept == targets.end()) {
      free.push_back(gateways_[i].get());
    } else {
      targets.erase(kept);
    }
  }
  for (std::size_t i = 0; i < free.size(); ++i) {
    move(*free[i], i < targets.size() ? std::optional(targets[i]) : std::nullopt);
  }
}

void mapping_manager::use_network(const host_network& host) {
  const auto before = std::exchange(ipv4_, host.ipv4);
  if (!is_same_way(before, ipv4_)) search_.forget();
  outside_.use_route(ipv4_);
  if (!outside_.asking()) asked_outside_.set();
  if (before != ipv4_) on_outside_change_();
  choose_ipv4_gateway();
  const bool is_ipv6_used = ipv6_used_.is_set();
  if (is_ipv6_used) use_ipv6(host);
}

/// A FRITZ!Box garbles its answers to searches over IPv4 and IPv6 that come at the same time.
awaitable<void> mapping_manager::use_ipv6_after_ipv4() {
  co_await attempted_ipv4();
  const auto& host = network_->latest();
  if (host) use_ipv6(*host);
  ipv6_used_.set();
}

/// What was known of the same way is not asked for again: the router may be restarting.
awaitable<void> mapping_manager::find_router(host_network& host) const {
  auto known = ipv4_;
  if (known && known->gateway_ipv6) known->gateway.reset();
  if (known == host.ipv4) host.ipv4 = ipv4_;
  co_await discovering::find_ipv4_gateway(host.ipv4, net::steady_time::max());
}

/// At the start, and where this host comes to another network.
awaitable<void> mapping_manager::clear_stale_mappings(const host_network& host) {
  const auto here = surroundings_of(host);
  std::vector<address> gateways;
  for (const gateway_access& each : here.gateways) gateways.push_back(each.gateway);
  if (gateways == std::exchange(cleared_at_, gateways) || gateways.empty()) co_return;
  co_await clear_stale_mappings_at(here);
}

awaitable<void> mapping_manager::clear_stale_mappings_at(surroundings here) {
  const removal_policy with{options_.internal_port, {}, options_.asked};
  const auto told = co_await remove_stale_mappings(std::move(here), options_.directory, with);
  for (const events::stale_mapping& each : told) tell(each);
}

awaitable<void> mapping_manager::follow_network() {
  for (;;) {
    const bool unfound = ipv4_ && ipv4_->gateway_ipv6 && !ipv4_->gateway;
    const auto end =
        unfound ? std::chrono::steady_clock::now() + search_interval : net::steady_time::max();
    co_await net::with_deadline(end, network_->next());
    auto host = network_->latest();
    if (host) {
      co_await find_router(*host);
      co_await net::unless_cancelled();
      co_await clear_stale_mappings(*host);
      use_network(*host);
    } else {
      spdlog::warn("{}", to_string(host.error()));
    }
  }
}

awaitable<result<void>> mapping_manager::run() {
  network_.emplace(executor_, net::route_choice{options_.asked.interface, options_.asked.gateway});
  auto host = network_->latest();
  if (!host) co_return host.error();
  open_journal();
  make_gateway_mappings();
  co_await find_router(*host);
  co_await net::unless_cancelled();
  co_await clear_stale_mappings(*host);
  use_network(*host);
  net::coroutines works;
  for (auto& kept : gateways_) works.push_back(kept->run());
  works.push_back(use_ipv6_after_ipv4());
  works.push_back(follow_network());
  works.push_back(outside_.run());
  works.push_back(search_.run());
  co_await net::when_all(std::move(works));
  co_return result<void>{};
}

awaitable<void> mapping_manager::attempted_ipv4() {
  co_await ipv4_chosen_.wait();
  if (!gateways_.front()->gateway()) co_return;
  co_await gateways_.front()->attempted();
  co_await search_.idle();
  co_await net::unless_cancelled();
  if (search_.found()) co_await gateways_.front()->attempted();
}

awaitable<void> mapping_manager::asked_outside() { co_await asked_outside_.wait(); }

awaitable<void> mapping_manager::attempted() {
  co_await ipv6_used_.wait();
  for (auto& kept : gateways_) {
    if (kept->gateway()) co_await kept->attempted();
  }
}

bool mapping_manager::all_open() const {
  if (own_public_) return true;
  return std::all_of(
      options_.protocols.begin(), options_.protocols.end(), [this](transport protocol) {
        return std::any_of(gateways_.begin(), gateways_.end(),
                           [protocol](const auto& kept) { return kept->holds(protocol); });
      });
}

void mapping_manager::conclude() {
  for (auto& kept : gateways_) kept->conclude();
  report_held();
}

awaitable<void> mapping_manager::close() {
  const auto deadline = std::chrono::steady_clock::now() + release_time;
  net::coroutines ends;
  for (auto& kept : gateways_) ends.push_back(kept->release(deadline));
  co_await net::when_all(std::move(ends));
}

}  // namespace natcheck::mappings
