// Visitors who come in thousands, say nothing, and stay: nobody else notices.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <natcheck/probe.hpp>

#include "support/peers.hpp"
#include "support/running_server.hpp"

namespace natcheck {
namespace {

using namespace support;
using ::testing::HasSubstr;

/// The number of descriptors this process may have; the old one comes back at the end.
class descriptor_limit {
 public:
  explicit descriptor_limit(rlim_t wanted) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    rlimit changed = before_;
    changed.rlim_cur = std::min(wanted, before_.rlim_max);
    ::setrlimit(RLIMIT_NOFILE, &changed);
    value_ = changed.rlim_cur;
  }
  descriptor_limit(const descriptor_limit&) = delete;
  descriptor_limit& operator=(const descriptor_limit&) = delete;
  ~descriptor_limit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  rlim_t value() const { return value_; }

 private:
  rlimit before_{};
  rlim_t value_ = 0;
};

probe_result probe_result_of(loop& on, const endpoint& at) {
  probe_options options;
  options.host = at.ip.to_string();
  options.port = at.port;
  return on.await(probe(options)).evidence.handshakes.at(0).result;
}

TEST(ServeFlood, ThousandsOfSilentVisitors) {
  const descriptor_limit limit(8192);
  // Both ends of each connection are in this process.
  const std::size_t visitors = std::min<std::size_t>(1500, (limit.value() - 200) / 2);
  loop events_loop;
  running_server server(events_loop, {});
  const endpoint at = server.ipv4();
  std::vector<tcp::socket> sockets;
  for (std::size_t i = 0; i < visitors; ++i) {
    sockets.push_back(events_loop.await(connect(at)));
    ASSERT_TRUE(sockets.back().is_open()) << i;
  }
  const stopwatch watch;
  EXPECT_EQ(probe_result_of(events_loop, at), probe_result::reached);
  EXPECT_LT(watch.elapsed(), 2s);
  EXPECT_EQ(server.stop().greeted, 1U);
}

/// A process of its own that holds connections, so that they do not take our descriptors. Each
/// says `words`, or nothing, and stays.
class strangers {
 public:
  strangers(const endpoint& to, int count, std::string_view words = {}) : child_(::fork()) {
    if (child_ == 0) connect_and_stay(to.port, count, words);
  }
  strangers(const strangers&) = delete;
  strangers& operator=(const strangers&) = delete;
  ~strangers() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }

 private:
  [[noreturn]] static void connect_and_stay(std::uint16_t port, int count, std::string_view words) {
    const descriptor_limit limit(static_cast<rlim_t>(count) + 100);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < count; ++i) {
      const int one = ::socket(AF_INET, SOCK_STREAM, 0);
      if (::connect(one, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) ::_exit(1);
      if (::send(one, words.data(), words.size(), MSG_NOSIGNAL) < 0) ::_exit(1);
    }
    for (;;) ::pause();
  }

  pid_t child_;
};

TEST(ServeFlood, AFullHouseStillLetsHonestVisitorsIn) {
  const descriptor_limit limit(256);
  loop events_loop;
  running_server server(events_loop, {});
  const endpoint at = server.ipv4();
  const strangers crowd(at, 600);
  // More than the house holds have come when the first of them had to leave.
  const auto first = server.wait_for<events::rejected>(100);
  EXPECT_THAT(first.reason, HasSubstr("make room"));
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(probe_result_of(events_loop, at), probe_result::reached);
  }
  EXPECT_EQ(server.stop().greeted, 3U);
}

TEST(ServeFlood, GreetedVisitorsWhoStayMakeRoomToo) {
  const descriptor_limit limit(256);
  loop events_loop;
  running_server server(events_loop, {});
  const endpoint at = server.ipv4();
  // An unfinished natcheck line: greeted, and with a right to stay for a while.
  const strangers crowd(at, 600, "Hello, server! natcheck/1 ");
  server.wait_for<events::greeted>(100);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(probe_result_of(events_loop, at), probe_result::reached);
  }
}

TEST(ServeFlood, SilentAndSlowVisitorsAreDroppedInTime) {
  loop events_loop;
  running_server server(events_loop, {});
  const endpoint at = server.ipv4();
  const auto stay = [](endpoint to, std::string said) -> asio::awaitable<std::string> {
    tcp::socket socket = co_await connect(to);
    co_await write(socket, said);
    co_return co_await read_all(socket);
  };
  std::vector<asio::awaitable<std::string>> visits;
  for (const char* said : {"", "Hello", "Hello, server! natcheck/1 echo=9\nabc"}) {
    visits.push_back(stay(at, said));
  }
  const stopwatch watch;
  const auto answers = events_loop.await_all(std::move(visits));
  EXPECT_GE(watch.elapsed(), 9s);
  EXPECT_LT(watch.elapsed(), 16s);
  EXPECT_EQ(answers[0], "");
  EXPECT_EQ(answers[1], "");
  EXPECT_THAT(answers[2], ::testing::EndsWith("\nabc"));
  EXPECT_THAT(server.wait_for<events::rejected>(1).reason, HasSubstr("for 10 s"));
  EXPECT_THAT(server.wait_for<events::rejected>(2).reason, HasSubstr("for 10 s"));
}

}  // namespace
}  // namespace natcheck
