#include "mapping/gateway_mappings.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "net/random.hpp"
#include "net/side_by_side.hpp"
#include "portmap/announcements.hpp"

namespace natcheck::mappings {
namespace {

using net::asio::awaitable;

/// An announcement is heard by every client of the gateway at once. RFC 6886 section 3.7 lets them
/// wait for up to 5 s; a home has fewer of them, and a player who waits.
constexpr std::uint32_t longest_politeness_ms = 1000;

}  // namespace

lease_keeper::lease_keeper(net::asio::any_io_executor executor,
                           const std::vector<lease_options>& wanted, journal::claim_book* book,
                           const lease_observer& observer)
    : due_(executor), moved_(executor), attempted_(executor) {
  for (const lease_options& each : wanted) leases_.emplace_back(each, book, observer);
}

void lease_keeper::move_to(std::optional<portmap::gateway_access> access, std::string reason) {
  access_ = std::move(access);
  if (access_) attempted_.reset();
  moving_ = std::move(reason);
  due_.cancel();
  moved_.set();
}

awaitable<void> lease_keeper::move() {
  const std::string reason = *std::exchange(moving_, std::nullopt);
  const auto access = access_;
  for (lease& each : leases_) co_await each.move_to(access, reason);
}

net::steady_time lease_keeper::due() const {
  const auto sooner = [](const lease& a, const lease& b) { return a.due() < b.due(); };
  const auto first = std::min_element(leases_.begin(), leases_.end(), sooner);
  return first == leases_.end() ? net::steady_time::max() : first->due();
}

/// What one mapping was lost by, the others were probably lost by as well. (A router that counts
/// its pinholes from 1 again after a restart would take the number of one for that of another.)
awaitable<void> lease_keeper::tend_one(lease& which) {
  if (which.due() > std::chrono::steady_clock::now()) co_return;
  const bool held = which.holds();
  co_await which.tend();
  if (held && !which.holds()) look_at(std::chrono::steady_clock::now());
}

void lease_keeper::look_at(net::steady_time when) {
  for (lease& each : leases_) each.look_at(when);
}

awaitable<void> lease_keeper::tend() {
  for (;;) {
    due_.expires_at(due());
    if (!moving_) co_await net::expiry(due_);
    co_await net::unless_cancelled();
    if (moving_) co_await move();
    for (lease& each : leases_) co_await tend_one(each);
    const bool all = std::all_of(leases_.begin(), leases_.end(),
                                 [](const lease& each) { return each.attempted(); });
    if (all && !moving_) attempted_.set();
  }
}

awaitable<void> lease_keeper::hear_one(const portmap::gateway_access& access) {
  portmap::announcement_listener listener(co_await net::asio::this_coro::executor, access);
  for (;;) {
    const std::string heard = co_await listener.next();
    co_await net::unless_cancelled();
    spdlog::debug("{}", heard);
    const auto wait = std::chrono::milliseconds(random_below(longest_politeness_ms));
    const auto when = std::chrono::steady_clock::now() + wait;
    for (lease& each : leases_) each.renew_at(when);
    due_.cancel();
  }
}

awaitable<void> lease_keeper::hear() {
  for (;;) {
    moved_.reset();
    const auto access = access_;
    if (access) {
      co_await net::first_of(hear_one(*access), moved_.wait());
    } else {
      co_await moved_.wait();
    }
    co_await net::unless_cancelled();
  }
}

awaitable<void> lease_keeper::keep() { co_await net::side_by_side(tend(), hear()); }

awaitable<void> lease_keeper::attempted() { co_await attempted_.wait(); }

bool lease_keeper::holds(transport protocol) const {
  return std::any_of(leases_.begin(), leases_.end(), [protocol](const lease& each) {
    return each.options().protocol == protocol && each.holds();
  });
}

bool lease_keeper::holds_any() const {
  return std::any_of(leases_.begin(), leases_.end(),
                     [](const lease& each) { return each.holds(); });
}

void lease_keeper::conclude() {
  for (lease& each : leases_) each.conclude();
}

awaitable<void> lease_keeper::release(net::steady_time deadline) {
  net::coroutines ends;
  for (lease& each : leases_) ends.push_back(each.release(deadline));
  co_await net::side_by_side(std::move(ends));
}

}  // namespace natcheck::mappings
