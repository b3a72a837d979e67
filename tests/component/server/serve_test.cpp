#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/write.hpp>
#include <natcheck/probe.hpp>
#include <natcheck/serve.hpp>

#include "protocols/greeting/codec.hpp"
#include "support/peers.hpp"
#include "support/running_server.hpp"

namespace natcheck::serving {
namespace serve_test {

using namespace support;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

enum class pieces { one, bytes };

/// What a client sends, and whether it says goodbye after that or waits for the server to do so.
struct visit {
  std::string bytes;
  pieces sent_as = pieces::one;
  bool says_goodbye = true;
};

asio::awaitable<std::string> pay(endpoint to, visit what) {
  tcp::socket socket = co_await connect(to);
  if (what.sent_as == pieces::bytes) {
    co_await write_bytewise(socket, what.bytes);
  } else {
    co_await write(socket, what.bytes);
  }
  boost::system::error_code ignored;
  if (what.says_goodbye) socket.shutdown(tcp::socket::shutdown_send, ignored);
  co_return co_await read_all(socket);
}

class Serve : public ::testing::Test {
 protected:
  /// Pays a visit; everything that the server said.
  std::string answer_to(visit what) { return loop_.await(pay(server_.ipv4(), std::move(what))); }
  probe_report probe_it(const endpoint& at) {
    probe_options options;
    options.host = at.ip.to_string();
    options.port = at.port;
    return loop_.await(probe(options));
  }

  loop loop_;
  running_server server_{loop_, {}};
};

TEST_F(Serve, IsReached) {
  const auto report = probe_it(server_.ipv4());
  const auto& seen = report.evidence.handshakes.at(0);
  ASSERT_EQ(seen.result, probe_result::reached) << to_string(seen.detail);
  EXPECT_EQ(seen.path, translation::direct);
  EXPECT_EQ(seen.server_version, "0.1.0");
  ASSERT_TRUE(seen.ttl);
  EXPECT_EQ(seen.ttl, report.evidence.visitor_location.ttl) << "no router is between them";
  EXPECT_THAT(seen.echo_rtts, SizeIs(3));
  const auto greeted = server_.wait_for<events::greeted>();
  EXPECT_EQ(greeted.spoken, dialect::natcheck);
  EXPECT_EQ(greeted.peer, seen.seen_as);
  EXPECT_EQ(greeted.bytes, 1600U);
  EXPECT_THAT(greeted.session, ::testing::Not(IsEmpty()));
  EXPECT_EQ(report.judged.rtt.received, 1U);
  EXPECT_THAT(report.evidence.inside, ::testing::ElementsAre(inside_reason::loopback));
}

TEST_F(Serve, WhoNeverAcknowledgedTheAnswerWasNotReached) {
  const endpoint at = server_.ipv4();
  tcp::socket gone(loop_.context());
  gone.connect({at.ip, at.port});
  asio::write(gone, asio::buffer(greeting::plain_question));
  gone.set_option(asio::socket_base::linger(true, 0));
  gone.close();  // with a reset, before the server has read anything
  EXPECT_THAT(to_string(server_.wait_for<events::rejected>().reason),
              HasSubstr("did not acknowledge"));
  EXPECT_THAT(server_.events_of<events::greeted>(), IsEmpty());
}

TEST_F(Serve, WhoSaysGoodbyeBeforeItIsAnsweredIsReached) {
  EXPECT_EQ(answer_to({std::string(greeting::plain_question)}), greeting::plain_reply);
  EXPECT_EQ(server_.wait_for<events::greeted>().spoken, dialect::plain);
}

TEST_F(Serve, IsReachedOverIpv6) {
  const auto report = probe_it(server_.ipv6());
  const auto& seen = report.evidence.handshakes.at(0);
  ASSERT_EQ(seen.result, probe_result::reached) << to_string(seen.detail);
  EXPECT_EQ(seen.seen_as->ip, asio::ip::make_address("::1"));
  EXPECT_EQ(seen.path, translation::direct);
}

TEST_F(Serve, ListensOnBothFamiliesAtOnePort) {
  EXPECT_EQ(server_.ipv4().port, server_.ipv6().port);
  EXPECT_THAT(server_.events_of<events::listening>(), SizeIs(2));
}

TEST_F(Serve, AnswersPlainVisitors) {
  for (const pieces how : {pieces::one, pieces::bytes}) {
    EXPECT_EQ(answer_to({"Hello, server!", how}), "Hello, client!");
  }
  // netcat sends a newline, telnet two characters.
  EXPECT_EQ(answer_to({"Hello, server!\n"}), "Hello, client!");
  EXPECT_EQ(answer_to({"Hello, server!\r\n", pieces::bytes}), "Hello, client!");
  server_.wait_for<events::greeted>(4);
  for (const auto& greeted : server_.events_of<events::greeted>()) {
    EXPECT_EQ(greeted.spoken, dialect::plain);
    EXPECT_EQ(greeted.session, "");
    EXPECT_EQ(greeted.bytes, 0U);
  }
}

TEST_F(Serve, AnswersAPlainVisitorWithoutWaitingForMore) {
  const auto ask = [](endpoint to) -> asio::awaitable<std::string> {
    tcp::socket socket = co_await connect(to);
    co_await write(socket, "Hello, server!");
    co_return co_await read_bytes(socket, 14);
  };
  const endpoint at = server_.ipv4();
  const stopwatch watch;
  EXPECT_EQ(loop_.await(ask(at)), "Hello, client!");
  EXPECT_LT(watch.elapsed(), 1s);
}

TEST_F(Serve, TheStreamIsTheSameInWhateverPieces) {
  const std::string payload("\0\n\r\xff Hello, server!", 19);
  const std::string line = "Hello, server! natcheck/1 session=s1 nonce=n1 echo=19\n" + payload;
  for (const pieces how : {pieces::one, pieces::bytes}) {
    const std::string answer = answer_to({line, how, false});
    greeting::reply_reader reader;
    ASSERT_EQ(reader.feed(answer), greeting::reading::extended) << answer;
    EXPECT_EQ(reader.value().session, "s1");
    EXPECT_EQ(reader.value().nonce, "n1");
    EXPECT_EQ(reader.value().path, std::nullopt) << "it was not told where we connected to";
    EXPECT_EQ(reader.surplus(), payload);
  }
}

TEST_F(Serve, EchoesToTheEndWithoutAnAnnouncedLength) {
  const std::string answer = answer_to({"Hello, server! natcheck/1\nping pong"});
  EXPECT_THAT(answer, ::testing::EndsWith("\nping pong"));
}

TEST_F(Serve, EchoesNoMoreThanWasAnnounced) {
  const std::string answer = answer_to({"Hello, server! natcheck/1 echo=4\nping pong"});
  EXPECT_THAT(answer, ::testing::EndsWith("\nping"));
}

TEST_F(Serve, EchoesNoMoreThanItsLimit) {
  const std::string flood(200'000, 'x');
  const std::string answer = answer_to({"Hello, server! natcheck/1\n" + flood});
  EXPECT_LE(answer.size(), greeting::max_echo + greeting::max_line);
}

TEST_F(Serve, ADamagedExtensionIsAPlainGreeting) {
  const std::string table[] = {"Hello, server! natcheck/1 to=nowhere\n",
                               "Hello, server! natcheck/1 " + std::string(600, 'x')};
  for (const std::string& line : table) {
    for (const pieces how : {pieces::one, pieces::bytes}) {
      EXPECT_EQ(answer_to({line, how}), "Hello, client!") << line.substr(0, 40);
    }
  }
  EXPECT_EQ(server_.wait_for<events::greeted>(4).spoken, dialect::plain);
}

TEST_F(Serve, TurnsStrangersAway) {
  struct {
    std::string said;
    const char* reason;
  } const table[] = {
      {"SSH-2.0-OpenSSH_9.2\r\n", "unknown protocol: SSH-2.0-OpenSSH_9.2\\r\\n"},
      {std::string("\x16\x03\x01\0", 4), "unknown protocol: \\x16\\x03\\x01\\x00"},
      {"hello, server!", "unknown protocol"},
      {"Hello, client!", "unknown protocol"},
      {"Hello", "closed after \"Hello\""},
      {"", "closed without sending data"},
  };
  std::size_t count = 0;
  for (const auto& row : table) {
    EXPECT_EQ(answer_to({row.said}), "") << row.said;
    EXPECT_THAT(to_string(server_.wait_for<events::rejected>(++count).reason),
                HasSubstr(row.reason));
  }
  EXPECT_THAT(server_.events_of<events::greeted>(), IsEmpty());
}

TEST_F(Serve, MegabytesOfGarbageCostNothing) {
  const stopwatch watch;
  for (const char* begin : {"", "Hello, server!", "Hello, server!\n"}) {
    answer_to({begin + std::string(5'000'000, 'x'), pieces::one, false});
  }
  EXPECT_LT(watch.elapsed(), 5s);
  EXPECT_EQ(probe_it(server_.ipv4()).evidence.handshakes.at(0).result, probe_result::reached);
}

TEST_F(Serve, CancellationEndsIt) {
  probe_it(server_.ipv4());
  answer_to({"nonsense"});
  server_.wait_for<events::rejected>();
  server_.wait_for<events::greeted>();
  const auto stopped = server_.stop();
  EXPECT_EQ(stopped.greeted, 1U);
  EXPECT_EQ(stopped.rejected, 1U);
  EXPECT_GT(stopped.uptime.count(), 0);
  EXPECT_TRUE(std::holds_alternative<events::stopped>(server_.all().back().what));
}

TEST_F(Serve, CancellationHangsUpOnWhoeverIsThere) {
  const endpoint at = server_.ipv4();
  std::optional<std::string> read;
  asio::co_spawn(loop_.context(), pay(at, {"Hello", pieces::one, false}),
                 [&](std::exception_ptr, std::string all) { read = std::move(all); });
  EXPECT_EQ(probe_it(at).evidence.handshakes.at(0).result, probe_result::reached);
  const stopwatch watch;
  EXPECT_EQ(server_.stop().rejected, 0U) << "it was not the visitor's fault";
  EXPECT_LT(watch.elapsed(), 1s);
  EXPECT_TRUE(loop_.run_until([&] { return read.has_value(); }));
}

TEST_F(Serve, APortInUseIsUnavailable) {
  serve_options same;
  same.port = server_.ipv4().port;
  running_server second(loop_, same);
  const auto end = second.wait();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().kind, outcome::unavailable);
  EXPECT_THAT(to_string(end.error()), HasSubstr("in use"));
  EXPECT_THAT(second.all(), IsEmpty());
}

TEST(ServeEnds, AfterTheFirstGreetedVisitor) {
  loop events_loop;
  serve_options options;
  options.once = true;
  running_server server(events_loop, options);
  const endpoint at = server.ipv4();
  EXPECT_EQ(events_loop.await(pay(at, {"nonsense"})), "");
  server.wait_for<events::rejected>();
  EXPECT_FALSE(server.ended()) << "that was a stranger";
  EXPECT_EQ(events_loop.await(pay(at, {"Hello, server!"})), "Hello, client!");
  const auto end = server.wait();
  ASSERT_TRUE(end);
  EXPECT_EQ(end->greeted, 1U);
  EXPECT_EQ(end->rejected, 1U);
}

TEST(ServeEnds, WhenItsTimeIsOver) {
  loop events_loop;
  serve_options options;
  options.run_for = 200ms;
  running_server server(events_loop, options);
  const stopwatch watch;
  ASSERT_TRUE(server.wait());
  EXPECT_GE(watch.elapsed(), 150ms);
  EXPECT_LT(watch.elapsed(), 5s);
}

/// Port 5351 of gateway_ip is closed, and NAT-PMP alone is asked: nothing leaves this machine.
serve_options with_a_gateway_that_refuses() {
  serve_options options;
  options.external_port = 1234;
  options.stun_servers.clear();
  options.via = mapping_choice::nat_pmp;
  options.gateway = asio::ip::make_address(gateway_ip);
  options.interface = "lo";
  return options;
}

TEST(ServeMapping, GoesOnWithoutOne) {
  loop events_loop;
  running_server server(events_loop, with_a_gateway_that_refuses());
  const auto failed = server.wait_for<events::map_failed>();
  ASSERT_THAT(failed.evidence.attempts, SizeIs(1));
  EXPECT_EQ(failed.evidence.attempts[0].state, service_state::refused);
  EXPECT_EQ(events_loop.await(pay(server.ipv4(), {"Hello, server!"})), "Hello, client!");
  server.stop();
}

TEST(ServeMapping, EndsWithoutOneWhereItMustHaveOne) {
  loop events_loop;
  auto options = with_a_gateway_that_refuses();
  options.require_map = true;
  running_server server(events_loop, options);
  const auto end = server.wait();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().kind, outcome::refused);
  EXPECT_THAT(server.events_of<events::stopped>(), SizeIs(1));
}

TEST(ServeMapping, AnObserverThatThrowsEndsIt) {
  loop events_loop;
  running_server server(events_loop, with_a_gateway_that_refuses());
  server.on_event([](const serve_event& event) {
    if (std::holds_alternative<events::map_failed>(event.what)) throw std::domain_error("mine");
  });
  EXPECT_THROW(server.wait(), std::domain_error);
  EXPECT_THAT(server.events_of<events::stopped>(), SizeIs(1)) << "it cleaned up all the same";
}

TEST(ServeMapping, NeedsAnInterfaceThatExists) {
  loop events_loop;
  auto options = with_a_gateway_that_refuses();
  options.interface = "nonexistent0";
  running_server server(events_loop, options);
  const auto end = server.wait();
  ASSERT_FALSE(end);
  EXPECT_EQ(end.error().kind, outcome::unavailable);
}

}  // namespace serve_test
}  // namespace natcheck::serving
