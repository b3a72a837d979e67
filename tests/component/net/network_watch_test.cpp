#include "net/network_watch.hpp"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <net/route.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <string>

#include "net/when_all.hpp"
#include "support/loop.hpp"

namespace natcheck::net {
namespace network_watch_test {

using namespace support;

// A test may not change the network of its host, so these run in a process and a network of their
// own, where there is nothing but loopback.

/// Changes of the network, each of which must succeed.
class network {
 public:
  void bring_up() {
    ifreq change = of("lo");
    change.ifr_flags = IFF_UP | IFF_RUNNING;
    ask(SIOCSIFFLAGS, &change);
  }
  void take_down() {
    ifreq change = of("lo");
    ask(SIOCSIFFLAGS, &change);
  }
  /// "lo:1" is a second address.
  void set_address(const char* name, const std::string& ip) {
    ifreq change = of(name);
    fill(change.ifr_addr, ip);
    ask(SIOCSIFADDR, &change);
  }
  void change_default_route(bool present) {
    rtentry route{};
    fill(route.rt_dst, "0.0.0.0");
    fill(route.rt_genmask, "0.0.0.0");
    std::string device = "lo";
    route.rt_dev = device.data();
    route.rt_flags = RTF_UP;
    ask(present ? SIOCADDRT : SIOCDELRT, &route);
  }
  void change_nothing() {
    ifreq same = of("lo");
    ask(SIOCGIFFLAGS, &same);
    ask(SIOCSIFFLAGS, &same);
    same.ifr_flags = static_cast<short>(same.ifr_flags | IFF_PROMISC);
    ask(SIOCSIFFLAGS, &same);
    same.ifr_flags = static_cast<short>(same.ifr_flags & ~IFF_PROMISC);
    ask(SIOCSIFFLAGS, &same);
  }

 private:
  static ifreq of(const char* name) {
    ifreq request{};
    std::strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    return request;
  }
  static void fill(sockaddr& out, const std::string& ip) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    ASSERT_EQ(::inet_pton(AF_INET, ip.c_str(), &in.sin_addr), 1);
    std::memcpy(&out, &in, sizeof(in));
  }
  void ask(unsigned long request, void* change) {
    EXPECT_EQ(::ioctl(socket_, request, change), 0) << request << ": " << std::strerror(errno);
  }

  int socket_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
};

struct watched {
  loop events;
  network_watch watch{events.context().get_executor(), {}};

  bool changes(milliseconds limit = 10s) {
    return events.await(with_deadline(std::chrono::steady_clock::now() + limit, watch.next()));
  }
};

constexpr auto while_nothing_comes = 1s;

/// Runs `test` in a network of its own, in a process of its own.
template <class Test>
void in_own_network(Test test) {
  constexpr int passed = 0;
  constexpr int failed = 1;
  constexpr int not_permitted = 77;
  const auto child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const bool own = ::unshare(CLONE_NEWNET) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
    if (own) test();
    std::fflush(nullptr);
    ::_exit(!own ? not_permitted : ::testing::Test::HasFailure() ? failed : passed);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == not_permitted) GTEST_SKIP() << "no network of its own is permitted";
  EXPECT_EQ(WEXITSTATUS(status), passed);
}

TEST(NetworkWatch, EachKindOfChangeIsReported) {
  in_own_network([] {
    network here;
    watched seen;
    here.bring_up();
    EXPECT_TRUE(seen.changes()) << "the link is up";
    here.set_address("lo:1", "192.0.2.1");
    EXPECT_TRUE(seen.changes()) << "an address";
    here.set_address("lo:1", "192.0.2.2");
    EXPECT_TRUE(seen.changes()) << "another one in its place";
    here.change_default_route(true);
    EXPECT_TRUE(seen.changes()) << "a route";
    here.change_default_route(false);
    EXPECT_TRUE(seen.changes()) << "the route removed";
    here.take_down();
    EXPECT_TRUE(seen.changes()) << "the link is down";
  });
}

TEST(NetworkWatch, WhatIsAsBeforeIsNoChange) {
  in_own_network([] {
    network here;
    here.bring_up();
    watched seen;
    EXPECT_FALSE(seen.changes(while_nothing_comes)) << "it was there at the beginning";
    here.change_nothing();
    here.set_address("lo:1", "192.0.2.1");
    here.set_address("lo:1", "0.0.0.0");
    here.change_default_route(true);
    here.change_default_route(false);
    EXPECT_FALSE(seen.changes(while_nothing_comes)) << "all is back as it was";
    here.change_default_route(true);
    EXPECT_TRUE(seen.changes());
  });
}

TEST(NetworkWatch, SeveralChangesCountAsOne) {
  in_own_network([] {
    network here;
    here.bring_up();
    watched seen;
    for (int i = 1; i < 200; ++i) {
      here.set_address(("lo:" + std::to_string(i)).c_str(), "192.0.2." + std::to_string(i));
    }
    EXPECT_TRUE(seen.changes());
    EXPECT_FALSE(seen.changes(while_nothing_comes));
  });
}

TEST(NetworkWatch, GivingUpLosesNoChange) {
  in_own_network([] {
    network here;
    here.bring_up();
    watched seen;
    here.change_default_route(true);
    EXPECT_FALSE(seen.changes(30ms)) << "more may follow";
    EXPECT_TRUE(seen.changes()) << "the report was read before";
  });
}

TEST(NetworkWatch, MoreReportsThanTheKernelKeepsAreAChange) {
  in_own_network([] {
    network here;
    here.bring_up();
    watched seen;
    for (int i = 0; i < 5000; ++i) here.change_default_route(i % 2 == 0);
    here.change_default_route(true);
    EXPECT_TRUE(seen.changes());
  });
}

TEST(NetworkWatch, CanBeGivenUpAndAskedAgain) {
  loop loop;
  network_watch watch(loop.context().get_executor(), {});
  for (int i = 0; i < 3; ++i) {
    const stopwatch time;
    loop.await(with_deadline(std::chrono::steady_clock::now() + 20ms, watch.next()));
    EXPECT_LT(time.elapsed(), 5s);
  }
}

}  // namespace network_watch_test
}  // namespace natcheck::net
