#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <natcheck/probe.hpp>

#include "protocols/greeting/codec.hpp"
#include "support/peers.hpp"

namespace natcheck::probing {
namespace probe_test {

using namespace support;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;
using session = tcp_peer::session;

probe_options options_for(const tcp_peer& server) {
  probe_options options;
  options.host = gateway_ip;
  options.port = server.port();
  return options;
}

/// What a natcheck server would send; a test may spoil it.
struct natcheck_answer {
  greeting::reply line;
  std::string echo;
};

/// Answers like a natcheck server, but for what `spoil` does to the answer; then hangs up.
session natcheck_server(std::function<void(natcheck_answer&)> spoil) {
  return [spoil](tcp::socket& socket) -> asio::awaitable<void> {
    greeting::question_reader reader;
    reader.feed(co_await read_until(socket, "\n"));
    const auto& question = reader.value();
    natcheck_answer answer;
    answer.echo = std::string(reader.surplus());
    answer.echo += co_await read_bytes(socket, *question.echo - answer.echo.size());
    answer.line.session = question.session;
    answer.line.nonce = question.nonce;
    answer.line.version = "9.9.9";
    spoil(answer);
    co_await write(socket, greeting::encode(answer.line) + answer.echo);
  };
}

/// Reads, says `bytes`, and hangs up.
session says(std::string bytes) {
  return [bytes](tcp::socket& socket) -> asio::awaitable<void> {
    co_await read_some(socket);
    co_await write(socket, bytes);
  };
}

/// Reads, says `bytes`, and stays.
session says_and_stays(std::string bytes) {
  return [bytes](tcp::socket& socket) -> asio::awaitable<void> {
    co_await read_some(socket);
    co_await write(socket, bytes);
    co_await wait_for_goodbye(socket);
  };
}

/// Knows the bare question alone, and does `otherwise` with anything else.
session strict_plain_server(session otherwise) {
  return [otherwise](tcp::socket& socket) -> asio::awaitable<void> {
    const std::string said = co_await read_some(socket);
    if (said == "Hello, server!") {
      co_await write(socket, "Hello, client!");
    } else {
      co_await otherwise(socket);
    }
  };
}

asio::awaitable<void> hang_up(tcp::socket&) { co_return; }
asio::awaitable<void> stay(tcp::socket& socket) { co_await wait_for_goodbye(socket); }
asio::awaitable<void> tear_down(tcp::socket& socket) {
  co_await read_some(socket);
  reset(socket);
}

struct server_case {
  const char* what;
  session server;
  probe_result result;
  const char* detail;
};

std::vector<server_case> servers() {
  return {
      {"plain, closes", says("Hello, client!"), probe_result::reached_plain, ""},
      {"plain, stays", says_and_stays("Hello, client!"), probe_result::reached_plain, ""},
      {"plain, with a newline", says("Hello, client!\n"), probe_result::reached_plain, ""},
      {"strict, closes", strict_plain_server(hang_up), probe_result::reached_plain, ""},
      {"strict, silent", strict_plain_server(stay), probe_result::reached_plain, ""},
      {"strict, resets", strict_plain_server(tear_down), probe_result::reached_plain, ""},
      {"silent", stay, probe_result::silent, "no greeting in 3.0 s"},
      {"closes when all was read",
       [](tcp::socket& socket) -> asio::awaitable<void> {
         const std::string question = co_await read_until(socket, "\n");
         const auto rest = question.substr(question.find('\n') + 1).size();
         co_await read_bytes(socket, 1600 - std::min<std::size_t>(rest, 1600));
       },
       probe_result::silent, "closed the connection without sending data"},
      {"reset", tear_down, probe_result::reset, "was reset"},
      {"ssh", says_and_stays("SSH-2.0-OpenSSH_9.2\r\n"), probe_result::other_service,
       "SSH-2.0-OpenSSH_9.2\\r\\n"},
      {"binary", says(std::string("\x16\x03\x01\0\x1b[2J", 8)), probe_result::other_service,
       "\\x16\\x03\\x01\\x00\\x1b[2J"},
      {"a few bytes", says("Hello"), probe_result::other_service, "Hello"},
      {"another nonce", natcheck_server([](auto& a) { a.line.nonce = "stale"; }),
       probe_result::other_service, "nonce=stale"},
      {"another session", natcheck_server([](auto& a) { a.line.session = "stale"; }),
       probe_result::other_service, "session=stale"},
      {"intact", natcheck_server([](auto&) {}), probe_result::reached, ""},
      {"one bit", natcheck_server([](auto& a) { a.echo[700] ^= 1; }), probe_result::corrupted,
       "after"},
      {"a byte too much", natcheck_server([](auto& a) { a.echo += 'x'; }), probe_result::corrupted,
       "after"},
      {"a byte too few", natcheck_server([](auto& a) { a.echo.pop_back(); }), probe_result::reset,
       "only 1599 of 1600 bytes"},
      {"no echo", natcheck_server([](auto& a) { a.echo.clear(); }), probe_result::reset,
       "only 0 of 1600 bytes"},
      {"greeting cut", says("Hello, client! natcheck/1 session="), probe_result::corrupted,
       "is incomplete"},
      {"greeting damaged", says("Hello, client! natcheck/1 seen=nowhere\n"),
       probe_result::corrupted, "an invalid value of seen"},
      {"greeting endless", says("Hello, client! natcheck/1 a=" + std::string(900'000, 'x')),
       probe_result::corrupted, "longer than 512 bytes"},
  };
}

TEST(Probe, TellsServersApart) {
  loop events_loop;
  const auto table = servers();
  std::vector<std::unique_ptr<tcp_peer>> peers;
  std::vector<asio::awaitable<probe_report>> probes;
  for (const server_case& row : table) {
    peers.push_back(std::make_unique<tcp_peer>(events_loop.context(), gateway_ip, row.server));
    probes.push_back(probe(options_for(*peers.back())));
  }
  const stopwatch watch;
  const auto reports = events_loop.await_all(std::move(probes));
  EXPECT_LT(watch.elapsed(), 12s);
  for (std::size_t i = 0; i < table.size(); ++i) {
    ASSERT_THAT(reports[i].evidence.handshakes, SizeIs(1));
    const auto& seen = reports[i].evidence.handshakes[0];
    EXPECT_EQ(seen.result, table[i].result) << table[i].what << ": " << to_string(seen.detail);
    EXPECT_THAT(to_string(seen.detail), HasSubstr(table[i].detail)) << table[i].what;
    EXPECT_TRUE(seen.timing.connect) << table[i].what;
    EXPECT_LE(peers[i]->connections(), 3) << table[i].what;
    const bool stale = std::string(table[i].what).starts_with("another");
    EXPECT_EQ(seen.wrong_identity, stale) << table[i].what;
  }
}

TEST(Probe, SaysWhatItReached) {
  loop events_loop;
  tcp_peer server(events_loop.context(), gateway_ip, natcheck_server([](natcheck_answer& answer) {
                    answer.line.seen = endpoint{asio::ip::make_address("9.9.0.7"), 51820};
                    answer.line.path = translation::mapped;
                    answer.line.instance = "a91e";
                  }));
  const auto report = events_loop.await(probe(options_for(server)));
  const auto& seen = report.evidence.handshakes.at(0);
  EXPECT_EQ(seen.result, probe_result::reached) << to_string(seen.detail);
  EXPECT_EQ(seen.seen_as, (endpoint{asio::ip::make_address("9.9.0.7"), 51820}));
  EXPECT_EQ(seen.path, translation::mapped);
  EXPECT_EQ(seen.server_instance, "a91e");
  EXPECT_EQ(seen.server_version, "9.9.9");
  EXPECT_THAT(seen.echo_rtts, SizeIs(3));
  EXPECT_EQ(report.evidence.address->port, server.port());
}

TEST(Probe, ThePatienceWithAPlainServerIsNotItsRoundTrip) {
  loop events_loop;
  tcp_peer server(events_loop.context(), gateway_ip, says_and_stays("Hello, client!"));
  const auto report = events_loop.await(probe(options_for(server)));
  const auto& timing = report.evidence.handshakes.at(0).timing;
  EXPECT_EQ(report.evidence.handshakes.at(0).result, probe_result::reached_plain);
  EXPECT_GE(timing.total, 100ms) << "it waits for the rest of a longer answer";
  EXPECT_LT(*timing.greeting, 90ms);
}

TEST(Probe, ClosedPortIsRefusedAtOnce) {
  loop events_loop;
  probe_options options;
  options.host = gateway_ip;
  options.port = closed_tcp_port(events_loop.context(), gateway_ip);
  const stopwatch watch;
  const auto report = events_loop.await(probe(options));
  EXPECT_EQ(report.evidence.handshakes.at(0).result, probe_result::refused);
  EXPECT_EQ(report.judged.main.code, verdict_code::refused);
  EXPECT_LT(watch.elapsed(), 1s);
}

TEST(Probe, NameWithoutAnAddressIsUnresolved) {
  loop events_loop;
  probe_options options;
  options.host = "no-such-host.invalid";  // RFC 6761 section 6.4: never has one
  options.timeout = 3s;
  const stopwatch watch;
  const auto report = events_loop.await(probe(options));
  EXPECT_EQ(report.evidence.handshakes.at(0).result, probe_result::unresolved);
  EXPECT_FALSE(report.evidence.address);
  EXPECT_EQ(report.evidence.target, "no-such-host.invalid:1234");
  EXPECT_LT(watch.elapsed(), 5s);
}

TEST(Probe, NamesAreTriedAddressByAddress) {
  loop events_loop;
  tcp_peer server(events_loop.context(), host_ip, natcheck_server([](auto&) {}));
  probe_options options;
  options.host = "localhost";  // ::1 too, where nobody listens
  options.port = server.port();
  const auto seen = events_loop.await(probe(options)).evidence;
  EXPECT_TRUE(seen.address) << to_string(seen.handshakes.at(0).detail);
}

TEST(Probe, EachAddressOfANameHasAResult) {
  loop events_loop;
  if (!has_ipv6(events_loop.context())) GTEST_SKIP() << "this machine has no ::1";
  tcp_peer server(events_loop.context(), host_ip, natcheck_server([](auto&) {}));
  probe_options options;
  options.host = "localhost";
  options.port = server.port();
  const auto report = events_loop.await(probe(options));
  EXPECT_EQ(report.judged.main.code, verdict_code::tested_from_inside);
  EXPECT_EQ(report.evidence.address->ip, asio::ip::make_address(host_ip));
  for (const auto& one : report.evidence.attempts) {
    const auto wanted = one.ip.is_v4() ? probe_result::reached : probe_result::refused;
    EXPECT_EQ(one.handshake.result, wanted) << one.ip;
  }
}

/// Echoes small packets alone, as a link with a small MTU does where ICMP is dropped.
asio::awaitable<void> echo_small(tcp::socket& socket) {
  greeting::question_reader reader;
  reader.feed(co_await read_until(socket, "\n"));
  const auto& question = reader.value();
  const std::size_t came = reader.surplus().size();
  std::string payload(reader.surplus());
  payload += co_await read_bytes(socket, *question.echo - came);
  greeting::reply line{question.session, question.nonce, {}, "a91e", "9.9.9", {}};
  if (payload.size() > 64) payload.clear();
  const std::string answer = greeting::encode(line) + payload;
  co_await write(socket, answer);
  co_await wait_for_goodbye(socket);
}

TEST(Probe, LargePacketsThatVanishAreNoAlteredBytes) {
  loop events_loop;
  tcp_peer server(events_loop.context(), gateway_ip, echo_small);
  const auto report = events_loop.await(probe(options_for(server)));
  const auto& seen = report.evidence.handshakes.at(0);
  EXPECT_EQ(seen.result, probe_result::timed_out) << to_string(seen.detail);
  EXPECT_TRUE(seen.large_lost);
  EXPECT_THAT(to_string(seen.detail), HasSubstr("only 0 of 1600 bytes"));
  EXPECT_EQ(server.connections(), 2);
}

TEST(Probe, AGreetingLostWithItsEchoIsNotThatOfAPlainGreeter) {
  loop events_loop;
  int connection = 0;
  const session whole = natcheck_server([](auto&) {});
  const session server_behind_a_small_mtu = [&](tcp::socket& socket) -> asio::awaitable<void> {
    ++connection;
    if (connection == 2) co_await write(socket, "Hello, client!");
    if (connection == 3) co_await whole(socket);
    co_await wait_for_goodbye(socket);
  };
  tcp_peer server(events_loop.context(), gateway_ip, server_behind_a_small_mtu);
  auto options = options_for(server);
  options.timeout = 10s;
  const auto report = events_loop.await(probe(options));
  const auto& seen = report.evidence.handshakes.at(0);
  EXPECT_EQ(seen.result, probe_result::timed_out) << to_string(seen.detail);
  EXPECT_TRUE(seen.large_lost);
  EXPECT_EQ(report.judged.main.code, verdict_code::timed_out);
}

TEST(Probe, AServerThatNeverEchoesHasNoMtu) {
  loop events_loop;
  const session server_without_echo = [](tcp::socket& socket) -> asio::awaitable<void> {
    greeting::question_reader reader;
    reader.feed(co_await read_until(socket, "\n"));
    const auto& question = reader.value();
    greeting::reply line{question.session, question.nonce, {}, "a91e", "9.9.9", {}};
    co_await write(socket, greeting::encode(line));
    co_await wait_for_goodbye(socket);
  };
  tcp_peer server(events_loop.context(), gateway_ip, server_without_echo);
  auto options = options_for(server);
  options.timeout = 3s;
  const auto report = events_loop.await(probe(options));
  EXPECT_EQ(report.evidence.handshakes.at(0).result, probe_result::timed_out);
  EXPECT_FALSE(report.evidence.handshakes.at(0).large_lost);
}

TEST(Probe, WithoutADescriptorNobodyElseIsJudged) {
  loop events_loop;
  tcp_peer server(events_loop.context(), gateway_ip, natcheck_server([](auto&) {}));
  auto options = options_for(server);
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none{0, before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &none);
  const auto report = events_loop.await(probe(options));
  ::setrlimit(RLIMIT_NOFILE, &before);
  EXPECT_TRUE(report.evidence.handshakes.at(0).machine_fault);
  EXPECT_EQ(report.judged.main.code, verdict_code::inconclusive);
  EXPECT_THAT(report.judged.main.summary, HasSubstr("too many connections open"));
}

TEST(Probe, CountsWhatWasLost) {
  loop events_loop;
  int connection = 0;
  const session good = natcheck_server([](auto&) {});
  const session bad = says("SSH-2.0-OpenSSH_9.2\r\n");
  tcp_peer server(events_loop.context(), gateway_ip, [&](tcp::socket& socket) {
    return ++connection == 2 ? bad(socket) : good(socket);
  });
  auto options = options_for(server);
  options.count = 3;
  std::vector<probe_result> progress;
  const auto report = events_loop.await(
      probe(options, [&](const handshake_evidence& seen) { progress.push_back(seen.result); }));
  EXPECT_THAT(progress, ElementsAre(probe_result::reached, probe_result::other_service,
                                    probe_result::reached));
  EXPECT_THAT(report.evidence.handshakes, SizeIs(3));
  EXPECT_EQ(report.judged.rtt.sent, 3U);
  EXPECT_EQ(report.judged.rtt.received, 2U);
  ASSERT_TRUE(report.judged.rtt.min && report.judged.rtt.avg && report.judged.rtt.max);
  EXPECT_LE(*report.judged.rtt.min, *report.judged.rtt.avg);
  EXPECT_LE(*report.judged.rtt.avg, *report.judged.rtt.max);
  EXPECT_EQ(report.judged.main.code, verdict_code::unstable);
}

TEST(Probe, EndsInTimeWhateverTheServerDoes) {
  loop events_loop;
  tcp_peer server(events_loop.context(), gateway_ip, stay);
  auto options = options_for(server);
  options.count = 100;
  options.timeout = 200ms;
  options.total = 700ms;
  const stopwatch watch;
  const auto report = events_loop.await(probe(options));
  EXPECT_LT(watch.elapsed(), 3s);
  EXPECT_EQ(report.evidence.handshakes.at(0).result, probe_result::silent);
  EXPECT_THAT(to_string(report.evidence.handshakes.at(0).detail),
              HasSubstr("cut short by the time limit"));
  EXPECT_LT(report.judged.rtt.sent, 100U);
}

TEST(Probe, CancellationEndsItAtOnce) {
  loop events_loop;
  tcp_peer server(events_loop.context(), gateway_ip, stay);
  asio::cancellation_signal cancel;
  bool ended = false;
  asio::co_spawn(events_loop.context(), probe(options_for(server)),
                 asio::bind_cancellation_slot(
                     cancel.slot(), [&](std::exception_ptr, probe_report) { ended = true; }));
  ASSERT_TRUE(events_loop.run_until([&] { return server.connections() == 1; }));
  const stopwatch watch;
  cancel.emit(asio::cancellation_type::terminal);
  EXPECT_TRUE(events_loop.run_until([&] { return ended; }));
  EXPECT_LT(watch.elapsed(), 1s);
}

}  // namespace probe_test
}  // namespace natcheck::probing
