#include "arrivals/linux/packet_filter.hpp"

#include <algorithm>
#include <cstdint>

#include "protocols/greeting/codec.hpp"

namespace natcheck::arrivals {
namespace {

/// Where a jump leads: to the instruction that follows, or to the one marked with that place.
enum class place {
  next,
  ipv4,
  ipv6,
  tcp,
  to_port,
  from_port,
  either_port,
  udp,
  greeting,
  icmp,
  quoted_ipv4,
  icmpv6,
  quoted_ipv6,
  accept,
  drop
};

struct instruction {
  std::uint16_t code;
  std::uint32_t k;
  place yes = place::next;
  place no = place::next;
  place at = place::next;  ///< the place that this is; `next`: none
};

// The registers are A, the accumulator, and X, here an offset.
constexpr std::uint16_t byte_at = BPF_LD | BPF_B | BPF_ABS;     // A = packet[k]
constexpr std::uint16_t short_at = BPF_LD | BPF_H | BPF_ABS;    // two bytes
constexpr std::uint16_t byte_at_x = BPF_LD | BPF_B | BPF_IND;   // A = packet[X + k]
constexpr std::uint16_t short_at_x = BPF_LD | BPF_H | BPF_IND;  // two bytes
constexpr std::uint16_t word_at_x = BPF_LD | BPF_W | BPF_IND;   // four bytes
// BPF_W and BPF_IMM are both 0; they are written out as in every BPF program.
constexpr std::uint16_t set_x = BPF_LDX | BPF_W | BPF_IMM;  // NOLINT(misc-redundant-expression)
constexpr std::uint16_t ipv4_length = BPF_LDX | BPF_B | BPF_MSH;  // X = 4 * (packet[k] & 15)
constexpr std::uint16_t if_equal = BPF_JMP | BPF_JEQ | BPF_K;
constexpr std::uint16_t if_at_least = BPF_JMP | BPF_JGE | BPF_K;
constexpr std::uint16_t if_any_bit = BPF_JMP | BPF_JSET | BPF_K;
constexpr std::uint16_t shift_right = BPF_ALU | BPF_RSH | BPF_K;
constexpr std::uint16_t shift_left = BPF_ALU | BPF_LSH | BPF_K;
constexpr std::uint16_t mask = BPF_ALU | BPF_AND | BPF_K;
constexpr std::uint16_t add_x = BPF_ALU | BPF_ADD | BPF_X;
constexpr std::uint16_t move_to_x = BPF_MISC | BPF_TAX;
constexpr std::uint16_t give = BPF_RET | BPF_K;

/// Classic BPF jumps forward only, by a number of instructions.
std::uint8_t distance(const std::vector<instruction>& program, std::size_t from, place to) {
  if (to == place::next) return 0;
  const auto target = std::find_if(program.begin(), program.end(),
                                   [&](const instruction& one) { return one.at == to; });
  return static_cast<std::uint8_t>(target - program.begin() - static_cast<int>(from) - 1);
}

std::vector<sock_filter> assembled(const std::vector<instruction>& program) {
  std::vector<sock_filter> code;
  for (std::size_t i = 0; i < program.size(); ++i) {
    const instruction& one = program[i];
    code.push_back({one.code, distance(program, i, one.yes), distance(program, i, one.no), one.k});
  }
  return code;
}

using program_part = std::vector<instruction>;

/// "Hello, server!" as the numbers that a load makes of it.
constexpr std::uint32_t number_at(std::size_t offset, std::size_t size) {
  std::uint32_t number = 0;
  for (const char c : greeting::plain_question.substr(offset, size)) {
    number = number << 8 | static_cast<std::uint8_t>(c);
  }
  return number;
}
static_assert(greeting::plain_question.size() == 14);

/// X = the length of the IP header; then to what follows it.
program_part ip_part(place if_tcp, place if_udp) {
  using enum place;
  return {
      {byte_at, 0},
      {shift_right, 4},
      {if_equal, 4, ipv4},
      {if_equal, 6, ipv6, drop},
      {byte_at, 0, next, next, ipv4},
      {mask, 0x0f},
      {if_at_least, 5, next, drop},  // RFC 791: five words at least
      {short_at, 6},                 // the fragment's offset is in its low 13 bits
      {if_any_bit, 0x1fff, drop},
      {ipv4_length, 0},
      {byte_at, 9},
      {if_equal, 6, if_tcp},
      {if_equal, 17, if_udp},
      {if_equal, 1, icmp, drop},
      {set_x, 40, next, next, ipv6},
      {byte_at, 6},
      {if_equal, 6, if_tcp},
      {if_equal, 17, if_udp},
      {if_equal, 58, icmpv6, drop},
  };
}

/// SYN goes to the port, SYN and ACK comes from it, RST does either.
program_part tcp_part(std::uint16_t port) {
  using enum place;
  return {
      {byte_at_x, 13, next, next, tcp},
      {if_any_bit, 0x04, either_port},
      {mask, 0x12},
      {if_equal, 0x02, to_port},
      {if_equal, 0x12, from_port, drop},
      {short_at_x, 0, next, next, either_port},
      {if_equal, port, accept, to_port},
      {short_at_x, 2, next, next, to_port},
      {if_equal, port, accept, drop},
      {short_at_x, 0, next, next, from_port},
      {if_equal, port, accept, drop},
  };
}

/// A greeting to the port, and whatever comes from it.
program_part udp_part(std::uint16_t port) {
  using enum place;
  return {
      {short_at_x, 2, next, next, udp},
      {if_equal, port, greeting},
      {short_at_x, 0},
      {if_equal, port, accept, drop},
      {short_at_x, 0, next, next, greeting},
      {if_equal, port, accept},
      {word_at_x, 8},
      {if_equal, number_at(0, 4), next, drop},
      {word_at_x, 12},
      {if_equal, number_at(4, 4), next, drop},
      {word_at_x, 16},
      {if_equal, number_at(8, 4), next, drop},
      {short_at_x, 20},
      {if_equal, number_at(12, 2), accept, drop},
  };
}

/// Destination unreachable, but for "fragmentation needed", about a packet to the port.
program_part icmp_part(const watched_port& port) {
  using enum place;
  return {
      {byte_at_x, 0, next, next, icmp},
      {if_equal, 3, next, drop},
      {byte_at_x, 1},
      {if_equal, 4, drop},
      {byte_at_x, 8},  // the quoted packet begins behind 8 bytes
      {shift_right, 4},
      {if_equal, 4, next, drop},
      {short_at_x, 8 + 6},
      {if_any_bit, 0x1fff, drop},
      {byte_at_x, 8 + 9},
      {if_equal, 6, port.tcp ? quoted_ipv4 : drop},
      {if_equal, 17, port.udp ? quoted_ipv4 : drop, drop},
      {byte_at_x, 8, next, next, quoted_ipv4},
      {mask, 0x0f},
      {if_at_least, 5, next, drop},
      {shift_left, 2},
      {add_x, 0},
      {move_to_x, 0},
      {short_at_x, 8 + 2},
      {if_equal, port.number, accept, drop},
  };
}

/// The same of IPv6.
program_part icmpv6_part(const watched_port& port) {
  using enum place;
  return {
      {byte_at_x, 0, next, next, icmpv6},
      {if_equal, 1, next, drop},
      {byte_at_x, 8},
      {shift_right, 4},
      {if_equal, 6, next, drop},
      {byte_at_x, 8 + 6},
      {if_equal, 6, port.tcp ? quoted_ipv6 : drop},
      {if_equal, 17, port.udp ? quoted_ipv6 : drop, drop},
      {short_at_x, 8 + 40 + 2, next, next, quoted_ipv6},
      {if_equal, port.number, accept, drop},
  };
}

program_part verdict_part() {
  using enum place;
  return {
      {give, captured_bytes, next, next, accept},
      {give, 0, next, next, drop},
  };
}

}  // namespace

std::vector<sock_filter> filter_for(const watched_port& port) {
  program_part program;
  for (const program_part& part :
       {ip_part(port.tcp ? place::tcp : place::drop, port.udp ? place::udp : place::drop),
        tcp_part(port.number), udp_part(port.number), icmp_part(port), icmpv6_part(port),
        verdict_part()}) {
    program.insert(program.end(), part.begin(), part.end());
  }
  return assembled(program);
}

}  // namespace natcheck::arrivals
