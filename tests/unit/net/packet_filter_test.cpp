// The kernel itself runs the filter here: it does so for any socket, and packets that are made up
// can be sent through a pair of them.
#include "net/packet_filter.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <random>

#include "packet_captures.hpp"

namespace natcheck::net {
namespace {

using captures::both;
using captures::bytes_of;
using captures::capture;
using bytes = std::vector<std::uint8_t>;

class filtered_pair {
 public:
  explicit filtered_pair(const watched_port& port) {
    auto code = filter_for(port);
    const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
    open_ = ::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends_) == 0 &&
            ::setsockopt(ends_[1], SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program) == 0;
  }
  filtered_pair(const filtered_pair&) = delete;
  filtered_pair& operator=(const filtered_pair&) = delete;
  ~filtered_pair() {
    ::close(ends_[0]);
    ::close(ends_[1]);
  }

  bool open() const { return open_; }

  /// How much of the packet comes through.
  std::size_t let_through(const bytes& packet) const {
    ::send(ends_[0], packet.data(), packet.size(), 0);
    bytes buffer(65536);
    const auto length = ::recv(ends_[1], buffer.data(), buffer.size(), 0);
    return length < 0 ? 0 : static_cast<std::size_t>(length);
  }

 private:
  int ends_[2] = {-1, -1};
  bool open_ = false;
};

bytes with_ipv4_options(bytes packet) {
  packet.insert(packet.begin() + 20, 40, 1);
  packet[0] = 0x4f;
  return packet;
}

TEST(PacketFilter, LetsThroughWhatIsRead) {
  const filtered_pair pair(both);
  ASSERT_TRUE(pair.open()) << "the kernel refuses the filter";
  for (const capture& one : captures::packets) {
    const bytes packet = bytes_of(one.hex);
    EXPECT_EQ(pair.let_through(packet), packet.size()) << one.name;
    if (packet[0] != 0x45) continue;
    EXPECT_GT(pair.let_through(with_ipv4_options(packet)), 0U) << one.name;
  }
}

TEST(PacketFilter, KeepsOutOtherPortsAndProtocols) {
  const filtered_pair other_port({1235, true, true});
  const filtered_pair tcp_only({1234, true, false});
  const filtered_pair udp_only({1234, false, true});
  for (const capture& one : captures::packets) {
    const bytes packet = bytes_of(one.hex);
    EXPECT_EQ(other_port.let_through(packet), 0U) << one.name;
    const bool icmp = packet[9] == 1 || (packet[0] >> 4 == 6 && packet[6] == 58);
    if (icmp) continue;  // which protocol it quotes is for parse_packet() to see
    const bool tcp = one.protocol == transport::tcp;
    EXPECT_EQ(tcp_only.let_through(packet) > 0, tcp) << one.name;
    EXPECT_EQ(udp_only.let_through(packet) > 0, !tcp) << one.name;
  }
}

TEST(PacketFilter, KeepsOutTheTrafficOfConnections) {
  const filtered_pair pair(both);
  bytes packet = bytes_of(captures::packets[0].hex);
  for (const unsigned flags : {0x10U, 0x18U, 0x11U, 0x00U}) {  // ACK, PSH, FIN
    packet[33] = static_cast<std::uint8_t>(flags);
    EXPECT_EQ(pair.let_through(packet), 0U) << flags;
  }
}

TEST(PacketFilter, KeepsOutLaterFragmentsAndWhatIsNoIp) {
  const filtered_pair pair(both);
  const bytes syn = bytes_of(captures::packets[0].hex);
  for (const auto& [offset, value] : {std::pair{0U, 0x05U}, {7U, 0x01U}, {6U, 0x10U}}) {
    bytes packet = syn;
    packet[offset] = static_cast<std::uint8_t>(value);
    EXPECT_EQ(pair.let_through(packet), 0U) << offset;
  }
}

TEST(PacketFilter, CutsWhatIsLong) {
  const filtered_pair pair(both);
  bytes packet = bytes_of(captures::packets[0].hex);
  packet.resize(1500);
  EXPECT_EQ(pair.let_through(packet), captured_bytes);
}

/// What parse_packet() knows, the filter must not keep from it.
TEST(PacketFilter, IsNoStricterThanTheReader) {
  const filtered_pair pair(both);
  std::mt19937 random{20240607};
  int read = 0;
  for (int round = 0; round < 20'000; ++round) {
    const capture& one = captures::packets[random() % std::size(captures::packets)];
    bytes packet = bytes_of(one.hex);
    packet[random() % packet.size()] = static_cast<std::uint8_t>(random());
    if (!parse_packet(packet, one.way, both)) continue;
    ++read;
    ASSERT_GT(pair.let_through(packet), 0U) << one.name << " in round " << round;
  }
  EXPECT_GT(read, 5'000);
}

}  // namespace
}  // namespace natcheck::net
