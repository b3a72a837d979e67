#include "net/event.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "support/loop.hpp"

namespace natcheck::net {
namespace event_test {

using namespace support;
using ::testing::ElementsAre;

class Event : public ::testing::Test {
 protected:
  asio::awaitable<void> wait(std::string name) {
    co_await event_.wait();
    co_await unless_cancelled();
    ended_.push_back(std::move(name));
  }
  asio::awaitable<void> set() {
    ended_.emplace_back("set");
    event_.set();
    co_return;
  }
  asio::awaitable<bool> ends_within(milliseconds limit) {
    co_return co_await with_deadline(std::chrono::steady_clock::now() + limit, event_.wait());
  }
  asio::awaitable<int> give(int value) { co_return value; }
  asio::awaitable<int> give_after_event(int value) {
    co_await wait("work");
    co_return value;
  }

  loop loop_;
  event event_{loop_.context().get_executor()};
  event other_{loop_.context().get_executor()};
  std::vector<std::string> ended_;
};

TEST_F(Event, EndsAllWaits) {
  loop_.await(when_all(wait("first"), wait("second"), set()));
  EXPECT_THAT(ended_, ElementsAre("set", "first", "second"));
  loop_.await(wait("later"));
  EXPECT_EQ(ended_.size(), 4U);
}

TEST_F(Event, IsNotSetAtFirstAndAfterReset) {
  EXPECT_FALSE(event_.is_set());
  EXPECT_FALSE(loop_.await(ends_within(20ms)));
  event_.set();
  EXPECT_TRUE(event_.is_set());
  EXPECT_TRUE(loop_.await(ends_within(10s)));
  event_.reset();
  EXPECT_FALSE(event_.is_set());
  EXPECT_FALSE(loop_.await(ends_within(20ms)));
}

asio::awaitable<void> reset(event& which) {
  which.reset();
  co_return;
}

TEST_F(Event, AResetWakesNobody) {
  const auto wait_in_vain = [&]() -> asio::awaitable<bool> {
    const auto soon = std::chrono::steady_clock::now() + 20ms;
    co_return co_await with_deadline(soon, when_all(wait("waiting"), reset(event_)));
  };
  EXPECT_FALSE(loop_.await(wait_in_vain()));
  EXPECT_THAT(ended_, ElementsAre());
}

TEST_F(Event, ASetThatIsTakenBackAtOnceHasEndedTheWaits) {
  const auto pulse = [&]() -> asio::awaitable<void> {
    event_.set();
    event_.reset();
    co_return;
  };
  loop_.await(when_all(wait("waiting"), pulse()));
  EXPECT_THAT(ended_, ElementsAre("waiting"));
  EXPECT_FALSE(event_.is_set());
}

TEST_F(Event, EndsWork) {
  EXPECT_EQ(loop_.await(with_deadline(event_, give(7))), 7);
  other_.set();
  EXPECT_FALSE(loop_.await(with_deadline(other_, wait("work"))));
  EXPECT_EQ(loop_.await(with_deadline(other_, give_after_event(7))), std::nullopt);
  EXPECT_THAT(ended_, ElementsAre()) << "the work was cancelled";
}

}  // namespace event_test
}  // namespace natcheck::net
