#include "server/session_log.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace natcheck::serving {
namespace session_log_test {

using namespace std::chrono_literals;
using ::testing::SizeIs;

class GuestBook : public ::testing::Test {
 protected:
  using told = std::variant<events::greeted, events::rejected, events::crowded>;

  static endpoint from(const std::string& ip) { return {boost::asio::ip::make_address(ip), 4711}; }
  void greet(const std::string& ip, std::chrono::seconds at = 0s) {
    book_.add(events::greeted{transport::tcp, from(ip), dialect::plain, "", 0, millis(1)},
              start_ + at);
  }
  void reject(const std::string& ip, std::chrono::seconds at = 0s) {
    book_.add(events::rejected{transport::tcp, from(ip), "silence"}, start_ + at);
  }
  template <class Event>
  std::vector<Event> all() const {
    std::vector<Event> chosen;
    for (const auto& each : told_) {
      if (const auto* one = std::get_if<Event>(&each)) chosen.push_back(*one);
    }
    return chosen;
  }

  std::vector<told> told_;
  session_log book_{[this](const told& event) { told_.push_back(event); }};
  const session_log::clock::time_point start_{1000h};
};

TEST_F(GuestBook, FewAreToldOneByOne) {
  for (int i = 0; i < 30; ++i) reject("9.9.0.7");
  greet("9.9.0.8");
  EXPECT_THAT(all<events::rejected>(), SizeIs(30));
  EXPECT_THAT(all<events::greeted>(), SizeIs(1)) << "a flood of strangers hides no guest";
  book_.settle(start_ + 60s);
  EXPECT_THAT(all<events::crowded>(), SizeIs(0)) << "there is nothing that was not told";
}

TEST_F(GuestBook, ManyAreToldInNumbers) {
  for (int i = 0; i < 100; ++i) reject(fmt::format("9.9.1.{}", i % 5));
  for (int i = 0; i < 40; ++i) greet(fmt::format("2a00::{:x}:1", i + 1));
  EXPECT_EQ(book_.due(), start_ + 60s);
  book_.settle(start_ + 59s);
  EXPECT_THAT(all<events::crowded>(), SizeIs(0));
  book_.settle(start_ + 60s);
  const auto crowds = all<events::crowded>();
  ASSERT_THAT(crowds, SizeIs(1));
  EXPECT_EQ(crowds[0].rejected, 70U);
  EXPECT_EQ(crowds[0].greeted, 10U);
  EXPECT_EQ(crowds[0].sources, 6U) << "the IPv6 ones share one /64";
  EXPECT_EQ(crowds[0].period, 60s);
  EXPECT_EQ(book_.rejected(), 100U);
  EXPECT_EQ(book_.greeted(), 40U);
}

TEST_F(GuestBook, TheNextMinuteBeginsAnew) {
  for (int i = 0; i < 31; ++i) reject("9.9.0.7");
  reject("9.9.0.7", 90s);
  EXPECT_THAT(all<events::crowded>(), SizeIs(1)) << "before the visitor who came after it";
  EXPECT_THAT(all<events::rejected>(), SizeIs(31));
  EXPECT_EQ(book_.due(), start_ + 150s);
}

TEST_F(GuestBook, TheEndIsNotWaitedFor) {
  for (int i = 0; i < 31; ++i) reject("9.9.0.7");
  book_.close(start_ + 2s);
  ASSERT_THAT(all<events::crowded>(), SizeIs(1));
  EXPECT_EQ(all<events::crowded>()[0].period, 2s);
  book_.close(start_ + 3s);
  EXPECT_THAT(all<events::crowded>(), SizeIs(1));
  EXPECT_EQ(book_.due(), session_log::clock::time_point::max());
}

}  // namespace session_log_test
}  // namespace natcheck::serving
