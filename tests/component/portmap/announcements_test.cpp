#include "portmap/announcements.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/ip/multicast.hpp>

#include "support/fake_gateway.hpp"

namespace natcheck::portmap {
namespace announcements_test {

using namespace support;
using ::testing::HasSubstr;

namespace multicast = asio::ip::multicast;

/// Somebody who sends to groups on loopback.
class announcer {
 public:
  announcer(asio::io_context& io, const char* ip) : socket_(io, {asio::ip::make_address(ip), 0}) {
    socket_.set_option(multicast::outbound_interface(asio::ip::make_address_v4(host_ip)));
  }
  void send(const std::string& bytes, const char* group, std::uint16_t port) {
    socket_.send_to(asio::buffer(bytes), {asio::ip::make_address(group), port});
  }

 private:
  udp::socket socket_;
};

std::string nat_pmp(const std::string& ip) { return nat_pmp_address(0, ip); }

std::string pcp_announcement(std::uint8_t first_of_epoch = 0) {
  std::string bytes("\x02\x80", 2);
  bytes.resize(24, '\0');
  bytes[8] = static_cast<char>(first_of_epoch);
  return bytes;
}

class Announcements : public ::testing::Test {
 protected:
  static constexpr const char* silence = "nothing";

  gateway_access access() {
    gateway_access access;
    access.gateway = asio::ip::make_address(gateway_ip);
    access.from.local = asio::ip::make_address(host_ip);
    // Ports of our own: other tests run at the same time, and all hear the same groups.
    access.announcement_port = closed_udp_port(loop_.context(), host_ip);
    return access;
  }
  void mapping(const std::string& bytes) {
    gateway_.send(bytes, "224.0.0.1", access_.announcement_port);
  }
  asio::awaitable<std::string> next_within(milliseconds limit) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    auto news = co_await net::with_deadline(deadline, listener_.next());
    co_return news.value_or(silence);
  }
  std::string next(milliseconds limit = 10s) { return loop_.await(next_within(limit)); }

  loop loop_;
  announcer gateway_{loop_.context(), gateway_ip};
  announcer stranger_{loop_.context(), stranger_ip};
  gateway_access access_ = access();
  announcement_listener listener_{loop_.context().get_executor(), access_};
};

TEST_F(Announcements, ByNatPmp) {
  mapping(nat_pmp("5.5.5.5"));
  EXPECT_EQ(next(), "it announced its external address, 5.5.5.5 (NAT-PMP)");
}

TEST_F(Announcements, ByPcp) {
  mapping(pcp_announcement());
  EXPECT_EQ(next(), "it announced that its mappings may be lost (PCP)");
}

TEST_F(Announcements, OnlyOfTheGateway) {
  stranger_.send(nat_pmp("5.5.5.5"), "224.0.0.1", access_.announcement_port);
  stranger_.send(pcp_announcement(), "224.0.0.1", access_.announcement_port);
  EXPECT_EQ(next(200ms), silence);
}

TEST_F(Announcements, WhatIsNoneIsIgnored) {
  const std::string whole = nat_pmp("5.5.5.5");
  for (std::size_t size = 0; size < whole.size(); ++size) mapping(whole.substr(0, size));
  mapping(nat_pmp_address(3, "5.5.5.5"));
  mapping(nat_pmp_mapping(1, 80, 80, 60));
  std::string question = pcp_announcement();
  question[1] = 0;
  mapping(question);
  mapping(pcp_announcement().substr(0, 23));
  mapping("M-SEARCH * HTTP/1.1\r\n\r\n");
  mapping(pcp_announcement() + std::string(1080, '\0'));
  mapping(pcp_announcement() + std::string(8000, '\0'));
  EXPECT_EQ(next(500ms), silence);
  mapping(whole);
  EXPECT_THAT(next(), HasSubstr("5.5.5.5"));
}

TEST_F(Announcements, ARepetitionIsNoNews) {
  for (int i = 0; i < 5; ++i) mapping(nat_pmp("5.5.5.5"));
  mapping(pcp_announcement());
  EXPECT_THAT(next(), HasSubstr("NAT-PMP"));
  mapping(nat_pmp("5.5.5.5"));
  EXPECT_EQ(next(1500ms), silence) << "what came close together counts as one";
  mapping(nat_pmp("6.6.6.6"));
  EXPECT_THAT(next(), HasSubstr("6.6.6.6"));
  mapping(nat_pmp("5.5.5.5"));
  const stopwatch since_the_last;
  EXPECT_THAT(next(), HasSubstr("5.5.5.5"));
  EXPECT_GE(since_the_last.elapsed(), 900ms) << "one a second";
}

TEST_F(Announcements, GivingUpLosesNothing) {
  mapping(nat_pmp("5.5.5.5"));
  EXPECT_EQ(next(50ms), silence) << "others may have to say something, too";
  EXPECT_THAT(next(), HasSubstr("5.5.5.5"));
}

TEST_F(Announcements, AFloodGetsNoMoreThanItsShare) {
  for (int i = 0; i < 110; ++i) mapping("");
  mapping(nat_pmp("5.5.5.5"));
  const stopwatch watch;
  EXPECT_THAT(next(), HasSubstr("5.5.5.5"));
  EXPECT_GE(watch.elapsed(), 1500ms) << "50 datagrams a second";
}

TEST_F(Announcements, WhereNothingCanBeHeardNothingIsSaid) {
  gateway_access taken = access_;
  taken.from.local = asio::ip::make_address("192.0.2.1");  // no interface has it: none can join
  announcement_listener ignored(loop_.context().get_executor(), taken);
  const auto wait = [&]() -> asio::awaitable<bool> {
    const auto deadline = std::chrono::steady_clock::now() + 50ms;
    const auto news = co_await net::with_deadline(deadline, ignored.next());
    co_return news.has_value();
  };
  EXPECT_FALSE(loop_.await(wait()));
}

}  // namespace announcements_test
}  // namespace natcheck::portmap
