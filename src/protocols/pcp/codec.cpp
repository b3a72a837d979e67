#include "protocols/pcp/codec.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/bytes.hpp"
#include "core/canonical.hpp"

namespace natcheck::pcp {
namespace {

using boost::asio::ip::address_v6;
using lease::answer;
using lease::fault;
using lease::fault_kind;
using lease::map;
using lease::nonce;
using lease::presence;

/// Section 19.2, as far as natcheck asks for it.
enum class opcode : std::uint8_t { announce = 0, map = 1 };

constexpr std::uint8_t our_version = 2;
constexpr std::uint8_t answer_bit = 0x80;
constexpr std::size_t header_size = 24;
constexpr std::size_t map_size = 60;
constexpr std::size_t largest_size = 1100;  // RFC 6887 section 7
// Section 15: the most that a client should believe, whatever it is granted.
constexpr std::uint32_t longest_lifetime_s = 86'400;

// --- requests ------------------------------------------------------------------------------

using bytes = std::vector<std::uint8_t>;

void put(bytes& out, std::uint32_t value, int size) {
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(value >> shift & 0xffU));
  }
}

/// Section 5: every address has 16 bytes, those of IPv4 as ::ffff:a.b.c.d.
void put(bytes& out, const address& ip) {
  const address_v6 wide =
      ip.is_v4() ? boost::asio::ip::make_address_v6(boost::asio::ip::v4_mapped, ip.to_v4())
                 : ip.to_v6();
  const auto raw = wide.to_bytes();
  out.insert(out.end(), raw.begin(), raw.end());
}

// Section 7.1:
//
//    0                   1                   2                   3
//    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |  Version = 2  |R|   Opcode    |         Reserved              |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                 Requested Lifetime (32 bits)                  |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |            PCP Client's IP Address (128 bits)                 |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
bytes header_of(opcode operation, std::uint32_t lifetime_s, const address& client) {
  bytes out{our_version, static_cast<std::uint8_t>(operation), 0, 0};
  put(out, lifetime_s, 4);
  put(out, client);
  return out;
}

std::uint8_t number_of(transport protocol) { return protocol == transport::tcp ? 6 : 17; }

bytes encoded(const presence& asked) { return header_of(opcode::announce, 0, asked.client); }

// Section 11.1:
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                 Mapping Nonce (96 bits)                       |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |   Protocol    |          Reserved (24 bits)                   |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |        Internal Port          |    Suggested External Port    |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |           Suggested External IP Address (128 bits)            |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
bytes encoded(const map& asked) {
  bytes out = header_of(opcode::map, asked.lifetime_s, asked.client);
  out.insert(out.end(), asked.owner.begin(), asked.owner.end());
  put(out, number_of(asked.protocol), 1);
  put(out, 0, 3);
  put(out, asked.internal_port, 2);
  put(out, asked.suggested.port, 2);
  const bool any_v6 = asked.suggested.ip.is_unspecified() && asked.client.is_v6();
  put(out, any_v6 ? address(address_v6::any()) : asked.suggested.ip);
  return out;
}

// --- answers -------------------------------------------------------------------------------

fault malformed(cause reason) { return {fault_kind::malformed, std::move(reason), {}}; }
fault another(cause reason) { return {fault_kind::another_request, std::move(reason), {}}; }

// Section 7.2:
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |  Version = 2  |R|   Opcode    |   Reserved    |  Result Code  |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                      Lifetime (32 bits)                       |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                     Epoch Time (32 bits)                      |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//   |                      Reserved (96 bits)                       |
//   +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
struct header {
  std::uint8_t version;
  std::uint8_t operation;
  answer content;
};

void skip(byte_reader& reader, int count) {
  for (int i = 0; i < count; ++i) reader.u8();
}

template <std::size_t Size>
std::array<std::uint8_t, Size> take(byte_reader& reader) {
  std::array<std::uint8_t, Size> out{};
  for (std::uint8_t& byte : out) byte = reader.u8();
  return out;
}

header read_header(byte_reader& reader) {
  header read{};
  read.version = reader.u8();
  read.operation = reader.u8();
  reader.u8();
  read.content.result = reader.u8();
  read.content.lifetime_s = reader.u32();
  read.content.epoch_s = reader.u32();
  skip(reader, 12);
  return read;
}

/// The version says what the rest means, so it comes before any look at the size: servers of
/// NAT-PMP answer with 8 bytes (RFC 6886 section 3.5), some without the bit of an answer.
std::optional<fault> check_version(const header& head, std::size_t size) {
  if (size == 0) return malformed(cause_code::empty_datagram);
  const auto speaks = [&](cause what) {
    return fault{fault_kind::other_version, std::move(what), head.version};
  };
  if (head.version == our_version) return std::nullopt;
  if (head.version == 0) return speaks(cause_code::speaks_nat_pmp);
  if (head.version == 1) return speaks(cause_code::speaks_draft_of_pcp);
  const bool says_so = (head.operation & answer_bit) != 0 && size >= 4 &&
                       head.content.result == lease::unsupported_version;
  if (says_so) return speaks({cause_code::speaks_later_pcp, head.version});
  return malformed({cause_code::other_version, head.version, our_version});
}

std::optional<fault> check_size(std::size_t size) {
  if (size < header_size) {
    return malformed({cause_code::answer_too_short, size, header_size});
  }
  if (size > largest_size) {
    return malformed({cause_code::pcp_too_long, largest_size});
  }
  if (size % 4 != 0) return malformed({cause_code::size_not_multiple_of_4, size});
  return std::nullopt;
}

std::string name_of(std::uint8_t operation) {
  if (operation == static_cast<std::uint8_t>(opcode::announce)) return "ANNOUNCE";
  if (operation == static_cast<std::uint8_t>(opcode::map)) return "MAP";
  return fmt::format("operation {}", operation);
}

std::optional<fault> check_operation(const header& head, const lease::request& asked) {
  if ((head.operation & answer_bit) == 0) return malformed(cause_code::request_not_answer);
  const auto operation = static_cast<std::uint8_t>(head.operation & ~answer_bit);
  const auto wanted = static_cast<std::uint8_t>(
      std::holds_alternative<map>(asked) ? opcode::map : opcode::announce);
  if (operation == wanted) return std::nullopt;
  return another({cause_code::answer_to_another, name_of(operation), name_of(wanted)});
}

/// Section 7.3: unknown options of an answer mean nothing, but each must end before the next.
std::optional<fault> check_options(byte_reader& reader, std::size_t size) {
  while (size != 0) {
    const std::uint8_t code = reader.u8();
    reader.u8();
    const std::size_t length = reader.u16();
    const std::size_t padded = (length + 3) / 4 * 4;
    size -= 4;
    if (padded > size) {
      return malformed({cause_code::option_too_long, code, length, size});
    }
    skip(reader, static_cast<int>(padded));
    size -= padded;
  }
  return std::nullopt;
}

/// Section 11.4: the nonce, the protocol and the internal port are those of the request.
std::optional<fault> check_owner(byte_reader& reader, const map& asked) {
  const nonce owner = take<12>(reader);
  const std::uint8_t protocol = reader.u8();
  skip(reader, 3);
  const std::uint16_t internal_port = reader.u16();
  if (owner != asked.owner) return another(cause_code::another_nonce);
  if (protocol != number_of(asked.protocol)) {
    return another({cause_code::answer_for_another_protocol, protocol, number_of(asked.protocol)});
  }
  if (internal_port != asked.internal_port) {
    return another({cause_code::answer_for_another_port, internal_port, asked.internal_port});
  }
  return std::nullopt;
}

lease::checked read_mapping(byte_reader& reader, std::size_t size, answer read, const map& asked) {
  const bool success = read.result == 0;
  if (size < map_size) {
    // A refusal repeats the request (section 8.2), but need not: what counts is in the header.
    if (!success) return read;
    return malformed({cause_code::answer_to_too_short, size, "MAP", map_size});
  }
  if (auto wrong = check_owner(reader, asked)) return *wrong;
  if (!success) return read;
  const std::uint16_t external_port = reader.u16();
  read.external = endpoint{canonical(address(address_v6(take<16>(reader)))), external_port};
  if (asked.lifetime_s != 0 && external_port == 0) return malformed(cause_code::external_port_zero);
  read.lifetime_s = std::min(read.lifetime_s, longest_lifetime_s);
  if (auto wrong = check_options(reader, size - map_size)) return *wrong;
  return read;
}

}  // namespace

std::chrono::seconds stands_for(const answer& refusal) {
  using namespace std::chrono_literals;
  if (refusal.lifetime_s != 0)
    return std::min<std::chrono::seconds>(std::chrono::seconds(refusal.lifetime_s), 24h);
  switch (lease::meaning_of(codec, refusal.result).refusal) {
    case mapping_refusal::network_failure:
    case mapping_refusal::no_resources:
    case mapping_refusal::over_quota:
    case mapping_refusal::port_conflict:
      return 30s;
    default:
      return 30min;
  }
}

std::vector<std::uint8_t> encode(const lease::request& asked) {
  return std::visit([](const auto& kind) { return encoded(kind); }, asked);
}

lease::checked check(std::span<const std::uint8_t> datagram, const lease::request& asked) {
  byte_reader reader(datagram);
  const header head = read_header(reader);
  if (auto wrong = check_version(head, datagram.size())) return *wrong;
  if (auto wrong = check_size(datagram.size())) return *wrong;
  if (auto wrong = check_operation(head, asked)) return *wrong;
  if (const map* mapping = std::get_if<map>(&asked)) {
    return read_mapping(reader, datagram.size(), head.content, *mapping);
  }
  if (head.content.result != 0) return head.content;
  if (auto wrong = check_options(reader, datagram.size() - header_size)) return *wrong;
  return head.content;
}

}  // namespace natcheck::pcp
