#include "report/serve_status.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "reports.hpp"

namespace natcheck {
namespace serve_status_test {

using namespace natcheck::testing;
using ::testing::HasSubstr;
using ::testing::Not;

const text_style narrow{false, false, 60};

class ServeStatus : public ::testing::Test {
 protected:
  template <class Event>
  void update(const Event& event) {
    status_.update({start_, event});
  }
  std::string after(std::chrono::seconds time) const { return status_.text(start_ + time, narrow); }

  serve_status status_;
  const serve_status::clock::time_point start_{std::chrono::hours(1)};
};

TEST_F(ServeStatus, CountsTheLeaseDown) {
  EXPECT_THAT(after(std::chrono::seconds(0)), HasSubstr("Open      none yet\n"));
  update(events::mapped{example_mapping(), "natcheck probe 5.5.5.5:1234"});
  EXPECT_THAT(after(std::chrono::seconds(0)), HasSubstr("Open      5.5.5.5:1234 (1:00:00)\n"));
  EXPECT_THAT(after(std::chrono::seconds(61)), HasSubstr("(58:59)"));
  EXPECT_THAT(after(std::chrono::hours(2)), HasSubstr("(0:00)")) << "never below nothing";
  update(events::mapping_lost{example_mapping(), "the router restarted"});
  EXPECT_THAT(after(std::chrono::seconds(9)), HasSubstr("5.5.5.5:1234 (lost, asking again)"));
  update(events::remapped{example_mapping(), ""});
  EXPECT_THAT(after(std::chrono::seconds(1)), HasSubstr("(59:59)"));
  update(events::unmapped{example_mapping(), true, ""});
  EXPECT_THAT(after(std::chrono::seconds(0)), HasSubstr("Open      none yet\n"));
}

TEST_F(ServeStatus, ShowsEveryDoor) {
  auto udp = example_mapping();
  udp.protocol = transport::udp;
  udp.lifetime = {};
  update(events::mapped{example_mapping(), ""});
  update(events::mapped{udp, ""});
  EXPECT_THAT(status_.text(start_, text_style{false, false, 80}),
              HasSubstr("5.5.5.5:1234 (1:00:00), 5.5.5.5:1234 UDP (permanent)"));
}

TEST_F(ServeStatus, FollowsADoorThatMoves) {
  auto entry = example_mapping();
  update(events::mapped{entry, ""});
  update(events::mapping_lost{entry, "this machine's address changed"});
  entry.internal.ip = ip("192.168.1.11");
  update(events::remapped{entry, ""});
  EXPECT_THAT(after(std::chrono::seconds(0)), HasSubstr("Open      5.5.5.5:1234 (1:00:00)\n"));
}

TEST_F(ServeStatus, WithoutAMappingToMake) {
  update(events::map_not_needed{transport::tcp, {ip("5.5.5.5"), 1234}, ""});
  EXPECT_THAT(after(std::chrono::seconds(0)), HasSubstr("Open      5.5.5.5:1234 (no NAT)\n"));
  EXPECT_THAT(serve_status(false).text(start_, narrow), Not(HasSubstr("Open")));
}

TEST_F(ServeStatus, CountsVisitors) {
  const endpoint peer{ip("9.9.0.7"), 51820};
  update(events::greeted{transport::tcp, peer, dialect::http, "", 0, millis(1)});
  update(events::rejected{transport::tcp, {ip("9.9.0.8"), 1}, "unknown protocol"});
  update(events::crowded{std::chrono::seconds(60), 5, 100, 3});
  EXPECT_THAT(after(std::chrono::seconds(0)),
              HasSubstr("Visitors  6 greeted, 101 rejected, last from 9.9.0.7:"));
}

TEST_F(ServeStatus, LinesAreCutAtTheWidth) {
  update(events::rejected{transport::tcp, {ip("9.9.0.8"), 1}, std::string(300, 'x')});
  const auto text = after(std::chrono::seconds(0));
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos;
       begin = end + 1, end = text.find('\n', begin)) {
    EXPECT_LT(end - begin, narrow.width) << "a line that wraps would be two";
  }
  EXPECT_THAT(text, HasSubstr("...\n"));
  EXPECT_THAT(text, Not(HasSubstr("\n\n")));
}

}  // namespace serve_status_test
}  // namespace natcheck
