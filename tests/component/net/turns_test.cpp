#include "net/turns.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/loop.hpp"

namespace natcheck::net {
namespace turns_test {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

class Turns : public ::testing::Test {
 protected:
  asio::awaitable<void> take(int number, std::chrono::milliseconds stay = 2ms) {
    turn mine(queue_, co_await asio::this_coro::executor);
    co_await mine.comes();
    EXPECT_EQ(inside_++, 0) << "one at a time";
    asio::steady_timer pause(co_await asio::this_coro::executor, stay);
    co_await wait(pause);
    --inside_;
    order_.push_back(number);
  }
  /// Gives up after 1 ms, while somebody else has his turn.
  asio::awaitable<void> give_up(int number) {
    co_await with_deadline(std::chrono::steady_clock::now() + 1ms, take(number));
  }

  support::loop loop_;
  std::shared_ptr<turns> queue_ = std::make_shared<turns>();
  int inside_ = 0;
  std::vector<int> order_;
};

TEST_F(Turns, ComeInTheOrderOfAsking) {
  loop_.await(when_all(take(1), take(2), take(3)));
  loop_.await(take(4));
  EXPECT_THAT(order_, ElementsAre(1, 2, 3, 4));
}

TEST_F(Turns, WhoGivesUpHoldsNobodyUp) {
  loop_.await(when_all(take(1, 30ms), give_up(2), take(3)));
  EXPECT_THAT(order_, ElementsAre(1, 3));
}

}  // namespace turns_test
}  // namespace natcheck::net
