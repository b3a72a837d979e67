#include "mapping/gateway_mappings.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "net/random.hpp"
#include "net/when_all.hpp"
#include "portmap/announcements.hpp"

namespace natcheck::mappings {
namespace {

using net::asio::awaitable;

/// An announcement is heard by every client of the gateway at once. RFC 6886 section 3.7 lets them
/// wait for up to 5 s; a home has fewer of them, and a player who waits.
constexpr std::uint32_t longest_politeness_ms = 1000;

}  // namespace

gateway_mappings::gateway_mappings(net::asio::any_io_executor executor,
                                   const std::vector<mapping_options>& wanted,
                                   journal::mapping_journal* journal,
                                   const mapping_observer& observer)
    : sooner_(executor), moved_(executor), attempted_(executor) {
  for (const mapping_options& each : wanted) mappings_.emplace_back(each, journal, observer);
}

void gateway_mappings::move_to(std::optional<portmap::gateway_access> access, cause reason) {
  access_ = std::move(access);
  if (access_) attempted_.reset();
  moving_ = std::move(reason);
  sooner_.set();
  moved_.set();
}

awaitable<void> gateway_mappings::move() {
  const cause reason = *std::exchange(moving_, std::nullopt);
  const auto access = access_;
  for (mapping_driver& each : mappings_) co_await each.move_to(access, reason);
}

net::steady_time gateway_mappings::due() const {
  const auto sooner = [](const mapping_driver& a, const mapping_driver& b) {
    return a.due() < b.due();
  };
  const auto first = std::min_element(mappings_.begin(), mappings_.end(), sooner);
  return first == mappings_.end() ? net::steady_time::max() : first->due();
}

/// What one mapping was lost by, the others were probably lost by as well. (A router that counts
/// its pinholes from 1 again after a restart would take the number of one for that of another.)
awaitable<void> gateway_mappings::poll_one(mapping_driver& which) {
  if (which.due() > std::chrono::steady_clock::now()) co_return;
  const bool held = which.mapping().holds();
  co_await which.poll();
  if (held && !which.mapping().holds()) check_at(std::chrono::steady_clock::now());
}

void gateway_mappings::check_at(net::steady_time when) {
  for (mapping_driver& each : mappings_) each.check_at(when);
}

awaitable<void> gateway_mappings::poll() {
  for (;;) {
    if (!moving_) co_await net::with_deadline(due(), sooner_.wait());
    sooner_.reset();
    if (moving_) co_await move();
    for (mapping_driver& each : mappings_) co_await poll_one(each);
    const bool all =
        std::all_of(mappings_.begin(), mappings_.end(),
                    [](const mapping_driver& each) { return each.mapping().attempted(); });
    if (all && !moving_) attempted_.set();
  }
}

awaitable<void> gateway_mappings::listen_to(const portmap::gateway_access& access) {
  portmap::announcement_listener listener(co_await net::asio::this_coro::executor, access);
  for (;;) {
    const std::string news = co_await listener.next();
    spdlog::debug("{}", news);
    const auto wait = std::chrono::milliseconds(random_below(longest_politeness_ms));
    const auto when = std::chrono::steady_clock::now() + wait;
    for (mapping_driver& each : mappings_) each.renew_at(when);
    sooner_.set();
  }
}

awaitable<void> gateway_mappings::listen() {
  for (;;) {
    moved_.reset();
    const auto access = access_;
    if (access) {
      co_await net::when_any(listen_to(*access), moved_.wait());
    } else {
      co_await moved_.wait();
    }
  }
}

awaitable<void> gateway_mappings::run() { co_await net::when_all(poll(), listen()); }

awaitable<void> gateway_mappings::attempted() { co_await attempted_.wait(); }

bool gateway_mappings::holds(transport protocol) const {
  return std::any_of(mappings_.begin(), mappings_.end(), [protocol](const mapping_driver& each) {
    return each.mapping().options().protocol == protocol && each.mapping().holds();
  });
}

bool gateway_mappings::holds_any() const {
  return std::any_of(mappings_.begin(), mappings_.end(),
                     [](const mapping_driver& each) { return each.mapping().holds(); });
}

void gateway_mappings::conclude() {
  for (mapping_driver& each : mappings_) each.conclude();
}

awaitable<void> gateway_mappings::release(net::steady_time deadline) {
  net::coroutines ends;
  for (mapping_driver& each : mappings_) ends.push_back(each.release(deadline));
  co_await net::when_all(std::move(ends));
}

}  // namespace natcheck::mappings
