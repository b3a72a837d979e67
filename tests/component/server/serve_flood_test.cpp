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

#include "server/session_log.hpp"
#include "support/peers.hpp"
#include "support/running_server.hpp"

namespace natcheck::serving {
namespace serve_flood_test {

using namespace support;
using ::testing::HasSubstr;

/// The number of descriptors this process may have, at most; serve() raises the soft limit to the
/// hard one. The old soft limit comes back at the end, the hard one for root only.
class descriptor_limit {
 public:
  explicit descriptor_limit(rlim_t wanted) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    value_ = std::min(wanted, before_.rlim_max);
    const rlimit changed{value_, value_};
    ::setrlimit(RLIMIT_NOFILE, &changed);
  }
  descriptor_limit(const descriptor_limit&) = delete;
  descriptor_limit& operator=(const descriptor_limit&) = delete;
  ~descriptor_limit() {
    const rlimit soft{std::min(before_.rlim_cur, value_), value_};
    if (::setrlimit(RLIMIT_NOFILE, &before_) != 0) ::setrlimit(RLIMIT_NOFILE, &soft);
  }
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

sockaddr_in raw_address(const asio::ip::address_v4& ip, std::uint16_t port) {
  sockaddr_in raw{};
  raw.sin_family = AF_INET;
  raw.sin_port = htons(port);
  raw.sin_addr.s_addr = htonl(ip.to_uint());
  return raw;
}

/// One of many addresses of this machine: 127.16.0.1 and up, 200 of them.
asio::ip::address_v4 source_ip(std::size_t number) {
  return asio::ip::address_v4(0x7f100001U + static_cast<unsigned>(number % 200));
}

asio::awaitable<std::string> greet(tcp::socket& socket, std::string words) {
  co_await write(socket, words);
  co_return co_await read_bytes(socket, 14);
}

asio::awaitable<tcp::socket> connect_from(asio::ip::address_v4 source, endpoint to) {
  const tcp::endpoint local(source, 0);
  const tcp::endpoint remote(to.ip, to.port);
  tcp::socket socket(co_await asio::this_coro::executor, local);
  co_await socket.async_connect(remote, asio::use_awaitable);
  co_return socket;
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
    sockets.push_back(events_loop.await(connect_from(source_ip(i), at)));
    ASSERT_TRUE(sockets.back().is_open()) << i;
  }
  const stopwatch watch;
  EXPECT_EQ(probe_result_of(events_loop, at), probe_result::reached);
  EXPECT_LT(watch.elapsed(), 2s);
  EXPECT_EQ(server.stop().greeted, 1U);
}

/// Processes of their own that hold connections, so that they do not take our descriptors; none
/// has more of them than this one may have. Each connection says `words`, or nothing, and stays;
/// they take turns in coming from `sources` addresses.
class strangers {
 public:
  strangers(const endpoint& to, int count, std::string_view words = {}, int sources = 200) {
    constexpr int most_of_one = 150;
    for (; count > 0; count -= most_of_one) {
      const pid_t child = ::fork();
      if (child == 0) connect_and_stay(to.port, std::min(count, most_of_one), words, sources);
      children_.push_back(child);
    }
  }
  strangers(const strangers&) = delete;
  strangers& operator=(const strangers&) = delete;
  ~strangers() {
    for (const pid_t child : children_) {
      ::kill(child, SIGKILL);
      ::waitpid(child, nullptr, 0);
    }
  }

 private:
  [[noreturn]] static void connect_and_stay(std::uint16_t port, int count, std::string_view words,
                                            int sources) {
    const sockaddr_in to = raw_address(asio::ip::address_v4::loopback(), port);
    for (int i = 0; i < count; ++i) {
      const int one = ::socket(AF_INET, SOCK_STREAM, 0);
      const auto from = raw_address(source_ip(static_cast<std::size_t>(i % sources)), 0);
      if (::bind(one, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) ::_exit(1);
      if (::connect(one, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) ::_exit(1);
      if (::send(one, words.data(), words.size(), MSG_NOSIGNAL) < 0) ::_exit(1);
    }
    for (;;) ::pause();
  }

  std::vector<pid_t> children_;
};

/// How many visitors of a kind are told one by one before the others are only counted.
constexpr std::size_t told = session_log::most_reported_singly;

TEST(ServeFlood, AFullHouseStillLetsHonestVisitorsIn) {
  const descriptor_limit limit(256);
  loop events_loop;
  running_server server(events_loop, {});
  const endpoint at = server.ipv4();
  const strangers connection_table(at, 600);
  // More than the house holds have come when the first of them had to leave.
  const auto one = server.wait_for<events::rejected>(told);
  EXPECT_THAT(to_string(one.reason), HasSubstr("make room"));
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
  const strangers connection_table(at, 600, "Hello, server! natcheck/1 ");
  server.wait_for<events::greeted>(told);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(probe_result_of(events_loop, at), probe_result::reached);
  }
}

TEST(ServeFlood, OneSourceTakesAPartOfTheHouseOnly) {
  const descriptor_limit limit(256);
  loop events_loop;
  running_server server(events_loop, {});
  const endpoint at = server.ipv4();
  // The house holds 192, and 24 of one source.
  auto honest = events_loop.await(connect_from(source_ip(1), at));
  const strangers connection_table(at, 600, {}, 1);
  server.wait_for<events::rejected>(told);
  for (const auto& rejected : server.events_of<events::rejected>()) {
    EXPECT_THAT(to_string(rejected.reason), HasSubstr("make room"));
    EXPECT_EQ(rejected.peer.ip, source_ip(0));
  }
  // Who was there before them is there still.
  EXPECT_EQ(events_loop.await(greet(honest, "Hello, server!")), "Hello, client!");
}

TEST(ServeFlood, GreetedVisitorsOfOneSourceLeaveWhenItHasNoStranger) {
  const descriptor_limit limit(256);
  loop events_loop;
  running_server server(events_loop, {});
  const endpoint at = server.ipv4();
  std::vector<tcp::socket> sockets;
  for (std::size_t i = 0; i < 24 + told; ++i) {
    sockets.push_back(events_loop.await(connect_from(source_ip(0), at)));
    // What follows would keep a greeted visitor here for 10 s.
    EXPECT_EQ(events_loop.await(greet(sockets.back(), "Hello, server! natcheck/1 ")),
              "Hello, client!");
  }
  server.wait_for<events::greeted>(told);
  EXPECT_THAT(server.events_of<events::rejected>(), ::testing::IsEmpty());
}

TEST(ServeFlood, TakesTheDescriptorsThatTheSystemAllows) {
  const descriptor_limit hard(2000);
  const rlimit low{128, hard.value()};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  loop events_loop;
  running_server server(events_loop, {});
  server.ipv4();
  rlimit now{};
  ::getrlimit(RLIMIT_NOFILE, &now);
  EXPECT_EQ(now.rlim_cur, hard.value());
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
  EXPECT_THAT(to_string(server.wait_for<events::rejected>(1).reason), HasSubstr("for 10 s"));
  EXPECT_THAT(to_string(server.wait_for<events::rejected>(2).reason), HasSubstr("for 10 s"));
}

}  // namespace serve_flood_test
}  // namespace natcheck::serving
