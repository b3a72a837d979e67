// Load for a server on 127.0.0.1, one process, one thread:
//
//   load greet PORT SECONDS CONCURRENCY   connect, greet, read the answer, close; over and over
//   load hold PORT COUNT                  connects, says nothing, stays until its stdin ends
//   load flood PORT RATE                  so many silent strangers a second, each for two seconds
//
// greet prints {"count", "failed", "seconds", "p50_ms", "p99_ms"}; hold and flood print a line when
// they are at full strength. Addresses of 127.16/12 take turns as sources, so that neither ports
// nor limits for one source run out.
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using steady = std::chrono::steady_clock;
using std::chrono::duration;
using std::chrono::seconds;

constexpr std::string_view question = "Hello, server!";
constexpr std::string_view reply = "Hello, client!";
constexpr std::uint32_t sources = 4096;

sockaddr_in loopback(std::uint32_t ip, std::uint16_t port) {
  sockaddr_in raw{};
  raw.sin_family = AF_INET;
  raw.sin_addr.s_addr = htonl(ip);
  raw.sin_port = htons(port);
  return raw;
}

/// Gives up when something is wrong with this machine: then there is nothing to measure.
[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

/// A socket on its way to the server; -1 when the system refuses.
int connect_to(std::uint16_t port) {
  static std::uint32_t next = 0;
  const int one = ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (one < 0) fail("socket");
  const int on = 1;
  ::setsockopt(one, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  const auto from = loopback(0x7f100001U + next++ % sources, 0);
  if (::bind(one, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0) fail("bind");
  const auto to = loopback(INADDR_LOOPBACK, port);
  const int done = ::connect(one, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  if (done == 0 || errno == EINPROGRESS) return one;
  ::close(one);
  return -1;
}

/// Many greetings at the same time.
class greeter {
 public:
  greeter(std::uint16_t port, std::size_t concurrency) : port_(port), visits_(concurrency) {}

  void run(seconds time) {
    const auto start = steady::now();
    const auto end = start + time;
    for (auto& one : visits_) begin(one);
    while (steady::now() < end) step(end);
    print(duration<double>(steady::now() - start).count());
  }

 private:
  struct visit {
    int socket = -1;
    steady::time_point begun;
    bool asked = false;
  };

  void begin(visit& one) {
    one = {connect_to(port_), steady::now(), false};
    if (one.socket < 0) fail("connect");
    epoll_event event{EPOLLOUT, {&one}};
    ::epoll_ctl(poll_, EPOLL_CTL_ADD, one.socket, &event);
  }

  void ask(visit& one) {
    one.asked = ::send(one.socket, question.data(), question.size(), MSG_NOSIGNAL) ==
                static_cast<ssize_t>(question.size());
    if (!one.asked) return finish(one, false);
    epoll_event event{EPOLLIN, {&one}};
    ::epoll_ctl(poll_, EPOLL_CTL_MOD, one.socket, &event);
  }

  void hear(visit& one) {
    std::array<char, 64> buffer{};
    const auto length = ::recv(one.socket, buffer.data(), buffer.size(), 0);
    finish(one, length > 0 &&
                    std::string_view(buffer.data(), static_cast<std::size_t>(length)) == reply);
  }

  void finish(visit& one, bool good) {
    if (good) times_.push_back(duration<double, std::milli>(steady::now() - one.begun).count());
    if (!good) ++failed_;
    ::close(one.socket);
    begin(one);
  }

  void step(steady::time_point end) {
    std::array<epoll_event, 64> events{};
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - steady::now()).count();
    const int count = ::epoll_wait(poll_, events.data(), events.size(), static_cast<int>(left));
    for (int i = 0; i < count; ++i) {
      auto& one = *static_cast<visit*>(events.at(static_cast<std::size_t>(i)).data.ptr);
      one.asked ? hear(one) : ask(one);
    }
  }

  double percentile(double part) {
    if (times_.empty()) return 0;
    const auto at =
        times_.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(times_.size() - 1));
    std::nth_element(times_.begin(), at, times_.end());
    return *at;
  }

  void print(double time) {
    std::printf(R"({"count": %zu, "failed": %zu, "seconds": %.3f, "p50_ms": %.3f, "p99_ms": %.3f})"
                "\n",
                times_.size(), failed_, time, percentile(0.5), percentile(0.99));
  }

  std::uint16_t port_;
  int poll_ = ::epoll_create1(EPOLL_CLOEXEC);
  std::vector<visit> visits_;
  std::vector<double> times_;
  std::size_t failed_ = 0;
};

void say_ready() {
  std::puts("ready");
  std::fflush(stdout);
}

bool stdin_is_open() {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  return ::poll(&input, 1, 0) == 0;
}

void hold(std::uint16_t port, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const int one = connect_to(port);
    pollfd connected{one, POLLOUT, 0};
    if (::poll(&connected, 1, 5000) != 1) fail("connect");
  }
  say_ready();
  while (stdin_is_open()) std::this_thread::sleep_for(std::chrono::milliseconds(20));
}

void flood(std::uint16_t port, std::size_t rate) {
  std::deque<int> open;
  const auto start = steady::now();
  for (std::size_t count = 1; stdin_is_open(); ++count) {
    open.push_back(connect_to(port));
    if (open.size() > 2 * rate) {
      if (count == 2 * rate + 1) say_ready();
      ::close(open.front());
      open.pop_front();
    }
    std::this_thread::sleep_until(start + std::chrono::nanoseconds(seconds(1)) * count / rate);
  }
}

void raise_descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int count, char** words) {
  const std::vector<std::string_view> given(words, words + count);
  const auto number = [&](int which) { return std::strtoul(words[which], nullptr, 10); };
  if (count < 4) return 64;
  raise_descriptor_limit();
  const auto port = static_cast<std::uint16_t>(number(2));
  if (given[1] == "greet" && count == 5) {
    greeter(port, number(4)).run(seconds(number(3)));
  } else if (given[1] == "hold") {
    hold(port, number(3));
  } else if (given[1] == "flood") {
    flood(port, number(3));
  } else {
    return 64;
  }
  return 0;
}
