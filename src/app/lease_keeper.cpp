#include "app/lease_keeper.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

#include "net/host_network.hpp"

namespace natcheck {
namespace {

using net::asio::awaitable;

constexpr std::chrono::seconds release_time{3};
/// Between attempts to renew after one has failed.
constexpr std::chrono::seconds longest_retry{30};
constexpr std::chrono::milliseconds shortest_wait{500};

std::string operation_of(mapping_protocol via) {
  switch (via) {
    case mapping_protocol::pcp:
      return "PCP";
    case mapping_protocol::nat_pmp:
      return "NAT-PMP";
    case mapping_protocol::upnp:
      break;
  }
  return "UPnP";
}

}  // namespace

std::string probe_command(const std::optional<address>& external, std::uint16_t port) {
  if (!external) return fmt::format("natcheck probe YOUR-PUBLIC-ADDRESS:{}", port);
  return "natcheck probe " + to_string(endpoint{*external, port});
}

lease_keeper::lease_keeper(portmap::gateway_access access, lease_options options,
                           std::function<void(const lease_event&)> observer)
    : access_(std::move(access)),
      options_(options),
      observer_(std::move(observer)),
      nat_pmp_(access_),
      upnp_(access_) {}

portmap::mapping_request lease_keeper::request() const {
  return {transport::tcp, options_.internal_port, options_.external_port, options_.lifetime};
}

mapping_evidence lease_keeper::evidence() const {
  mapping_evidence seen;
  seen.internal = {access_.from.local, options_.internal_port};
  seen.external_port = options_.external_port;
  seen.gateway = access_.gateway;
  if (access_.interface_index != 0) {
    seen.neighbor = net::read_neighbor(access_.gateway, access_.interface_index);
  }
  seen.attempts = attempts_;
  return seen;
}

awaitable<bool> lease_keeper::try_mapper(portmap::port_mapper& mapper) {
  auto made = co_await mapper.map(request());
  mapping_attempt attempt;
  attempt.via = mapper.protocol();
  if (made) {
    attempt.state = service_state::answered;
    holder_ = &mapper;
    accept(*made);
  } else {
    attempt.state = portmap::state_of(made.error().kind);
    attempt.detail = made.error().detail;
    attempt.code = made.error().code;
  }
  spdlog::debug("{}: {}", operation_of(attempt.via), made ? "mapped" : made.error().message());
  attempts_.push_back(std::move(attempt));
  co_return made.has_value();
}

/// NAT-PMP answers in one round trip where it exists. The search for UPnP runs beside it, so that
/// nobody waits for both in turn, but asks for nothing: two entries for one port help nobody.
awaitable<bool> lease_keeper::try_both() {
  using namespace net::asio::experimental::awaitable_operators;
  net::asio::steady_timer no_need(co_await net::asio::this_coro::executor, net::steady_time::max());
  const auto map_by_nat_pmp = [&]() -> awaitable<bool> {
    const bool made = co_await try_mapper(nat_pmp_);
    if (made) no_need.cancel();
    co_return made;
  };
  const auto look_for_upnp = [&]() -> awaitable<void> {
    co_await (upnp_.prepare() || no_need.async_wait(net::as_result));
  };
  const bool made = co_await (map_by_nat_pmp() && look_for_upnp());
  if (made) co_return true;
  co_return co_await try_mapper(upnp_);
}

awaitable<bool> lease_keeper::obtain() {
  attempts_.clear();
  switch (options_.via) {
    case mapping_choice::automatic:
      co_return co_await try_both();
    case mapping_choice::nat_pmp:
      co_return co_await try_mapper(nat_pmp_);
    case mapping_choice::upnp:
      co_return co_await try_mapper(upnp_);
  }
  co_return false;
}

void lease_keeper::accept(const mapping& renewed) {
  const auto known = entry_ ? entry_->external_address : std::nullopt;
  entry_ = renewed;
  auto& external = entry_->external_address;
  if (external && external->is_unspecified()) external.reset();  // "none", no address to probe
  if (!external) external = known;
  // A permanent entry (lifetime 0) is looked at as often as the one that was asked for.
  if (entry_->lifetime.count() == 0) entry_->lifetime = options_.lifetime;
  expires_ = std::chrono::steady_clock::now() + entry_->lifetime;
}

/// A gateway that cannot be asked keeps the mapping until its lease is over; one whose table has
/// something else in its place does not.
void lease_keeper::lose(const failure& why) {
  const bool gone = portmap::proves_loss(why) || std::chrono::steady_clock::now() >= expires_;
  if (lost_ || !gone) return;
  lost_ = true;
  observer_(events::mapping_lost{*entry_, why.message()});
}

/// False when the renewal failed and has to be tried again soon.
awaitable<bool> lease_keeper::renew_once() {
  const mapping before = *entry_;
  auto made = co_await holder_->map(request());
  if (!made) {
    lose(made.error());
    co_return false;
  }
  accept(*made);
  const bool moved = entry_->external_port != before.external_port ||
                     entry_->external_address != before.external_address;
  if (lost_ || moved) {
    lost_ = false;
    observer_(
        events::remapped{*entry_, probe_command(entry_->external_address, entry_->external_port)});
  } else {
    observer_(events::renewed{*entry_});
  }
  co_return true;
}

awaitable<void> lease_keeper::renew_forever() {
  net::asio::steady_timer timer(co_await net::asio::this_coro::executor);
  for (bool renewed = true;;) {
    const auto pause = renewed ? millis(entry_->lifetime) / 2
                               : std::min<millis>(millis(entry_->lifetime) / 16, longest_retry);
    timer.expires_after(std::chrono::duration_cast<std::chrono::milliseconds>(
        std::max<millis>(pause, shortest_wait)));
    co_await timer.async_wait(net::as_result);
    renewed = co_await renew_once();
  }
}

void lease_keeper::tell_failed() {
  told_failed_ = true;
  const mapping_evidence seen = evidence();
  observer_(events::map_failed{seen, diagnose(seen)});
}

void lease_keeper::conclude() {
  if (entry_ || told_failed_) return;
  for (const mapping_protocol via : {mapping_protocol::nat_pmp, mapping_protocol::upnp}) {
    const bool tried = std::any_of(attempts_.begin(), attempts_.end(),
                                   [via](const mapping_attempt& a) { return a.via == via; });
    if (tried || !may_use(via)) continue;
    attempts_.push_back(
        {via, service_state::not_tried, "the time ended before it had answered", 0});
  }
  tell_failed();
}

bool lease_keeper::may_use(mapping_protocol via) const {
  return options_.via == mapping_choice::automatic ||
         (options_.via == mapping_choice::upnp) == (via == mapping_protocol::upnp);
}

awaitable<bool> lease_keeper::keep() {
  const bool obtained = co_await obtain();
  if (!obtained) {
    tell_failed();
    co_return false;
  }
  observer_(
      events::mapped{*entry_, probe_command(entry_->external_address, entry_->external_port)});
  co_await renew_forever();
  co_return true;
}

awaitable<void> lease_keeper::release() {
  using namespace net::asio::experimental::awaitable_operators;
  const auto deadline = std::chrono::steady_clock::now() + release_time;
  const auto [nat_pmp, upnp] =
      co_await (net::before(deadline, nat_pmp_.unmap()) && net::before(deadline, upnp_.unmap()));
  if (!entry_) co_return;
  const auto& ended = entry_->via == mapping_protocol::upnp ? upnp : nat_pmp;
  events::unmapped report{*entry_, ended && *ended, ""};
  if (!ended) {
    report.detail = fmt::format("the router did not finish answering within {} s ({})",
                                release_time.count(), operation_of(entry_->via));
  } else if (!*ended) {
    report.detail = ended->error().message();
  }
  observer_(report);
}

}  // namespace natcheck
