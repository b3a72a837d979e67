#include "server/self_test.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocols/greeting/codec.hpp"
#include "support/peers.hpp"
#include "support/udp_ends.hpp"

namespace natcheck::serving {
namespace self_test_test {

using namespace support;

/// Answers like a natcheck server of that instance, and notes the session.
tcp_peer::session server(std::string instance, std::string* session = nullptr) {
  return [instance, session](tcp::socket& socket) -> asio::awaitable<void> {
    greeting::question_reader reader;
    const std::string said = co_await read_until(socket, "\n");
    reader.feed(said);
    const auto& question = reader.value();
    if (session != nullptr) *session = question.session;
    std::string echo(reader.surplus());
    echo += co_await read_bytes(socket, *question.echo - echo.size());
    greeting::reply answer;
    answer.session = question.session;
    answer.nonce = question.nonce;
    answer.instance = instance;
    co_await write(socket, greeting::encode(answer) + echo);
  };
}

asio::awaitable<void> mute(tcp::socket& socket) { co_await wait_for_goodbye(socket); }

address ip(const char* text) { return asio::ip::make_address(text); }

// All of 127/8 is this machine, so the addresses of it can be the local and the outside one.
TEST(SelfTest, AsksAtEachAddress) {
  loop events;
  std::string session;
  const tcp_peer loopback(events.context(), host_ip, server("a", &session));
  const auto seen = events.await(test_self(transport::tcp, loopback.port(), ip(gateway_ip),
                                           endpoint{ip(stranger_ip), 1}, "mine"));
  EXPECT_EQ(session, "mine");
  ASSERT_TRUE(seen.loopback && seen.lan && seen.hairpin);
  EXPECT_EQ(seen.loopback->result, probe_result::reached);
  EXPECT_EQ(seen.loopback->target, (endpoint{ip(host_ip), loopback.port()}));
  EXPECT_EQ(seen.lan->result, probe_result::refused) << "nothing listens there";
  EXPECT_EQ(seen.lan->target, (endpoint{ip(gateway_ip), loopback.port()}));
  EXPECT_EQ(seen.hairpin->result, probe_result::refused);
  EXPECT_EQ(seen.hairpin->target, (endpoint{ip(stranger_ip), 1}));
}

TEST(SelfTest, AnotherInstanceIsAnotherServer) {
  loop events;
  const tcp_peer loopback(events.context(), host_ip, server("a"));
  const tcp_peer other(events.context(), stranger_ip, server("b"));
  const tcp_peer same(events.context(), trap_ip, server("a"));
  for (const bool is_same : {false, true}) {
    const endpoint outside =
        is_same ? endpoint{ip(trap_ip), same.port()} : endpoint{ip(stranger_ip), other.port()};
    const auto seen =
        events.await(test_self(transport::tcp, loopback.port(), std::nullopt, outside, "mine"));
    EXPECT_FALSE(seen.lan);
    ASSERT_TRUE(seen.hairpin);
    EXPECT_EQ(seen.hairpin->result, is_same ? probe_result::reached : probe_result::other_service);
    EXPECT_EQ(to_string(seen.hairpin->detail),
              is_same ? "" : "another natcheck server, instance b");
  }
}

TEST(SelfTest, SilenceTakesTwoSeconds) {
  loop events;
  const tcp_peer loopback(events.context(), host_ip, mute);
  const stopwatch watch;
  const auto seen =
      events.await(test_self(transport::tcp, loopback.port(), std::nullopt, std::nullopt, "mine"));
  EXPECT_LT(watch.elapsed(), 5s);
  ASSERT_TRUE(seen.loopback);
  EXPECT_EQ(seen.loopback->result, probe_result::silent);
}

TEST(SelfTest, AnOutsideAddressOfThisHostIsTestedOnce) {
  loop events;
  const tcp_peer loopback(events.context(), host_ip, server("a"));
  const endpoint local{ip(gateway_ip), loopback.port()};
  const auto seen =
      events.await(test_self(transport::tcp, loopback.port(), local.ip, local, "mine"));
  EXPECT_TRUE(seen.lan);
  EXPECT_FALSE(seen.hairpin);
}

TEST(SelfTest, AsksOverUdpAsWell) {
  loop events;
  running_udp_responder server(events, {host_ip});
  const auto seen = events.await(test_self(transport::udp, server.port(), ip(gateway_ip),
                                           endpoint{ip(host_ip), server.port()}, "mine"));
  EXPECT_EQ(seen.protocol, transport::udp);
  ASSERT_TRUE(seen.loopback && seen.lan && seen.hairpin);
  EXPECT_EQ(seen.loopback->result, probe_result::reached);
  EXPECT_EQ(seen.lan->result, probe_result::refused) << "nothing listens there";
  EXPECT_EQ(seen.hairpin->result, probe_result::reached);
}

}  // namespace self_test_test
}  // namespace natcheck::serving
