// The kernel itself runs the filter here: it does so for any socket, and packets that are made up
// can be sent through a pair of them.
#include "arrivals/linux/packet_filter.hpp"

#include <gmock/gmock.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <random>

#include "unit/arrivals/packet_captures.hpp"

namespace natcheck::arrivals {
namespace packet_filter_test {

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

bool is_read(const bytes& packet, const watched_port& port) {
  return parse_packet(packet, direction::incoming, port) ||
         parse_packet(packet, direction::outgoing, port);
}

/// What decides: versions, lengths, protocols and extension headers, types and codes, flags, ports.
std::uint8_t telling_byte(std::mt19937& random) {
  constexpr std::uint8_t telling[] = {0,  1,  2,  3,    4,    5,    6,    13,   17,   44,   58,
                                      60, 64, 17, 0x12, 0x14, 0x45, 0x4f, 0x60, 0x40, 0xd2, 0x04};
  return random() % 4 == 0 ? static_cast<std::uint8_t>(random())
                           : telling[random() % std::size(telling)];
}

bytes mutated(const capture& one, std::mt19937& random) {
  bytes packet = bytes_of(one.hex);
  if (random() % 8 == 0 && packet[0] == 0x45) packet = with_ipv4_options(packet);
  for (auto changes = random() % 4; changes > 0; --changes) {
    packet[random() % std::min<std::size_t>(packet.size(), 96)] = telling_byte(random);
  }
  if (random() % 4 == 0) packet.resize(1 + random() % packet.size());
  return packet;
}

TEST(PacketFilter, AgreesWithTheReaderOnEveryPacket) {
  const watched_port ports[] = {both, {1234, true, false}, {1234, false, true}};
  for (const watched_port& port : ports) {
    const filtered_pair pair(port);
    std::mt19937 random{20240607};
    int read = 0, kept_out = 0;
    for (int round = 0; round < 20'000; ++round) {
      const capture& one = captures::packets[random() % std::size(captures::packets)];
      const bytes packet = mutated(one, random);
      const bool wanted = is_read(packet, port);
      ++(wanted ? read : kept_out);
      ASSERT_EQ(pair.let_through(packet) > 0, wanted) << one.name << " in round " << round;
    }
    EXPECT_GT(read, 2'000);
    EXPECT_GT(kept_out, 2'000);
  }
}

TEST(PacketFilter, AgreesWithTheReaderOnEveryTruncatedPacket) {
  const filtered_pair pair(both);
  for (const capture& one : captures::packets) {
    const bytes whole = bytes_of(one.hex);
    for (std::size_t size = 1; size <= whole.size(); ++size) {
      const bytes packet(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      ASSERT_EQ(pair.let_through(packet) > 0, is_read(packet, both)) << one.name << ' ' << size;
    }
  }
}

/// A header chain, a fragment, and ICMP of the other version of IP: neither knows any of them.
TEST(PacketFilter, AgreesWithTheReaderOnIpv6Headers) {
  const filtered_pair pair(both);
  for (const capture& one : captures::packets) {
    const bytes whole = bytes_of(one.hex);
    const std::size_t offset = whole[0] >> 4 == 6 ? 6 : 9;
    for (unsigned protocol = 0; protocol < 256; ++protocol) {
      bytes packet = whole;
      packet[offset] = static_cast<std::uint8_t>(protocol);
      ASSERT_EQ(pair.let_through(packet) > 0, is_read(packet, both)) << one.name << ' ' << protocol;
    }
  }
}

}  // namespace packet_filter_test
}  // namespace natcheck::arrivals
