#include "server/udp_responder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocols/greeting/codec.hpp"
#include "protocols/greeting/responder.hpp"
#include "support/in_words.hpp"
#include "support/udp_ends.hpp"

namespace natcheck::serving {
namespace udp_responder_test {

using namespace support;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(UdpService, IsReachedByTheProbe) {
  loop events_loop;
  running_udp_responder server(events_loop, {"0.0.0.0"});
  const auto report = events_loop.await(probe(asking(gateway_ip, server.port())));
  EXPECT_THAT(results(report),
              ElementsAre(probe_result::reached, probe_result::reached, probe_result::reached,
                          probe_result::reached, probe_result::reached));
  const auto& seen = report.evidence.handshakes.front();
  EXPECT_EQ(seen.path, translation::direct) << "it answers from the address that was asked";
  EXPECT_EQ(seen.server_instance, "a91e");
  EXPECT_EQ(seen.server_version, "9.9.9");
  ASSERT_TRUE(seen.seen_as);
  EXPECT_EQ(report.judged.rtt.sent, 5U);
  EXPECT_EQ(report.judged.rtt.received, 5U);
  EXPECT_EQ(report.judged.main.code, verdict_code::tested_from_inside);

  ASSERT_THAT(server.greeted, SizeIs(1)) << "one session is one visitor";
  EXPECT_EQ(server.greeted[0].protocol, transport::udp);
  EXPECT_EQ(server.greeted[0].session, report.evidence.session);
  EXPECT_EQ(server.greeted[0].spoken, dialect::natcheck);
  EXPECT_EQ(server.greeted[0].peer, *seen.seen_as);
  EXPECT_GT(server.greeted[0].bytes, 0U);
  EXPECT_THAT(server.arrived, SizeIs(5));
  EXPECT_THAT(server.rejected, IsEmpty());
}

TEST(UdpService, AnswersOverIpv6FromTheSamePort) {
  loop events_loop;
  ASSERT_TRUE(has_ipv6(events_loop.context()));
  running_udp_responder server(events_loop, {"0.0.0.0", "::"});
  for (const char* ip : {"::1", "127.0.0.1"}) {
    const auto report = events_loop.await(probe(asking(ip, server.port())));
    EXPECT_THAT(results(report), Each(probe_result::reached)) << ip;
    EXPECT_EQ(report.evidence.handshakes.front().path, translation::direct) << ip;
  }
  EXPECT_THAT(server.greeted, SizeIs(2));
}

TEST(UdpService, AnswersAPlainSocketFromTheAddressItAsked) {
  loop events_loop;
  running_udp_responder server(events_loop, {"0.0.0.0"});
  plain_client client(events_loop);
  for (const char* ip : {host_ip, gateway_ip, stranger_ip}) {
    EXPECT_EQ(client.ask("Hello, server!", ip, server.port()), "Hello, client!");
    EXPECT_EQ(client.from.address(), asio::ip::make_address(ip));
    EXPECT_EQ(client.from.port(), server.port());
  }
  ASSERT_THAT(server.greeted, SizeIs(1));
  EXPECT_EQ(server.greeted[0].spoken, dialect::plain);
  EXPECT_EQ(server.greeted[0].peer, client.local());
  EXPECT_EQ(server.greeted[0].session, "");
}

TEST(UdpService, TheAnswerOnTheWireIsNeverLonger) {
  loop events_loop;
  running_udp_responder server(events_loop, {"127.0.0.2"});
  plain_client client(events_loop);
  for (std::size_t room = 0; room < 150; room += 7) {
    std::string question = "Hello, server! natcheck/1 session=s seq=" + std::to_string(room);
    for (std::size_t pad = room; pad > 0; pad -= std::min<std::size_t>(pad, 60)) {
      question += " pad=" + std::string(std::min<std::size_t>(pad, 60), '.');
    }
    question += " to=127.0.0.2:" + std::to_string(server.port()) + "\n";
    const auto answer = client.ask(question, gateway_ip, server.port());
    EXPECT_LE(answer.size(), question.size());
    greeting::reply_reader reader;
    EXPECT_EQ(reader.feed(answer), greeting::reading::extended) << answer;
    EXPECT_EQ(reader.value().seq, room);
  }
}

TEST(UdpService, SaysNothingToRubbishAndTellsOfItOnce) {
  loop events_loop;
  running_udp_responder server(events_loop, {"127.0.0.2"});
  plain_client client(events_loop);
  for (const std::string& rubbish :
       {std::string("GET / HTTP/1.1\r\n\r\n"), std::string("Hello, client!"), std::string(),
        std::string(5000, 'x'), std::string("Hello, server! natcheck/1 echo=9\nshort")}) {
    client.send(rubbish, gateway_ip, server.port());
  }
  EXPECT_EQ(client.ask("Hello, server!", gateway_ip, server.port()), "Hello, client!")
      << "the first answer is that to the first question";
  ASSERT_THAT(server.rejected, SizeIs(1));
  EXPECT_EQ(server.rejected[0].protocol, transport::udp);
  EXPECT_EQ(server.rejected[0].peer, client.local());
  EXPECT_THAT(to_string(server.rejected[0].reason), HasSubstr("GET / HTTP/1.1\\r\\n"));
  EXPECT_THAT(server.arrived, SizeIs(6)) << "all of them got through";
}

TEST(UdpService, DoesNotAnswerABroadcast) {
  loop events_loop;
  running_udp_responder server(events_loop, {"0.0.0.0"});
  udp::socket shouting(events_loop.context(), {asio::ip::make_address(host_ip), 0});
  shouting.set_option(asio::socket_base::broadcast(true));
  shouting.send_to(asio::buffer(std::string("Hello, server!")),
                   {asio::ip::make_address("127.255.255.255"), server.port()});
  plain_client client(events_loop);
  EXPECT_EQ(client.ask("Hello, server!", host_ip, server.port()), "Hello, client!");
  EXPECT_THAT(server.arrived, ElementsAre(client.local()));
}

TEST(UdpService, LimitsWhatOneAddressGets) {
  loop events_loop;
  running_udp_responder server(events_loop, {"127.0.0.2"});
  plain_client greedy(events_loop);
  const unsigned limit = greeting::responder::answers_to_site;
  // On a slow machine a second may pass, and the count begins anew.
  for (unsigned sent = 1; sent < 20 * limit && server.rejected.empty(); ++sent) {
    greedy.send("Hello, server!", gateway_ip, server.port());
    if (sent % 50 == 0) events_loop.run_until([&] { return server.arrived.size() >= sent; });
  }
  plain_client modest(events_loop, stranger_ip);
  EXPECT_EQ(modest.ask("Hello, server!", gateway_ip, server.port()), "Hello, client!");
  EXPECT_THAT(server.rejected, Contains(::testing::Field(&events::rejected::reason,
                                                         InWords(HasSubstr("rate limit")))));
}

TEST(UdpService, EndsWhenItIsClosedOrCancelled) {
  loop events_loop;
  running_udp_responder closed(events_loop, {"127.0.0.2", "127.0.0.3"});
  closed.stop();
  EXPECT_TRUE(closed.ended);
  EXPECT_FALSE(closed.cancelled);
  running_udp_responder cancelled(events_loop, {"127.0.0.2", "127.0.0.3"});
  events_loop.run_until([] { return true; });
  plain_client client(events_loop);
  client.ask("Hello, server!", gateway_ip, cancelled.port());
  cancelled.cancel.emit(asio::cancellation_type::terminal);
  EXPECT_TRUE(events_loop.run_until([&] { return cancelled.ended; }));
  EXPECT_TRUE(cancelled.cancelled);
}

TEST(UdpService, APortThatIsTakenIsAFailure) {
  loop events_loop;
  running_udp_responder first(events_loop, {"127.0.0.2"});
  udp_responder second(events_loop.context().get_executor(), {"b", "1"}, {});
  const auto failed = second.listen({asio::ip::make_address("127.0.0.2"), first.port()});
  ASSERT_TRUE(failed);
  EXPECT_EQ(failed->kind, outcome::unavailable);
  EXPECT_THAT(to_string(*failed), HasSubstr("(UDP)"));
  EXPECT_THAT(to_string(*failed), HasSubstr("ss -lnup"));
  const auto nowhere = second.listen({asio::ip::make_address("192.0.2.1"), 0});
  ASSERT_TRUE(nowhere);
  EXPECT_EQ(nowhere->kind, outcome::unreachable) << "an address that this machine does not have";
}

}  // namespace udp_responder_test
}  // namespace natcheck::serving
