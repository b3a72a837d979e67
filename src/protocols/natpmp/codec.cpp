#include "protocols/natpmp/codec.hpp"

#include <string_view>
#include <utility>

#include "core/bytes.hpp"

namespace natcheck::natpmp {
namespace {

using lease::answer;
using lease::fault;
using lease::fault_kind;

/// Sections 3.2 and 3.3. An answer carries the same number plus 128.
enum class opcode : std::uint8_t { external_address = 0, map_udp = 1, map_tcp = 2 };

opcode operation_of(const lease::request& asked) {
  const auto* mapping = std::get_if<lease::map>(&asked);
  if (mapping == nullptr) return opcode::external_address;
  return mapping->protocol == transport::tcp ? opcode::map_tcp : opcode::map_udp;
}

void put(std::vector<std::uint8_t>& out, std::uint32_t value, int size) {
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(value >> shift & 0xffU));
  }
}

// Every answer begins like this (RFC 6886 section 3.5):
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   | Vers = 0      | OP = 128 + x  | Result Code                   |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   | Seconds Since Start of Epoch                                  |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
struct header {
  std::uint8_t version;
  std::uint8_t operation;
  int result;
  std::uint32_t epoch_s;
};

constexpr std::size_t header_size = 8;
constexpr std::uint8_t answer_bit = 0x80;
constexpr int unsupported_operation = 5;

fault malformed(cause reason) { return {fault_kind::malformed, std::move(reason), {}}; }
fault another(cause reason) { return {fault_kind::another_request, std::move(reason), {}}; }

std::string_view request_name(opcode value) {
  if (value == opcode::external_address) return "an address request";
  return value == opcode::map_tcp ? "a TCP mapping request" : "a UDP mapping request";
}

std::size_t answer_size(opcode value) { return value == opcode::external_address ? 12 : 16; }

header read_header(byte_reader& reader) {
  header read{};
  read.version = reader.u8();
  read.operation = reader.u8();
  read.result = reader.u16();
  read.epoch_s = reader.u32();
  return read;
}

std::optional<fault> check_version(const header& head, std::size_t size) {
  // Before any look at the size: a router with PCP alone answered with two bytes, 02 80.
  if (head.version == 1 || head.version == 2) {
    return fault{fault_kind::other_version, {cause_code::speaks_pcp, head.version}, {}};
  }
  if (head.version != 0) return malformed({cause_code::other_version, head.version, 0});
  if (size < 2) return malformed({cause_code::too_short_for_an_answer, size});
  return std::nullopt;
}

/// RFC 6886 section 3.5: a gateway that speaks another version alone answers with operation 0,
/// without the answer bit.
bool is_bad_version(const header& head, std::size_t size) {
  return head.operation == 0 && head.result == lease::unsupported_version && size >= header_size;
}

std::optional<fault> check_operation(const header& head, opcode expected) {
  if ((head.operation & answer_bit) == 0) return malformed(cause_code::request_not_answer);
  const auto operation = static_cast<opcode>(head.operation & ~answer_bit);
  if (operation == expected) return std::nullopt;
  if (operation > opcode::map_tcp) {
    return malformed({cause_code::answer_to_undefined, static_cast<unsigned>(operation)});
  }
  return another({cause_code::answer_to_another, request_name(operation), request_name(expected)});
}

/// Some routers pad their answers.
std::optional<fault> check_size(std::size_t size, int result, opcode operation) {
  const std::size_t wanted = answer_size(operation);
  if (size >= (result == 0 ? wanted : header_size)) return std::nullopt;
  return malformed({cause_code::answer_to_too_short, size, request_name(operation), wanted});
}

/// Section 3.3.
lease::checked read_mapping(byte_reader& reader, answer read, std::uint16_t asked_port) {
  const std::uint16_t internal_port = reader.u16();
  const std::uint16_t external_port = reader.u16();
  read.lifetime_s = reader.u32();
  read.external = endpoint{{}, external_port};
  if (internal_port != asked_port) {
    return another({cause_code::answer_for_another_port, internal_port, asked_port});
  }
  if (read.lifetime_s != 0 && external_port == 0) return malformed(cause_code::external_port_zero);
  return read;
}

}  // namespace

std::vector<std::uint8_t> encode(const lease::request& asked) {
  std::vector<std::uint8_t> out{0, static_cast<std::uint8_t>(operation_of(asked))};
  if (const auto* mapping = std::get_if<lease::map>(&asked)) {
    put(out, 0, 2);
    put(out, mapping->internal_port, 2);
    put(out, mapping->suggested.port, 2);
    put(out, mapping->lifetime_s, 4);
  }
  return out;
}

lease::checked check(std::span<const std::uint8_t> datagram, const lease::request& asked) {
  byte_reader reader(datagram);
  const header head = read_header(reader);
  const opcode expected = operation_of(asked);
  if (auto wrong = check_version(head, datagram.size())) return *wrong;
  if (is_bad_version(head, datagram.size())) return answer{head.result, 0, head.epoch_s, {}};
  if (auto wrong = check_operation(head, expected)) return *wrong;
  if (auto wrong = check_size(datagram.size(), head.result, expected)) return *wrong;

  answer read{head.result, 0, head.epoch_s, {}};
  // Section 3.5: the request comes back, with nothing but the answer bit and the result changed.
  if (head.result == unsupported_operation) read.epoch_s.reset();
  if (head.result != 0) return read;
  if (const auto* mapping = std::get_if<lease::map>(&asked)) {
    return read_mapping(reader, read, mapping->internal_port);
  }
  read.external = endpoint{boost::asio::ip::address_v4(reader.u32()), 0};
  return read;
}

}  // namespace natcheck::natpmp
