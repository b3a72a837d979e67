// `probe` over UDP: what may stand between it and a server, and what may answer in its place.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <natcheck/report.hpp>
#include <set>

#include "protocols/greeting/responder.hpp"
#include "support/udp_ends.hpp"

namespace natcheck::probing {
namespace udp_probe_test {

using namespace support;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

/// Passes datagrams on in both directions, but for some questions: what a NAT and a bad line do.
class relay {
 public:
  relay(loop& on, std::uint16_t server, std::set<int> dropped)
      : outside_(on.context(), gateway_ip,
                 [this, server, dropped](auto&, const auto& bytes, const udp::endpoint& from) {
                   client_ = from;
                   if (dropped.contains(++count_)) return;
                   inside_.send(bytes, {asio::ip::make_address(stranger_ip), server});
                 }),
        inside_(on.context(), gateway_ip,
                [this](auto&, const auto& bytes, const auto&) { outside_.send(bytes, client_); }) {}

  std::uint16_t port() const { return outside_.port(); }

 private:
  int count_ = 0;
  udp::endpoint client_;
  udp_peer outside_, inside_;
};

TEST(UdpProbe, MeasuresLossBehindARelay) {
  loop events_loop;
  running_udp_responder server(events_loop, {stranger_ip});
  relay between(events_loop, server.port(), {2, 5});
  std::vector<probe_result> progress;
  const auto report =
      events_loop.await(probe(asking(gateway_ip, between.port()),
                              [&](const auto& one) { progress.push_back(one.result); }));
  EXPECT_THAT(results(report),
              ElementsAre(probe_result::reached, probe_result::timed_out, probe_result::reached,
                          probe_result::reached, probe_result::timed_out));
  EXPECT_EQ(progress, results(report)) << "in their order";
  EXPECT_EQ(report.evidence.handshakes[0].path, translation::mapped);
  ASSERT_TRUE(report.evidence.handshakes[0].ttl);
  EXPECT_EQ(report.evidence.handshakes[0].ttl, report.evidence.visitor_location.ttl);
  EXPECT_EQ(report.judged.rtt.sent, 5U);
  EXPECT_EQ(report.judged.rtt.received, 3U);
  EXPECT_EQ(report.judged.main.code, verdict_code::unstable);
  EXPECT_THAT(report.judged.main.summary, HasSubstr("2 of 5 datagrams"));
  EXPECT_THAT(report.judged.main.summary, HasSubstr("40 %"));
}

TEST(UdpProbe, SilenceIsNoVerdictOnWhichWayItWasLost) {
  loop events_loop;
  udp_peer silent(events_loop.context(), gateway_ip, {});
  const auto report = events_loop.await(probe(asking(gateway_ip, silent.port())));
  EXPECT_THAT(results(report), Each(probe_result::timed_out));
  EXPECT_THAT(silent.requests(), SizeIs(8)) << "five questions, and three smaller ones";
  EXPECT_EQ(report.judged.main.code, verdict_code::timed_out);
  EXPECT_THAT(report.judged.main.evidence,
              Contains(HasSubstr("no answer to 5 datagrams and 3 smaller ones in 2.")));
  EXPECT_THAT(report.judged.main.evidence, Contains(HasSubstr("silence may be a lost request")));
}

TEST(UdpProbe, TheTimeLimitEndsTheWait) {
  loop events_loop;
  udp_peer silent(events_loop.context(), gateway_ip, {});
  auto options = asking(gateway_ip, silent.port());
  options.timeout = 300ms;
  options.total = 300ms;
  const stopwatch watch;
  const auto report = events_loop.await(probe(options));
  EXPECT_LT(watch.elapsed(), 2s);
  EXPECT_THAT(to_string(report.evidence.handshakes.front().detail),
              HasSubstr("cut short by the time limit"));
}

TEST(UdpProbe, ATimeLimitThatLeavesNoTimeIsTold) {
  loop events_loop;
  udp_peer silent(events_loop.context(), gateway_ip, {});
  auto options = asking(gateway_ip, silent.port());
  options.total = 0ms;
  const auto report = events_loop.await(probe(options));
  EXPECT_TRUE(report.problem);
  EXPECT_THAT(report.evidence.handshakes, SizeIs(0));
  EXPECT_NE(to_json(report), "");
  EXPECT_THAT(silent.requests(), SizeIs(0));
}

TEST(UdpProbe, AClosedPortIsRefusedAtOnce) {
  loop events_loop;
  for (const char* ip : {gateway_ip, "::1"}) {
    const auto port = closed_udp_port(events_loop.context(), ip);
    const stopwatch watch;
    const auto report = events_loop.await(probe(asking(ip, port)));
    EXPECT_THAT(results(report), ElementsAre(probe_result::refused)) << ip;
    EXPECT_EQ(report.judged.main.code, verdict_code::refused);
    EXPECT_LT(watch.elapsed(), 900ms) << "it need not wait for the rest";
  }
}

TEST(UdpProbe, AServerThatDisappearsIsRefusedFromThenOn) {
  loop events_loop;
  auto server =
      std::make_unique<running_udp_responder>(events_loop, std::vector<const char*>{gateway_ip});
  auto options = asking(gateway_ip, server->port());
  options.count = 4;
  const auto report = events_loop.await(probe(options, [&](const handshake_evidence& one) {
    // From within the callback: its socket has to be gone before the next question.
    if (one.result == probe_result::reached && server->arrived.size() == 1) server->close();
  }));
  EXPECT_EQ(results(report).front(), probe_result::reached);
  EXPECT_THAT(results(report), Contains(probe_result::refused));
  EXPECT_EQ(report.judged.main.code, verdict_code::unstable);
}

struct server_row {
  const char* what;
  udp_peer::script answer;
  probe_result result;
  verdict_code code;
};

TEST(UdpProbe, TellsServersApart) {
  const auto says = [](std::string bytes) {
    return [bytes](udp_peer& self, const std::string&, const udp::endpoint& from) {
      self.send(bytes, from);
    };
  };
  const auto strict = [](udp_peer& self, const std::string& asked, const udp::endpoint& from) {
    if (asked == "Hello, server!") self.send("Hello, client!", from);
  };
  const auto echo = [](udp_peer& self, const std::string& asked, const udp::endpoint& from) {
    self.send(asked, from);
  };
  const auto spoilt = [](udp_peer& self, const std::string& asked, const udp::endpoint& from) {
    greeting::responder machine({"i", "v"});
    auto answer = machine.handle({}, {{from.address(), from.port()}, {}, asked, true}).answer;
    if (answer.size() > 300) answer.back() ^= 1;
    self.send(answer, from);
  };
  const server_row rows[] = {
      {"plain", says("Hello, client!"), probe_result::reached_plain,
       verdict_code::tested_from_inside},
      {"strictly plain", strict, probe_result::reached_plain, verdict_code::tested_from_inside},
      {"DNS", says("\x81\x82"), probe_result::other_service, verdict_code::wrong_host_answers},
      {"an echo service", echo, probe_result::other_service, verdict_code::wrong_host_answers},
      {"a replay", says("Hello, client! natcheck/1 session=s nonce=n\n"),
       probe_result::other_service, verdict_code::wrong_host_answers},
      {"damage", spoilt, probe_result::corrupted, verdict_code::corrupted},
      {"a monster", says(std::string(9000, 'x')), probe_result::other_service,
       verdict_code::wrong_host_answers},
  };
  loop events_loop;
  std::vector<std::unique_ptr<udp_peer>> peers;
  std::vector<asio::awaitable<probe_report>> probes;
  for (const auto& row : rows) {
    peers.push_back(std::make_unique<udp_peer>(events_loop.context(), gateway_ip, row.answer));
    probes.push_back(probe(asking(gateway_ip, peers.back()->port())));
  }
  const auto reports = events_loop.await_all(std::move(probes));
  for (std::size_t i = 0; i < std::size(rows); ++i) {
    EXPECT_THAT(results(reports[i]), Each(rows[i].result)) << rows[i].what;
    EXPECT_EQ(reports[i].judged.main.code, rows[i].code) << rows[i].what;
  }
}

TEST(UdpProbe, AnswersOfSomebodyElseDoNotCount) {
  loop events_loop;
  plain_client stranger(events_loop, stranger_ip);
  udp_peer server(events_loop.context(), gateway_ip,
                  [&](udp_peer&, const std::string& asked, const udp::endpoint& from) {
                    greeting::responder machine({"i", "v"});
                    stranger.send(
                        machine.handle({}, {{from.address(), from.port()}, {}, asked, true}).answer,
                        from.address().to_string().c_str(), from.port());
                  });
  const auto report = events_loop.await(probe(asking(gateway_ip, server.port())));
  EXPECT_THAT(results(report), Each(probe_result::timed_out));
}

TEST(UdpProbe, NamesAreTriedAddressByAddress) {
  loop events_loop;
  running_udp_responder server(events_loop, {host_ip, "::1"});
  const auto report = events_loop.await(probe(asking("localhost", server.port())));
  EXPECT_THAT(results(report), Each(probe_result::reached));
  EXPECT_TRUE(report.evidence.address);
}

TEST(UdpProbe, CancellationEndsItAtOnce) {
  loop events_loop;
  udp_peer silent(events_loop.context(), gateway_ip, {});
  asio::cancellation_signal cancel;
  bool ended = false;
  asio::co_spawn(events_loop.context(), probe(asking(gateway_ip, silent.port())),
                 asio::bind_cancellation_slot(
                     cancel.slot(), [&](std::exception_ptr, probe_report) { ended = true; }));
  ASSERT_TRUE(events_loop.run_until([&] { return !silent.requests().empty(); }));
  const stopwatch watch;
  cancel.emit(asio::cancellation_type::terminal);
  EXPECT_TRUE(events_loop.run_until([&] { return ended; }));
  EXPECT_LT(watch.elapsed(), 1s);
}

}  // namespace udp_probe_test
}  // namespace natcheck::probing
