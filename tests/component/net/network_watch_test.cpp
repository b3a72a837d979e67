#include "net/network_watch.hpp"

#include <gtest/gtest.h>

#include "net/side_by_side.hpp"
#include "support/loop.hpp"

namespace natcheck::net {
namespace {

using namespace support;

// What the kernel tells of cannot be made here: a test may not change the network of its host. The
// lab does, and which message is a change is tested in route_news_test.cpp.
TEST(NetworkWatch, CanBeGivenUpAndAskedAgain) {
  loop loop;
  network_watch watch(loop.context().get_executor());
  for (int i = 0; i < 3; ++i) {
    const stopwatch time;
    loop.await(before(std::chrono::steady_clock::now() + 20ms, watch.next()));
    EXPECT_LT(time.elapsed(), 5s);
  }
}

}  // namespace
}  // namespace natcheck::net
