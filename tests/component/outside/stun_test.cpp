#include "outside/stun.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include "support/stun_server.hpp"

namespace natcheck::outside {
namespace stun_test {

using namespace support;
using ::testing::HasSubstr;

class Stun : public ::testing::Test {
 protected:
  std::vector<stun_evidence> ask(std::vector<support::stun_server*> servers,
                                 milliseconds limit = 60s) {
    std::vector<outside::stun_server> known;
    for (const auto* each : servers) known.push_back(as_known(each->primary()));
    return ask_known(std::move(known), limit);
  }
  std::vector<stun_evidence> ask_known(std::vector<outside::stun_server> servers,
                                       milliseconds limit = 60s) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    return loop_.await(survey(std::move(servers), from_, options_, deadline));
  }

  static outside::stun_server as_known(const endpoint& at) {
    outside::stun_server server;
    server.name = to_string(at);
    server.port = at.port;
    server.addresses = {at.ip};
    return server;
  }

  loop loop_;
  egress_routes from_{net::source{asio::ip::make_address(host_ip), ""}, std::nullopt};
  survey_options options_;
};

const stun_evidence& over_tcp(const std::vector<stun_evidence>& seen, std::size_t number = 0) {
  for (const auto& each : seen) {
    if (each.protocol == transport::tcp && number-- == 0) return each;
  }
  throw std::runtime_error("not over TCP");
}

TEST_F(Stun, AnswersAreEvidence) {
  support::stun_server server(loop_.context());
  const stopwatch watch;
  const auto seen = ask({&server});
  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0].state, service_state::answered) << to_string(seen[0].detail);
  EXPECT_EQ(seen[0].server, to_string(server.primary()));
  EXPECT_EQ(seen[0].address, server.primary());
  EXPECT_EQ(seen[0].family, 4U);
  EXPECT_EQ(seen[0].protocol, transport::udp);
  ASSERT_TRUE(seen[0].local);
  EXPECT_EQ(seen[0].local->ip, asio::ip::make_address(host_ip));
  EXPECT_EQ(seen[0].seen_as, seen[0].local);
  EXPECT_EQ(seen[0].other_address, server.other());
  EXPECT_FALSE(seen[0].rewritten_as);
  EXPECT_EQ(seen[0].attempts, 1);
  ASSERT_TRUE(seen[0].rtt);
  EXPECT_EQ(seen[1].protocol, transport::tcp);
  EXPECT_EQ(seen[1].state, service_state::not_tried);
  EXPECT_EQ(to_string(seen[1].detail), "not needed: UDP answered");
  EXPECT_LT(watch.elapsed(), 200ms);
}

TEST_F(Stun, AllServersSeeTheSameSocket) {
  support::stun_server a(loop_.context());
  support::stun_server b(loop_.context());
  const auto seen = ask({&a, &b});
  EXPECT_EQ(seen[0].local, seen[2].local) << "so that what they saw can be compared";
  EXPECT_EQ(seen[2].state, service_state::answered) << to_string(seen[2].detail);
  EXPECT_NE(a.requests()[0].id, b.requests()[0].id);
}

TEST_F(Stun, TranslationIsSeen) {
  support::stun_server server(loop_.context(), {nat_behavior::endpoint_independent});
  const auto seen = ask({&server});
  ASSERT_TRUE(seen[0].seen_as);
  EXPECT_EQ(seen[0].seen_as->ip, asio::ip::make_address(nat_ip));
}

TEST_F(Stun, RewrittenAddressesAreSeen) {
  support::stun_server server(loop_.context());
  server.rewritten_mapped = parse_endpoint("10.1.2.3:4", 0);
  const auto seen = ask({&server});
  EXPECT_EQ(seen[0].seen_as, seen[0].local);
  EXPECT_EQ(seen[0].rewritten_as, server.rewritten_mapped);
}

TEST_F(Stun, ADeadServerDelaysNobody) {
  support::stun_server dead(loop_.context());
  support::stun_server live(loop_.context());
  dead.silent = true;
  const stopwatch watch;
  const auto seen = ask({&dead, &live});
  EXPECT_LT(watch.elapsed(), 240ms);
  EXPECT_EQ(seen[0].state, service_state::not_tried);
  EXPECT_THAT(to_string(seen[0].detail), HasSubstr("not needed"));
  EXPECT_EQ(seen[2].state, service_state::answered);
}

TEST_F(Stun, ASlowerOneIsKept) {
  support::stun_server slow(loop_.context());
  support::stun_server fast(loop_.context());
  slow.delay = 20ms;
  const auto seen = ask({&slow, &fast});
  EXPECT_EQ(seen[0].state, service_state::answered) << to_string(seen[0].detail);
  EXPECT_GE(seen[0].rtt, millis(20));
}

TEST_F(Stun, AClosedPortIsARefusalAtOnce) {
  support::stun_server live(loop_.context());
  const endpoint closed{asio::ip::make_address("127.0.0.11"),
                        closed_udp_port(loop_.context(), "127.0.0.11")};
  const stopwatch watch;
  const auto seen = ask_known({as_known(closed), as_known(live.primary()), as_known(closed)});
  EXPECT_EQ(seen[0].state, service_state::refused) << to_string(seen[0].detail);
  EXPECT_THAT(to_string(seen[0].detail), HasSubstr("nothing listens"));
  EXPECT_EQ(seen[4].state, service_state::refused) << to_string(seen[4].detail);
  EXPECT_EQ(seen[2].state, service_state::answered) << "an error about one is none about another";
  EXPECT_LT(watch.elapsed(), 240ms);
}

TEST_F(Stun, ErrorsAreRefusals) {
  support::stun_server server(loop_.context());
  server.refuses = 500;
  const auto seen = ask({&server});
  EXPECT_EQ(seen[0].state, service_state::refused);
  EXPECT_EQ(to_string(seen[0].detail), "it answered with error 500 (no)");
  EXPECT_FALSE(seen[0].seen_as);
}

TEST_F(Stun, GarbageMayBeFollowedBySense) {
  support::stun_server server(loop_.context());
  server.garbage_first = "HTTP/1.1 400 Bad Request";
  EXPECT_EQ(ask({&server})[0].state, service_state::answered);
}

TEST_F(Stun, RequestsAreRepeatedWithTheSameTransaction) {
  int count = 0;
  std::vector<std::string> ids;
  std::vector<milliseconds> times;
  const stopwatch watch;
  udp_peer peer(loop_.context(), "127.0.0.11",
                [&](udp_peer& self, const std::string& request, const udp::endpoint& from) {
                  ids.push_back(request.substr(8, 12));
                  times.push_back(watch.elapsed());
                  if (++count < 2) return;
                  self.send(std::string("\x01\x01\x00\x0c\x21\x12\xa4\x42", 8) +
                                request.substr(8, 12) +
                                std::string("\x00\x01\x00\x08\x00\x01\x01\x02\x05\x05\x05\x05", 12),
                            from);
                });
  const auto seen = ask_known({as_known({asio::ip::make_address("127.0.0.11"), peer.port()})});
  EXPECT_EQ(seen[0].state, service_state::answered);
  EXPECT_EQ(seen[0].seen_as, parse_endpoint("5.5.5.5:258", 0)) << "by MAPPED-ADDRESS alone";
  EXPECT_EQ(seen[0].attempts, 2);
  ASSERT_EQ(ids.size(), 2U);
  EXPECT_EQ(ids[0], ids[1]);
  EXPECT_GE(times[1] - times[0], 245ms);
}

TEST_F(Stun, AnswersFromElsewhereAreNone) {
  support::stun_server asked(loop_.context());
  asked.silent = true;
  udp::socket stranger(loop_.context(), {asio::ip::make_address(stranger_ip), 0});
  udp_peer relay(
      loop_.context(), "127.0.0.11",
      [&](udp_peer&, const std::string& request, const udp::endpoint& from) {
        stranger.send_to(
            asio::buffer(std::string("\x01\x01\x00\x0c\x21\x12\xa4\x42", 8) +
                         request.substr(8, 12) +
                         std::string("\x00\x01\x00\x08\x00\x01\x01\x02\x05\x05\x05\x05", 12)),
            from);
      });
  const auto seen =
      ask_known({as_known({asio::ip::make_address("127.0.0.11"), relay.port()})}, 400ms);
  EXPECT_EQ(seen[0].state, service_state::not_tried) << "cut off by the time limit";
  EXPECT_FALSE(seen[0].seen_as);
}

/// A STUN server over TCP alone: its UDP port is somebody silent.
class StunTcp : public Stun {
 protected:
  /// `talk` gets the request's transaction id.
  std::vector<stun_evidence> ask_tcp(
      std::function<asio::awaitable<void>(tcp::socket&, std::string)> talk) {
    udp_peer silent(loop_.context(), "127.0.0.11", {});
    tcp::acceptor acceptor(loop_.context(), {asio::ip::make_address("127.0.0.11"), silent.port()});
    asio::co_spawn(loop_.context(), serve(acceptor, std::move(talk)), [](std::exception_ptr) {});
    return ask_known({as_known({asio::ip::make_address("127.0.0.11"), silent.port()})});
  }

  static std::string answer(const std::string& id) {
    return std::string("\x01\x01\x00\x0c\x21\x12\xa4\x42", 8) + id +
           std::string("\x00\x01\x00\x08\x00\x01\x01\x02\x05\x05\x05\x05", 12);
  }

 private:
  static asio::awaitable<void> serve(
      tcp::acceptor& acceptor,
      std::function<asio::awaitable<void>(tcp::socket&, std::string)> talk) {
    tcp::socket socket = co_await acceptor.async_accept(asio::use_awaitable);
    const std::string request = co_await read_bytes(socket, 20);
    co_await talk(socket, request.substr(8, 12));
  }
};

TEST_F(StunTcp, StandsInWhereUdpIsSilent) {
  const stopwatch watch;
  const auto seen = ask_tcp([](tcp::socket& socket, std::string id) -> asio::awaitable<void> {
    co_await write_bytewise(socket, answer(id));
    co_await wait_for_goodbye(socket);
  });
  EXPECT_EQ(over_tcp(seen).state, service_state::answered) << to_string(over_tcp(seen).detail);
  EXPECT_EQ(over_tcp(seen).seen_as, parse_endpoint("5.5.5.5:258", 0));
  ASSERT_TRUE(over_tcp(seen).local);
  EXPECT_EQ(over_tcp(seen).local->ip, asio::ip::make_address(host_ip));
  ASSERT_TRUE(over_tcp(seen).rtt);
  EXPECT_EQ(seen[0].state, service_state::silent) << "proven by its whole schedule";
  EXPECT_GE(watch.elapsed(), 1745ms);
  EXPECT_LT(watch.elapsed(), 1950ms);
}

TEST_F(StunTcp, SomethingElseListens) {
  const auto seen = ask_tcp([](tcp::socket& socket, std::string) -> asio::awaitable<void> {
    co_await write(socket, "SSH-2.0-OpenSSH_9.2p1 Debian\r\n");
    co_await wait_for_goodbye(socket);
  });
  EXPECT_EQ(over_tcp(seen).state, service_state::malformed);
  EXPECT_THAT(to_string(over_tcp(seen).detail), HasSubstr("not a STUN"));
}

TEST_F(StunTcp, HangsUp) {
  const auto seen = ask_tcp([](tcp::socket& socket, std::string id) -> asio::awaitable<void> {
    co_await write(socket, answer(id).substr(0, 25));
  });
  EXPECT_EQ(over_tcp(seen).state, service_state::refused);
  EXPECT_THAT(to_string(over_tcp(seen).detail), HasSubstr("closed the connection"));
}

TEST_F(Stun, NothingAnswersAtAll) {
  support::stun_server silent(loop_.context());
  silent.silent = true;
  const stopwatch watch;
  const auto seen = ask({&silent});
  EXPECT_EQ(seen[0].state, service_state::silent);
  EXPECT_EQ(to_string(seen[0].detail), "no answer to 3 requests in 1750 ms");
  EXPECT_EQ(over_tcp(seen).state, service_state::refused) << "nothing listens there";
  EXPECT_LT(watch.elapsed(), 1950ms);
}

TEST_F(Stun, WaitsForASecondAddressWhereOneIsWanted) {
  options_.wants_other_address = true;
  support::stun_server plain(loop_.context());
  plain.names_other = false;
  support::stun_server whole(loop_.context());
  whole.delay = 150ms;
  const auto seen = ask({&plain, &whole});
  EXPECT_EQ(seen[2].state, service_state::answered) << to_string(seen[2].detail);
  EXPECT_EQ(seen[2].other_address, whole.other());
}

TEST_F(Stun, AnAddressThatIsNotOursIsToldOf) {
  from_.ipv4->local = asio::ip::make_address("192.0.2.1");
  support::stun_server server(loop_.context());
  const auto seen = ask({&server});
  EXPECT_EQ(seen[0].state, service_state::not_tried);
  EXPECT_THAT(to_string(seen[0].detail), HasSubstr("not have that address"));
  EXPECT_EQ(over_tcp(seen).state, service_state::not_tried);
}

TEST_F(Stun, Cancelled) {
  support::stun_server silent(loop_.context());
  silent.silent = true;
  asio::cancellation_signal stop;
  bool ended = false;
  asio::co_spawn(loop_.context(),
                 survey({as_known(silent.primary())}, from_, {}, net::steady_time::max()),
                 asio::bind_cancellation_slot(
                     stop.slot(), [&](std::exception_ptr fault, std::vector<stun_evidence>) {
                       EXPECT_TRUE(fault);
                       ended = true;
                     }));
  ASSERT_TRUE(loop_.run_until([&] { return !silent.requests().empty(); }));
  const stopwatch watch;
  stop.emit(asio::cancellation_type::terminal);
  ASSERT_TRUE(loop_.run_until([&] { return ended; }));
  EXPECT_LT(watch.elapsed(), 200ms);
}

TEST_F(Stun, ServersByNameAndByAddress) {
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  std::vector<std::string> names{"localhost:99", "9.9.0.1", "[2620::1]:7", "no.such.host.invalid"};
  const stopwatch watch;
  const auto found = loop_.await(find_servers(std::move(names), deadline));
  ASSERT_EQ(found.size(), 4U);
  EXPECT_EQ(found[0].name, "localhost:99");
  EXPECT_EQ(found[0].port, 99);
  // A name is to lead outside; who names an address means it.
  EXPECT_THAT(found[0].addresses, ::testing::IsEmpty());
  EXPECT_THAT(found[0].diverted_to, ::testing::Contains(asio::ip::make_address("127.0.0.1")));
  EXPECT_EQ(found[1].name, "9.9.0.1:3478");
  EXPECT_THAT(found[1].addresses, ::testing::ElementsAre(asio::ip::make_address("9.9.0.1")));
  EXPECT_EQ(found[2].name, "[2620::1]:7");
  EXPECT_THAT(found[3].addresses, ::testing::IsEmpty());
  EXPECT_FALSE(found[3].why_not.empty());
  EXPECT_LT(watch.elapsed(), 1s) << "nobody is waited for once one is known";
}

TEST_F(Stun, WhoIsNamedByAnAddressThatIsNearIsAskedThere) {
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  std::vector<std::string> names{"127.0.0.1:99", "192.168.1.2", "[::1]:7"};
  const auto found = loop_.await(find_servers(std::move(names), deadline));
  for (const auto& server : found) {
    EXPECT_TRUE(server.is_literal);
    EXPECT_THAT(server.addresses, ::testing::SizeIs(1));
    EXPECT_THAT(server.diverted_to, ::testing::IsEmpty());
  }
}

TEST(Diversion, IsToWhatNoServerOutsideCanHave) {
  for (const char* near : {"0.0.0.0", "127.0.0.1", "169.254.1.1", "10.1.1.1", "192.168.1.1",
                           "::", "::1", "fe80::1", "fd00::1", "::ffff:0.0.0.0"}) {
    EXPECT_TRUE(cannot_be_outside(asio::ip::make_address(near))) << near;
  }
  for (const char* outside : {"9.9.0.7", "2620::1", "64:ff9b::909:7", "198.18.0.7", "100.64.0.1"}) {
    EXPECT_FALSE(cannot_be_outside(asio::ip::make_address(outside))) << outside;
  }
}

TEST_F(Stun, ANameThatIsDivertedIsNotAskedAndTold) {
  outside::stun_server diverted;
  diverted.name = "stun.example.org:3478";
  diverted.diverted_to = {asio::ip::make_address("0.0.0.0"), asio::ip::make_address("::")};
  const auto seen = ask_known({diverted});
  ASSERT_EQ(seen.size(), 2U);
  for (const auto& each : seen) {
    EXPECT_EQ(each.state, service_state::not_tried);
    EXPECT_EQ(each.attempts, 0);
    EXPECT_FALSE(each.address);
    EXPECT_TRUE(each.diverted_to && each.diverted_to->is_unspecified());
    EXPECT_THAT(to_string(each.detail), HasSubstr("which is not on the Internet"));
  }
}

}  // namespace stun_test
}  // namespace natcheck::outside
