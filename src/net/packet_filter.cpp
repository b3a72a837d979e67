#include "net/packet_filter.hpp"

#include <algorithm>
#include <cstdint>

namespace natcheck::net {
namespace {

/// Where a jump leads: to the instruction that follows, or to the one marked with that place.
enum class place { next, ipv4, ipv6, protocol, tcp, ports, icmp, icmpv6, quoted, accept, drop };

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
// BPF_W and BPF_IMM are both 0; they are written out as in every BPF program.
constexpr std::uint16_t set_x = BPF_LDX | BPF_W | BPF_IMM;  // NOLINT(misc-redundant-expression)
constexpr std::uint16_t ipv4_length = BPF_LDX | BPF_B | BPF_MSH;  // X = 4 * (packet[k] & 15)
constexpr std::uint16_t if_equal = BPF_JMP | BPF_JEQ | BPF_K;
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

/// X = the length of the IP header, A = the protocol that follows it.
std::vector<instruction> ip_part() {
  using enum place;
  return {
      {byte_at, 0},
      {shift_right, 4},
      {if_equal, 4, ipv4},
      {if_equal, 6, ipv6, drop},
      {short_at, 6, next, next, ipv4},  // RFC 791: the fragment's offset is in its low 13 bits
      {if_any_bit, 0x1fff, drop},
      {ipv4_length, 0},
      {byte_at, 9},
      {if_equal, 0, protocol, protocol},
      {set_x, 40, next, next, ipv6},
      {byte_at, 6},
  };
}

/// What follows the IP header: TCP, UDP, or an ICMP error.
std::vector<instruction> payload_part(const watched_port& port) {
  using enum place;
  const place if_tcp = port.tcp ? tcp : drop;
  const place if_udp = port.udp ? ports : drop;
  return {
      {if_equal, 6, if_tcp, next, protocol},
      {if_equal, 17, if_udp},
      {if_equal, 1, icmp},
      {if_equal, 58, icmpv6, drop},
      {byte_at_x, 13, next, next, tcp},
      {if_any_bit, 0x06, next, drop},  // SYN, RST
      {short_at_x, 0, next, next, ports},
      {if_equal, port.number, accept},
      {short_at_x, 2},
      {if_equal, port.number, accept, drop},
      {byte_at_x, 0, next, next, icmp},
      {if_equal, 3, next, drop},  // destination unreachable
      {byte_at_x, 8},             // the quoted packet's header length, to be added to our own
      {mask, 0x0f},
      {shift_left, 2},
      {add_x, 0},
      {move_to_x, 0},
      {if_equal, 0, quoted, quoted},
      {byte_at_x, 0, next, next, icmpv6},
      {if_equal, 1, next, drop},  // destination unreachable
      {set_x, 80},
      {short_at_x, 10, next, next, quoted},  // behind both IP headers and ICMP's 8 bytes
      {if_equal, port.number, accept, drop},
      {give, captured_bytes, next, next, accept},
      {give, 0, next, next, drop},
  };
}

}  // namespace

std::vector<sock_filter> filter_for(const watched_port& port) {
  auto program = ip_part();
  const auto rest = payload_part(port);
  program.insert(program.end(), rest.begin(), rest.end());
  return assembled(program);
}

}  // namespace natcheck::net
