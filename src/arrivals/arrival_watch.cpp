#include "arrivals/arrival_watch.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <natcheck/causes.hpp>

#include "arrivals/nat_rules.hpp"
#include "arrivals/nftables.hpp"
#include "core/canonical.hpp"
#include "net/host_network.hpp"
#include "net/own_addresses.hpp"
#include "net/route_refusal.hpp"

namespace natcheck::arrivals {
namespace {

using net::asio::awaitable;

constexpr std::chrono::seconds between_looks{1};

/// A look that comes later than this finds a program that was stopped or busy: who has not been
/// accepted may be about to be.
constexpr std::chrono::milliseconds most_delay{500};

constexpr std::chrono::seconds own_questions_linger{1};

/// Each asks the kernel, in some 50 us; a flood of forged sources makes no more work than this.
constexpr int most_route_looks = 32;

bool has(const std::vector<transport>& all, transport one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

events::watching not_able(const failure& failed) {
  return {false, cause(cause_code::packets_not_watched, failed.detail),
          failed.kind == outcome::denied};
}

/// Why this host's routes let no answer to that client out; none where they do.
cause refusal_of_answers(const arrival_evidence& seen) {
  const address& to = seen.peer.ip;
  if (to.is_v6() && to.to_v6().is_link_local()) return {};  // its zone is not known
  const auto refused =
      net::route_refusal({}, {canonical(seen.local.ip), {}}, seen.protocol, seen.peer);
  return refused ? refused->detail : cause();
}

}  // namespace

arrival_watch::arrival_watch(net::asio::any_io_executor executor, std::vector<transport> protocols,
                             std::uint16_t port,
                             std::function<void(const arrival_evidence&)> on_blocked)
    : executor_(std::move(executor)),
      port_{port, has(protocols, transport::tcp), has(protocols, transport::udp)},
      on_blocked_(std::move(on_blocked)) {}

events::watching arrival_watch::begin() {
  auto opened = packet_watch::open(executor_, port_);
  if (!opened) return not_able(opened.error());
  packets_.emplace(std::move(*opened));
  counters_ = read_drop_counters();
  own_ = net::read_own_addresses();
  return {true, {}, {}};
}

awaitable<void> arrival_watch::run() {
  if (packets_) co_return co_await net::when_all(read(), look_regularly());
  co_await net::forever();
}

awaitable<void> arrival_watch::read() {
  for (;;) {
    const auto batch = co_await packets_->next();
    const auto now = std::chrono::steady_clock::now();
    for (const watched_packet& one : batch) {
      if (!is_own(one.packet.local.ip)) {
        own_is_old_ = true;
      } else if (!is_own(one.packet.peer.ip) && !may_be_own(one.packet.peer.ip)) {
        table_.note(one.packet, one.interface_index, now);
      }
    }
  }
}

awaitable<void> arrival_watch::look_regularly() {
  for (;;) {
    const auto due = std::chrono::steady_clock::now() + between_looks;
    co_await net::wait_until(due);
    const auto now = std::chrono::steady_clock::now();
    if (now - due < most_delay) look(now);
  }
}

void arrival_watch::look(arrival_time now) {
  note_disturbances();
  for (overdue_client& client : table_.take_overdue(now)) report(std::move(client), now);
  if (std::exchange(own_is_old_, false)) own_ = net::read_own_addresses();
}

/// A connection request that found the server's queue full, or that was seen while its answer was
/// not, looks exactly like one that a firewall dropped. The kernel counts those that it has no
/// route back for as if the queue had been full.
void arrival_watch::note_disturbances() {
  const auto before = std::exchange(counters_, read_drop_counters());
  if (counters_.reverse_path != before.reverse_path) table_.mark_reverse_path();
  const bool lost = packets_->has_lost();
  if (lost) {
    table_.wait_anew(transport::tcp);
  } else if (counters_.requests != before.requests) {
    int looks = most_route_looks;
    table_.wait_anew(transport::tcp, [&](const arrival_evidence& seen) {
      return looks-- > 0 && !refusal_of_answers(seen).empty();
    });
  }
  if (lost || counters_.datagrams != before.datagrams) table_.wait_anew(transport::udp);
}

void arrival_watch::report(overdue_client client, arrival_time now) {
  arrival_evidence& seen = client.seen;
  if (!limit_.allows(seen.peer.ip, now)) return;
  seen.interface = interface_name(client.interface_index);
  if (seen.reverse_path) {
    const auto way_back = net::interface_towards(seen.peer.ip);
    seen.reverse_path = way_back && *way_back != client.interface_index;
  }
  seen.no_route_back = refusal_of_answers(seen);
  seen.firewall = read_firewall(seen.local.ip.is_v6());
  auto nat = read_nat_rule(seen.protocol, seen.local.port, seen.local.ip.is_v6());
  seen.firewall.nat_read = nat.able;
  seen.firewall.led_away = std::move(nat.found);
  seen.firewall.nat_doubt = std::move(nat.doubt);
  spdlog::debug("arrival: {} waited {:.1f} s; {} requests, {} answers, {} refusals",
                to_string(seen.peer), seen.waited.count() / 1000, seen.requests, seen.answers,
                seen.refusals);
  on_blocked_(seen);
}

void arrival_watch::accepted(transport protocol, const endpoint& peer) {
  if (packets_) table_.accepted(protocol, peer, std::chrono::steady_clock::now());
}

void arrival_watch::expect_own(std::vector<std::optional<address>> peers) {
  own_peers_ = std::move(peers);
  own_until_ = arrival_time::max();
}

void arrival_watch::expect_no_more() {
  own_until_ = std::chrono::steady_clock::now() + own_questions_linger;
}

bool arrival_watch::may_be_own(const address& peer) const {
  return std::chrono::steady_clock::now() < own_until_ &&
         std::find(own_peers_.begin(), own_peers_.end(), canonical(peer)) != own_peers_.end();
}

std::optional<std::uint64_t> arrival_watch::arrived() const {
  return packets_ ? std::optional(table_.arrived()) : std::nullopt;
}

bool arrival_watch::is_own(const address& ip) const {
  return std::binary_search(own_.begin(), own_.end(), ip);
}

}  // namespace natcheck::arrivals
