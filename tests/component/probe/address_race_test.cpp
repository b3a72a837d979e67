#include "probe/address_race.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/loop.hpp"

namespace natcheck::probing {
namespace address_race_test {

using namespace support;
using ::testing::ElementsAre;

/// What one address does: it is reached, or not, after a time.
struct behavior {
  milliseconds after;
  bool reached;
};

constexpr milliseconds never = 60s;

struct outcome {
  std::optional<std::size_t> winner;
  std::vector<std::size_t> begun, ended;
};

asio::awaitable<outcome> raced(std::vector<behavior> addresses) {
  outcome seen;
  const auto executor = co_await asio::this_coro::executor;
  const auto ask = [&](std::size_t number) -> asio::awaitable<bool> {
    seen.begun.push_back(number);
    asio::steady_timer timer(executor, addresses[number].after);
    co_await net::wait(timer);
    co_await net::unless_cancelled();
    seen.ended.push_back(number);
    co_return addresses[number].reached;
  };
  address_race race(executor, addresses.size(), ask);
  seen.winner = co_await race.run();
  co_return seen;
}

TEST(AddressRace, OneThatFailsMakesRoomForTheNextAtOnce) {
  loop events_loop;
  const auto seen = events_loop.await(raced({{0ms, false}, {0ms, false}, {0ms, true}}));
  EXPECT_EQ(seen.winner, 2U);
  EXPECT_THAT(seen.ended, ElementsAre(0, 1, 2));
}

TEST(AddressRace, TheFirstThatIsReachedDecidesAndEachIsAsked) {
  loop events_loop;
  const auto seen = events_loop.await(raced({{0ms, true}, {0ms, false}, {0ms, true}}));
  EXPECT_EQ(seen.winner, 0U);
  EXPECT_THAT(seen.ended, ElementsAre(0, 1, 2));
}

TEST(AddressRace, WhoIsSilentIsNotWaitedForLong) {
  loop events_loop;
  const stopwatch watch;
  const auto seen = events_loop.await(raced({{never, true}, {0ms, true}}));
  EXPECT_LT(watch.elapsed(), 10s);
  EXPECT_EQ(seen.winner, 1U);
  EXPECT_THAT(seen.ended, ElementsAre(1));
}

TEST(AddressRace, WithoutAnyThatIsReachedAllAreHeardOut) {
  loop events_loop;
  const auto seen = events_loop.await(raced({{400ms, false}, {0ms, false}, {10ms, false}}));
  EXPECT_FALSE(seen.winner);
  EXPECT_THAT(seen.ended, ElementsAre(1, 2, 0));
}

TEST(AddressRace, OneAddressIsNoRace) {
  loop events_loop;
  EXPECT_EQ(events_loop.await(raced({{0ms, true}})).winner, 0U);
  EXPECT_FALSE(events_loop.await(raced({{0ms, false}})).winner);
}

}  // namespace address_race_test
}  // namespace natcheck::probing
