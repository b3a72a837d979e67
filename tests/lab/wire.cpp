// A cable with a length: joins two network interfaces and holds every frame for a given time.
//
//   wire DELAY_MS INTERFACE INTERFACE
//
// Prints "ready" once frames flow. Needs CAP_NET_RAW, which the root of a user namespace has; so
// it works where neither netem nor /dev/net/tun is to be had.
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <optional>
#include <span>
#include <system_error>
#include <vector>

namespace {

using steady = std::chrono::steady_clock;
using frame = std::vector<std::byte>;

// A frame with PACKET_VNET_HDR is the driver's header and up to 64 KiB before segmentation.
// linux/virtio_net.h has its size, 10, in a struct that is no C++.
constexpr std::size_t largest_frame = 10 + 65536 + ETH_HLEN;

void check(int outcome, const char* operation) {
  if (outcome < 0) throw std::system_error(errno, std::generic_category(), operation);
}

void switch_on(int fd, int level, int option) {
  const int on = 1;
  check(setsockopt(fd, level, option, &on, sizeof on), "setsockopt");
}

void make_promiscuous(int fd, int interface_index) {
  packet_mreq request{};
  request.mr_ifindex = interface_index;
  request.mr_type = PACKET_MR_PROMISC;
  check(setsockopt(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, &request, sizeof request), "promiscuous");
}

struct arrival {
  steady::time_point at;
  std::span<const std::byte> data;
};

// How long ago the kernel saw it: what this process slept too long must not add to the delay.
steady::duration age_of(msghdr& message) {
  const cmsghdr* stamp = CMSG_FIRSTHDR(&message);
  if (stamp == nullptr || stamp->cmsg_type != SCM_TIMESTAMPNS) return {};
  timespec seen;
  std::memcpy(&seen, CMSG_DATA(stamp), sizeof seen);
  const auto since_epoch =
      std::chrono::seconds(seen.tv_sec) + std::chrono::nanoseconds(seen.tv_nsec);
  return std::chrono::system_clock::now().time_since_epoch() - since_epoch;
}

/// One end of the cable: a raw socket on an interface.
class plug {
 public:
  explicit plug(const char* interface)
      : fd_(socket(AF_PACKET, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, htons(ETH_P_ALL))) {
    check(fd_, "socket");
    const auto index = static_cast<int>(if_nametoindex(interface));
    if (index == 0) check(-1, interface);
    // veth leaves checksums and segmentation to its peer; the header carries what is left to do.
    switch_on(fd_, SOL_PACKET, PACKET_VNET_HDR);
    switch_on(fd_, SOL_PACKET, PACKET_IGNORE_OUTGOING);
    switch_on(fd_, SOL_SOCKET, SO_TIMESTAMPNS);
    make_promiscuous(fd_, index);
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = index;
    check(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
  }
  plug(const plug&) = delete;
  plug& operator=(const plug&) = delete;
  ~plug() { close(fd_); }

  int fd() const { return fd_; }

  /// The next frame, or nothing when none is waiting.
  std::optional<arrival> receive(std::span<std::byte> buffer) const {
    iovec memory{buffer.data(), buffer.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(timespec))> control;
    msghdr message{};
    message.msg_iov = &memory;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t size = recvmsg(fd_, &message, 0);
    if (size <= 0) return std::nullopt;
    return arrival{steady::now() - age_of(message), buffer.first(static_cast<std::size_t>(size))};
  }

  // Like a cable: a frame that the interface cannot take now is lost.
  void transmit(const frame& data) const { (void)!write(fd_, data.data(), data.size()); }

 private:
  int fd_;
};

/// One direction of the cable.
class direction {
 public:
  direction(const plug& from, const plug& to, steady::duration delay)
      : from_(from), to_(to), delay_(delay) {}

  void take_in(std::span<std::byte> buffer) {
    while (const auto seen = from_.receive(buffer))
      held_.push_back({seen->at + delay_, frame(seen->data.begin(), seen->data.end())});
  }

  void let_out() {
    while (!held_.empty() && held_.front().due <= steady::now()) {
      to_.transmit(held_.front().data);
      held_.pop_front();
    }
  }

  std::optional<steady::time_point> next() const {
    if (held_.empty()) return std::nullopt;
    return held_.front().due;
  }

 private:
  struct held_frame {
    steady::time_point due;
    frame data;
  };

  const plug& from_;
  const plug& to_;
  steady::duration delay_;
  std::deque<held_frame> held_;
};

timespec until(steady::time_point due) {
  const auto left = std::max(due - steady::now(), steady::duration::zero());
  const auto whole = std::chrono::floor<std::chrono::seconds>(left);
  return {.tv_sec = whole.count(), .tv_nsec = (left - whole) / std::chrono::nanoseconds(1)};
}

void wait_for_work(const plug& a, const plug& b, std::optional<steady::time_point> due) {
  std::array<pollfd, 2> watched{{{a.fd(), POLLIN, 0}, {b.fd(), POLLIN, 0}}};
  timespec timeout{};
  if (due) timeout = until(*due);
  ppoll(watched.data(), watched.size(), due ? &timeout : nullptr, nullptr);
}

std::optional<steady::time_point> earlier(std::optional<steady::time_point> a,
                                          std::optional<steady::time_point> b) {
  if (a && b) return std::min(*a, *b);
  return a ? a : b;
}

[[noreturn]] void carry(const plug& a, const plug& b, steady::duration delay) {
  direction there(a, b, delay);
  direction back(b, a, delay);
  frame buffer(largest_frame);
  for (;;) {
    wait_for_work(a, b, earlier(there.next(), back.next()));
    there.take_in(buffer);
    back.take_in(buffer);
    there.let_out();
    back.let_out();
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 4) {
    std::fputs("usage: wire DELAY_MS INTERFACE INTERFACE\n", stderr);
    return 64;
  }
  const std::chrono::duration<double, std::milli> delay(std::strtod(argv[1], nullptr));
  // By default the kernel may wake a sleeper 50 us late to save power.
  prctl(PR_SET_TIMERSLACK, 1UL);
  const plug a(argv[2]);
  const plug b(argv[3]);
  std::puts("ready");
  std::fflush(stdout);
  carry(a, b, std::chrono::duration_cast<steady::duration>(delay));
} catch (const std::system_error& error) {
  std::fprintf(stderr, "wire: %s\n", error.what());
  return 70;
}
