#include "mapping/outside_watch.hpp"

#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/detached.hpp>

#include "support/stun_server.hpp"

namespace natcheck::mappings {
namespace outside_watch_test {

using namespace support;

route_info way_by(const char* local) {
  route_info way;
  way.local = asio::ip::make_address(local);
  return way;
}

class OutsideWatch : public ::testing::Test {
 protected:
  void watch(std::vector<std::string> servers) {
    watch_ = std::make_unique<outside_watch>(loop_.context().get_executor(), std::move(servers),
                                             [this] { ++answers_; });
    asio::co_spawn(loop_.context(), watch_->run(),
                   asio::bind_cancellation_slot(cancel_.slot(), asio::detached));
  }
  void TearDown() override {
    cancel_.emit(asio::cancellation_type::terminal);
    loop_.context().poll();
  }
  address seen() const { return watch_->seen().at(0).seen_as.value().ip; }

  loop loop_;
  support::stun_server server_{loop_.context()};
  std::unique_ptr<outside_watch> watch_;
  asio::cancellation_signal cancel_;
  int answers_ = 0;
};

TEST_F(OutsideWatch, AsksWhenTheWayIsKnownAndWhenItChanges) {
  watch({to_string(server_.primary())});
  EXPECT_FALSE(watch_->asking()) << "no way out yet";
  watch_->use_route(way_by(host_ip));
  EXPECT_TRUE(watch_->asking());
  ASSERT_TRUE(loop_.run_until([this] { return answers_ == 1; }));
  EXPECT_FALSE(watch_->asking());
  EXPECT_EQ(seen(), asio::ip::make_address(host_ip));
  watch_->use_route(way_by(host_ip));
  EXPECT_FALSE(watch_->asking()) << "the same way";
  watch_->use_route(way_by(gateway_ip));
  EXPECT_TRUE(watch_->asking());
  EXPECT_TRUE(watch_->seen().empty());
  ASSERT_TRUE(loop_.run_until([this] { return answers_ == 2; }));
  EXPECT_EQ(seen(), asio::ip::make_address(gateway_ip));
}

TEST_F(OutsideWatch, WhatIsDoubtedIsAskedAgain) {
  watch({to_string(server_.primary())});
  watch_->use_route(way_by(host_ip));
  ASSERT_TRUE(loop_.run_until([this] { return answers_ == 1; }));
  watch_->ask_again();
  EXPECT_TRUE(watch_->asking());
  ASSERT_TRUE(loop_.run_until([this] { return answers_ == 2; }));
  EXPECT_EQ(server_.requests().size(), 2U);
}

TEST_F(OutsideWatch, NobodyIsAskedWhereNobodyIsNamed) {
  watch({});
  watch_->use_route(way_by(host_ip));
  EXPECT_FALSE(watch_->asking());
  loop_.context().poll();
  EXPECT_TRUE(server_.requests().empty());
}

}  // namespace outside_watch_test
}  // namespace natcheck::mappings
