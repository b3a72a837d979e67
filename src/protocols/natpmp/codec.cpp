#include "protocols/natpmp/codec.hpp"

#include <fmt/format.h>

#include "core/bytes.hpp"

namespace natcheck::natpmp {
namespace {

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
  result_code result;
  std::uint32_t epoch_s;
};

constexpr std::size_t header_size = 8;
constexpr std::uint8_t answer_bit = 0x80;

fault malformed(cause reason) { return {fault_kind::malformed, std::move(reason)}; }
fault another(cause reason) { return {fault_kind::another_request, std::move(reason)}; }

std::string_view request_name(opcode value) {
  if (value == opcode::external_address) return "an address request";
  return value == opcode::map_tcp ? "a TCP mapping request" : "a UDP mapping request";
}

std::size_t answer_size(opcode value) { return value == opcode::external_address ? 12 : 16; }

header read_header(byte_reader& reader) {
  header read{};
  read.version = reader.u8();
  read.operation = reader.u8();
  read.result = static_cast<result_code>(reader.u16());
  read.epoch_s = reader.u32();
  return read;
}

std::optional<fault> check_version(const header& head, std::size_t size) {
  // Before any look at the size: a router with PCP alone answered with two bytes, 02 80.
  if (head.version == 1 || head.version == 2) {
    return fault{fault_kind::other_version,
                 fmt::format("it speaks PCP (version {}), not NAT-PMP", head.version)};
  }
  if (head.version != 0) {
    return malformed(fmt::format("version {} instead of 0", head.version));
  }
  if (size < 2) return malformed(fmt::format("{} bytes, too short for an answer", size));
  return std::nullopt;
}

/// RFC 6886 section 3.5: a gateway that speaks another version alone answers with operation 0,
/// without the answer bit.
bool is_bad_version(const header& head, std::size_t size) {
  return head.operation == 0 && head.result == result_code::unsupported_version &&
         size >= header_size;
}

std::optional<fault> check_operation(const header& head, const expectation& expected) {
  if ((head.operation & answer_bit) == 0) return malformed("a request, not an answer");
  const auto operation = static_cast<opcode>(head.operation & ~answer_bit);
  if (operation == expected.operation) return std::nullopt;
  if (operation > opcode::map_tcp) {
    return malformed(fmt::format("an answer to operation {}, which NAT-PMP does not define",
                                 static_cast<unsigned>(operation)));
  }
  return another(fmt::format("an answer to {} instead of {}", request_name(operation),
                             request_name(expected.operation)));
}

/// Some routers pad their answers.
std::optional<fault> check_size(std::size_t size, result_code result, opcode operation) {
  const std::size_t wanted = answer_size(operation);
  if (size >= (result == result_code::success ? wanted : header_size)) return std::nullopt;
  return malformed(
      fmt::format("{} bytes; an answer to {} has {}", size, request_name(operation), wanted));
}

boost::system::result<answer, fault> read_mapping(byte_reader& reader, answer read,
                                                  std::uint16_t internal_port) {
  read.internal_port = reader.u16();
  read.external_port = reader.u16();
  read.lifetime_s = reader.u32();
  if (read.internal_port != internal_port) {
    return another(fmt::format("an answer for internal port {} instead of {}", read.internal_port,
                               internal_port));
  }
  if (read.lifetime_s != 0 && read.external_port == 0) return malformed("grants external port 0");
  return read;
}

}  // namespace

std::string_view describe(result_code value) {
  switch (value) {
    case result_code::success:
      return "success";
    case result_code::unsupported_version:
      return "the gateway does not support this version";
    case result_code::not_authorized:
      return "not authorized: port mapping is turned off, or not allowed for this host";
    case result_code::network_failure:
      return "the gateway has no usable external address";
    case result_code::out_of_resources:
      return "the gateway's mapping table is full";
    case result_code::unsupported_opcode:
      return "the gateway does not support this operation";
  }
  return "an error code that RFC 6886 does not define";
}

mapping_refusal refusal_of(result_code value) {
  switch (value) {
    case result_code::success:
      return mapping_refusal::none;
    case result_code::unsupported_version:
      return mapping_refusal::unsupported_version;
    case result_code::not_authorized:
      return mapping_refusal::not_authorized;
    case result_code::network_failure:
      return mapping_refusal::network_failure;
    case result_code::out_of_resources:
      return mapping_refusal::table_full;
    case result_code::unsupported_opcode:
      break;
  }
  return mapping_refusal::other;
}

boost::system::result<answer, fault> check(std::span<const std::uint8_t> datagram,
                                           const expectation& expected) {
  byte_reader reader(datagram);
  const header head = read_header(reader);
  if (auto wrong = check_version(head, datagram.size())) return *wrong;
  if (is_bad_version(head, datagram.size())) return answer{head.result, head.epoch_s, {}};
  if (auto wrong = check_operation(head, expected)) return *wrong;
  if (auto wrong = check_size(datagram.size(), head.result, expected.operation)) return *wrong;

  answer read{head.result, head.epoch_s, {}};
  // Section 3.5: the request comes back, with nothing but the answer bit and the result changed.
  if (head.result == result_code::unsupported_opcode) read.epoch_s.reset();
  if (head.result != result_code::success) return read;
  if (expected.operation != opcode::external_address) {
    return read_mapping(reader, read, expected.internal_port);
  }
  read.external_address = boost::asio::ip::address_v4(reader.u32());
  return read;
}

}  // namespace natcheck::natpmp
