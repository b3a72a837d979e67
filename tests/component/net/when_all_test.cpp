#include "net/when_all.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/system/system_error.hpp>
#include <stdexcept>
#include <string>

#include "support/loop.hpp"

namespace natcheck::net {
namespace when_all_test {

using namespace support;
using ::testing::ElementsAre;

class SideBySide : public ::testing::Test {
 protected:
  asio::awaitable<void> after(milliseconds pause, std::string name) {
    asio::steady_timer timer(loop_.context(), pause);
    co_await wait(timer);
    co_await unless_cancelled();
    ended_.push_back(std::move(name));
  }
  asio::awaitable<void> fail_after(milliseconds pause, const char* what) {
    co_await after(pause, what);
    throw std::runtime_error(what);
  }
  asio::awaitable<int> give(int value) {
    co_await after(1ms, "a value");
    co_return value;
  }
  asio::awaitable<void> never() { return after(1h, "never"); }

  loop loop_;
  std::vector<std::string> ended_;
};

TEST_F(SideBySide, EndsWithTheLast) {
  loop_.await(when_all(after(20ms, "second"), after(1ms, "first")));
  EXPECT_THAT(ended_, ElementsAre("first", "second"));
}

TEST_F(SideBySide, OfNoneItEndsAtOnce) { loop_.await(when_all(coroutines())); }

TEST_F(SideBySide, TheFirstFaultEndsAllAndIsTheOneThatIsThrown) {
  try {
    loop_.await(when_all(never(), fail_after(20ms, "later"), fail_after(1ms, "sooner")));
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& fault) {
    EXPECT_STREQ(fault.what(), "sooner");
  }
  EXPECT_THAT(ended_, ElementsAre("sooner"));
}

TEST_F(SideBySide, TheFirstOfSeveralEndsTheOthers) {
  EXPECT_EQ(loop_.await(when_any(never(), after(1ms, "first"), never())), 1U);
  EXPECT_THAT(ended_, ElementsAre("first"));
}

TEST_F(SideBySide, AFaultThatComesFirstIsThrown) {
  EXPECT_THROW(loop_.await(when_any(never(), fail_after(1ms, "fault"))), std::runtime_error);
}

TEST_F(SideBySide, AWaitEndsWithItsTime) {
  const auto soon = std::chrono::steady_clock::now() + 10ms;
  EXPECT_FALSE(loop_.await(with_deadline(soon, never())));
  const auto later = std::chrono::steady_clock::now() + 1h;
  EXPECT_TRUE(loop_.await(with_deadline(later, after(1ms, "in time"))));
  EXPECT_EQ(loop_.await(with_deadline(later, give(7))), 7);
  EXPECT_THROW(loop_.await(with_deadline(later, fail_after(1ms, "fault"))), std::runtime_error);
}

TEST_F(SideBySide, TheValueOfWhatCameTooLateIsNone) {
  const auto gone = std::chrono::steady_clock::now() - 1s;
  EXPECT_EQ(loop_.await(with_deadline(gone, give(7))), std::nullopt);
}

// Else a cancelled wait would pass for one that came to its end.
TEST_F(SideBySide, ACancelledWaitIsNoEnd) {
  asio::cancellation_signal cancel;
  std::exception_ptr fault;
  bool ended = false;
  const auto later = std::chrono::steady_clock::now() + 1h;
  asio::co_spawn(loop_.context(), with_deadline(later, never()),
                 asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr why, bool) {
                   fault = why;
                   ended = true;
                 }));
  EXPECT_FALSE(loop_.run_until([&] { return ended; }, 10ms));
  cancel.emit(asio::cancellation_type::terminal);
  ASSERT_TRUE(loop_.run_until([&] { return ended; }));
  EXPECT_THROW(std::rethrow_exception(fault), boost::system::system_error);
}

}  // namespace when_all_test
}  // namespace natcheck::net
