#include "probe/address_race.hpp"

#include <algorithm>

namespace natcheck::probing {

using net::asio::awaitable;
using std::chrono::steady_clock;

namespace {

using namespace std::chrono_literals;

/// RFC 8305 section 5.
constexpr steady_clock::duration head_start = 250ms;

/// How much longer than the one that was reached the others are waited for.
constexpr int times_the_winner = 4;
constexpr steady_clock::duration shortest_wait = 300ms;
constexpr steady_clock::duration longest_wait = 1500ms;

}  // namespace

address_race::address_race(net::asio::any_io_executor executor, std::size_t addresses, attempt ask)
    : ask_(std::move(ask)), won_(executor) {
  lanes_.reserve(addresses);
  for (std::size_t i = 0; i < addresses; ++i) {
    lanes_.push_back({net::event(executor)});
  }
}

net::steady_time address_race::opens_at(std::size_t number) const {
  if (number == 0 || winner_) return net::steady_time::min();
  const lane& before = lanes_[number - 1];
  if (before.ended) return net::steady_time::min();
  return before.began ? *before.began + head_start : net::steady_time::max();
}

void address_race::note_winner(std::size_t number) {
  if (winner_) return;
  winner_ = number;
  const auto now = steady_clock::now();
  ends_at_ = now + std::clamp(times_the_winner * (now - *lanes_[number].began), shortest_wait,
                              longest_wait);
  won_.set();
}

awaitable<void> address_race::drive(std::size_t number) {
  lane& own = lanes_[number];
  while (opens_at(number) > steady_clock::now()) {
    own.changed.reset();
    co_await net::with_deadline(opens_at(number), own.changed.wait());
  }
  own.began = steady_clock::now();
  const auto wake_all = [this] {
    for (lane& each : lanes_) each.changed.set();
  };
  wake_all();
  const bool reached = co_await ask_(number);
  own.ended = true;
  if (reached) note_winner(number);
  wake_all();
}

awaitable<void> address_race::cut_off() {
  co_await won_.wait();
  co_await net::wait_until(ends_at_);
}

awaitable<std::optional<std::size_t>> address_race::run() {
  net::coroutines lanes;
  for (std::size_t i = 0; i < lanes_.size(); ++i) lanes.push_back(drive(i));
  co_await net::when_any(net::when_all(std::move(lanes)), cut_off());
  co_return winner_;
}

steady_clock::duration address_race::waited(std::size_t number) const {
  const auto& began = lanes_[number].began;
  return began ? steady_clock::now() - *began : steady_clock::duration{0};
}

}  // namespace natcheck::probing
