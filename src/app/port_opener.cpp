#include "app/port_opener.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "app/left_over.hpp"
#include "net/network_watch.hpp"
#include "net/side_by_side.hpp"

namespace natcheck {
namespace {

using net::asio::awaitable;
using portmap::gateway_access;

/// Two protocols, one after the other, of a router that takes its time with each (10 s).
constexpr std::chrono::seconds release_time{25};

bool is_same(const std::optional<gateway_access>& a, const std::optional<gateway_access>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return a->gateway == b->gateway && a->from.local == b->from.local &&
         a->interface_index == b->interface_index;
}

std::string reason_to_move(const std::optional<gateway_access>& before,
                           const std::optional<gateway_access>& after) {
  if (!after) return "this machine has lost its way to the router";
  if (before && before->from.local != after->from.local) {
    return fmt::format("this machine's address was {} and is {} now",
                       before->from.local.to_string(), after->from.local.to_string());
  }
  return fmt::format("the router is now {}", after->gateway.to_string());
}

std::vector<lease_options> wanted(const serve_options& options, std::uint16_t external_port) {
  std::vector<lease_options> all;
  for (const transport protocol : options.protocols) {
    all.push_back({protocol,
                   options.port,
                   external_port,
                   options.lifetime,
                   options.via,
                   options.any_port,
                   options.protocols.size() > 1,
                   {options.interface, options.gateway}});
  }
  return all;
}

/// The addresses that somebody outside can be told, and that stay.
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

gateway_access access_to(const route_info& way, const address& local) {
  gateway_access access{*way.gateway, {local, way.interface}, way.interface_index};
  access.by_tunnel = way.kind == interface_kind::tunnel;
  return access;
}

void move(lease_keeper& keeper, const std::optional<gateway_access>& to) {
  if (is_same(keeper.gateway(), to)) return;
  keeper.move_to(to, reason_to_move(keeper.gateway(), to));
}

}  // namespace

port_opener::port_opener(net::asio::any_io_executor executor, const serve_options& options,
                         std::function<void(const serve_event&)> observer)
    : executor_(executor),
      options_(options),
      observer_(std::move(observer)),
      entered_ipv4_(executor, net::steady_time::max()),
      entered_ipv6_(executor, net::steady_time::max()) {}

template <class Event>
void port_opener::tell(const Event& event) {
  observer_({std::chrono::system_clock::now(), event});
}

/// A directory that cannot be written costs the memory of what is open, and nothing else.
void port_opener::open_book() {
  auto opened = state::claim_book::open(state::state_directory());
  if (opened) {
    book_.emplace(std::move(*opened));
  } else {
    spdlog::warn("{}; should natcheck be killed, nobody will know what it left on the router",
                 opened.error().message());
  }
}

void port_opener::make_keepers() {
  const lease_observer observer = [this](const lease_event& event) {
    std::visit([this](const auto& e) { tell(e); }, event);
  };
  auto* book = book_ ? &*book_ : nullptr;
  const auto add = [&](std::uint16_t external_port) {
    keepers_.push_back(
        std::make_unique<lease_keeper>(executor_, wanted(options_, external_port), book, observer));
  };
  add(*options_.external_port);
  // A pinhole translates nothing. NAT-PMP knows no IPv6.
  const std::size_t pinholes = options_.via == mapping_choice::nat_pmp ? 0 : most_pinholes;
  for (std::size_t i = 0; i < pinholes; ++i) add(options_.port);
}

void port_opener::enter_ipv4(const std::optional<route_info>& way) {
  lease_keeper& keeper = *keepers_.front();
  const auto own = way && is_public(way->local) ? std::optional(way->local) : std::nullopt;
  if (own && own != own_public_) {
    const endpoint external{*own, options_.port};
    for (const transport protocol : options_.protocols) {
      tell(events::map_not_needed{protocol, external,
                                  probe_command(external.ip, external.port, protocol)});
    }
  }
  own_public_ = own;
  const bool can_ask = way && way->gateway && !own;
  const bool had_one = keeper.gateway().has_value();  // then mapping-lost says it all
  move(keeper, can_ask ? std::optional(access_to(*way, way->local)) : std::nullopt);
  if (can_ask || own || had_one || told_no_router_) return;
  told_no_router_ = true;
  mapping_evidence nobody;
  if (way) nobody.internal = {way->local, options_.port};
  if (way && way->kind == interface_kind::tunnel) nobody.tunnel = way->interface;
  nobody.asked = {options_.interface, options_.gateway};
  nobody.external_port = *options_.external_port;
  for (const transport protocol : options_.protocols) {
    nobody.protocol = protocol;
    tell(events::map_failed{nobody, diagnose(nobody)});
  }
}

/// Each address keeps the keeper that it has; a new one gets one that is idle or has lost its own.
void port_opener::enter_ipv6(const host_network& host) {
  std::vector<gateway_access> targets;
  if (host.ipv6 && host.ipv6->gateway) {
    for (const address& own : stable_global(host)) targets.push_back(access_to(*host.ipv6, own));
  }
  std::vector<lease_keeper*> free;
  for (std::size_t i = 1; i < keepers_.size(); ++i) {
    const auto kept = std::find_if(targets.begin(), targets.end(), [&](const gateway_access& to) {
      return is_same(keepers_[i]->gateway(), to);
    });
    if (kept == targets.end()) {
      free.push_back(keepers_[i].get());
    } else {
      targets.erase(kept);
    }
  }
  for (std::size_t i = 0; i < free.size(); ++i) {
    move(*free[i], i < targets.size() ? std::optional(targets[i]) : std::nullopt);
  }
}

void port_opener::enter(const host_network& host) {
  enter_ipv4(host.ipv4);
  const bool ipv6_has_its_turn = entered_ipv6_.expiry() == net::steady_time::min();
  if (ipv6_has_its_turn) enter_ipv6(host);
}

/// A FRITZ!Box garbles its answers to searches over IPv4 and IPv6 that come at the same time.
awaitable<void> port_opener::enter_ipv6_after_ipv4() {
  co_await attempted_ipv4();
  co_await net::unless_cancelled();
  const auto host = read_network();
  if (host) enter_ipv6(*host);
  entered_ipv6_.expires_at(net::steady_time::min());
}

result<host_network> port_opener::read_network() const {
  return net::read_host_network({options_.interface, options_.gateway});
}

/// At the start, and where this host comes to another network.
awaitable<void> port_opener::clear_left_overs(const host_network& host) {
  const auto here = surroundings_of(host);
  std::vector<address> gateways;
  for (const gateway_access& each : here.gateways) gateways.push_back(each.gateway);
  if (gateways == std::exchange(cleared_at_, gateways) || gateways.empty()) co_return;
  const auto told = co_await remove_left_overs(here, state::state_directory(), {options_.port});
  for (const events::left_over& each : told) tell(each);
}

awaitable<void> port_opener::follow_network() {
  net::network_watch watch(executor_);
  for (;;) {
    co_await watch.next();
    co_await net::unless_cancelled();
    const auto host = read_network();
    if (host) {
      co_await clear_left_overs(*host);
      enter(*host);
    } else {
      spdlog::warn("{}", host.error().message());
    }
  }
}

awaitable<result<void>> port_opener::keep() {
  const auto host = read_network();
  if (!host) co_return host.error();
  open_book();
  make_keepers();
  co_await clear_left_overs(*host);
  enter(*host);
  entered_ipv4_.expires_at(net::steady_time::min());
  net::coroutines works;
  for (auto& keeper : keepers_) works.push_back(keeper->keep());
  works.push_back(enter_ipv6_after_ipv4());
  works.push_back(follow_network());
  co_await net::side_by_side(std::move(works));
  co_return result<void>{};
}

awaitable<void> port_opener::attempted_ipv4() {
  co_await net::expiry(entered_ipv4_);
  co_await net::unless_cancelled();
  if (keepers_.front()->gateway()) co_await keepers_.front()->attempted();
}

awaitable<void> port_opener::attempted() {
  co_await net::expiry(entered_ipv6_);
  co_await net::unless_cancelled();
  for (auto& keeper : keepers_) {
    if (keeper->gateway()) co_await keeper->attempted();
  }
}

bool port_opener::all_open() const {
  if (own_public_) return true;
  return std::all_of(
      options_.protocols.begin(), options_.protocols.end(), [this](transport protocol) {
        return std::any_of(keepers_.begin(), keepers_.end(),
                           [protocol](const auto& keeper) { return keeper->holds(protocol); });
      });
}

void port_opener::conclude() {
  for (auto& keeper : keepers_) keeper->conclude();
}

awaitable<void> port_opener::close() {
  const auto deadline = std::chrono::steady_clock::now() + release_time;
  net::coroutines ends;
  for (auto& keeper : keepers_) ends.push_back(keeper->release(deadline));
  co_await net::side_by_side(std::move(ends));
}

}  // namespace natcheck
