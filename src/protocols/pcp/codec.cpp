#include "protocols/pcp/codec.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/bytes.hpp"
#include "core/canonical.hpp"

namespace natcheck::pcp {
namespace {

using boost::asio::ip::address_v6;

constexpr std::uint8_t our_version = 2;
constexpr std::uint8_t answer_bit = 0x80;
constexpr std::size_t header_size = 24;
constexpr std::size_t map_size = 60;
constexpr std::size_t largest_size = 1100;  // RFC 6887 section 7

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

bytes encoded(const announce& asked) { return header_of(opcode::announce, 0, asked.client); }

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

fault malformed(cause reason) { return {fault_kind::malformed, std::move(reason)}; }
fault another(cause reason) { return {fault_kind::another_request, std::move(reason)}; }

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
  read.content.result = static_cast<result_code>(reader.u8());
  read.content.lifetime_s = reader.u32();
  read.content.epoch_s = reader.u32();
  skip(reader, 12);
  return read;
}

/// The version says what the rest means, so it comes before any look at the size: servers of
/// NAT-PMP answer with 8 bytes (RFC 6886 section 3.5), some without the bit of an answer.
std::optional<fault> check_version(const header& head, std::size_t size) {
  if (size == 0) return malformed("an empty datagram");
  const auto speaks = [&](const char* what) {
    return fault{fault_kind::other_version,
                 fmt::format("it speaks {} (version {})", what, head.version), head.version};
  };
  if (head.version == our_version) return std::nullopt;
  if (head.version == 0) return speaks("only NAT-PMP");
  if (head.version == 1) return speaks("only a draft of PCP");
  const bool says_so = (head.operation & answer_bit) != 0 && size >= 4 &&
                       head.content.result == result_code::unsupported_version;
  if (says_so) return speaks("only a later PCP");
  return malformed(fmt::format("version {} instead of 2", head.version));
}

std::optional<fault> check_size(std::size_t size) {
  if (size < header_size) {
    return malformed(fmt::format("{} bytes; an answer has at least {}", size, header_size));
  }
  if (size > largest_size) {
    return malformed(fmt::format("more than {} bytes, the maximum of PCP", largest_size));
  }
  if (size % 4 != 0) return malformed(fmt::format("{} bytes, which is not a multiple of 4", size));
  return std::nullopt;
}

std::string name_of(std::uint8_t operation) {
  if (operation == static_cast<std::uint8_t>(opcode::announce)) return "ANNOUNCE";
  if (operation == static_cast<std::uint8_t>(opcode::map)) return "MAP";
  return fmt::format("operation {}", operation);
}

std::optional<fault> check_operation(const header& head, const request& asked) {
  if ((head.operation & answer_bit) == 0) return malformed("a request, not an answer");
  const auto operation = static_cast<std::uint8_t>(head.operation & ~answer_bit);
  const auto wanted = static_cast<std::uint8_t>(
      std::holds_alternative<map>(asked) ? opcode::map : opcode::announce);
  if (operation == wanted) return std::nullopt;
  return another(fmt::format("an answer to {} instead of {}", name_of(operation), name_of(wanted)));
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
      return malformed(
          fmt::format("option {} claims {} bytes, but only {} are left", code, length, size));
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
  if (owner != asked.owner) return another("an answer with a different nonce");
  if (protocol != number_of(asked.protocol)) {
    return another(fmt::format("an answer for protocol {} instead of {}", protocol,
                               number_of(asked.protocol)));
  }
  if (internal_port != asked.internal_port) {
    return another(fmt::format("an answer for internal port {} instead of {}", internal_port,
                               asked.internal_port));
  }
  return std::nullopt;
}

boost::system::result<answer, fault> read_mapping(byte_reader& reader, std::size_t size,
                                                  answer read, const map& asked) {
  const bool success = read.result == result_code::success;
  if (size < map_size) {
    // A refusal repeats the request (section 8.2), but need not: what counts is in the header.
    if (!success) return read;
    return malformed(fmt::format("{} bytes; an answer to MAP has at least {}", size, map_size));
  }
  if (auto wrong = check_owner(reader, asked)) return *wrong;
  if (!success) return read;
  const std::uint16_t external_port = reader.u16();
  read.external = endpoint{canonical(address(address_v6(take<16>(reader)))), external_port};
  if (asked.lifetime_s != 0 && external_port == 0) return malformed("grants external port 0");
  if (auto wrong = check_options(reader, size - map_size)) return *wrong;
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
      return "not authorized: port mapping is turned off, or not allowed for this host, "
             "or the mapping belongs to another host";
    case result_code::malformed_request:
      return "the gateway calls the request malformed";
    case result_code::unsupported_opcode:
      return "the gateway does not support this operation";
    case result_code::unsupported_option:
      return "the gateway does not support a required option";
    case result_code::malformed_option:
      return "the gateway calls an option malformed";
    case result_code::network_failure:
      return "the gateway has no WAN connection";
    case result_code::no_resources:
      return "the gateway has no resources: its table is full, or it has no usable "
             "external address";
    case result_code::unsupported_protocol:
      return "the gateway does not support this transport protocol";
    case result_code::user_exceeded_quota:
      return "this customer or host has reached its limit of ports";
    case result_code::cannot_provide_external:
      return "the gateway cannot provide this external port or address";
    case result_code::address_mismatch:
      return "the gateway saw another source address: there is another NAT between this "
             "host and the gateway";
    case result_code::excessive_remote_peers:
      return "the gateway cannot filter for that many peers";
    case result_code::authentication_required:
      return "the gateway requires authentication (RFC 7652)";
  }
  return "an error code that RFC 6887 does not define";
}

mapping_refusal refusal_of(result_code value) {
  switch (value) {
    case result_code::success:
      return mapping_refusal::none;
    case result_code::unsupported_version:
      return mapping_refusal::unsupported_version;
    case result_code::not_authorized:
    case result_code::authentication_required:
      return mapping_refusal::not_authorized;
    case result_code::network_failure:
      return mapping_refusal::network_failure;
    case result_code::no_resources:
      return mapping_refusal::no_resources;
    case result_code::user_exceeded_quota:
      return mapping_refusal::over_quota;
    case result_code::cannot_provide_external:
      return mapping_refusal::port_conflict;
    case result_code::address_mismatch:
      return mapping_refusal::address_mismatch;
    default:
      return mapping_refusal::other;
  }
}

std::chrono::seconds refused_for(const answer& refusal) {
  using namespace std::chrono_literals;
  if (refusal.lifetime_s != 0)
    return std::min<std::chrono::seconds>(std::chrono::seconds(refusal.lifetime_s), 24h);
  switch (refusal.result) {
    case result_code::network_failure:
    case result_code::no_resources:
    case result_code::user_exceeded_quota:
    case result_code::cannot_provide_external:
      return 30s;
    default:
      return 30min;
  }
}

std::vector<std::uint8_t> encode(const request& asked) {
  return std::visit([](const auto& kind) { return encoded(kind); }, asked);
}

boost::system::result<answer, fault> check(std::span<const std::uint8_t> datagram,
                                           const request& asked) {
  byte_reader reader(datagram);
  const header head = read_header(reader);
  if (auto wrong = check_version(head, datagram.size())) return *wrong;
  if (auto wrong = check_size(datagram.size())) return *wrong;
  if (auto wrong = check_operation(head, asked)) return *wrong;
  if (const map* mapping = std::get_if<map>(&asked)) {
    return read_mapping(reader, datagram.size(), head.content, *mapping);
  }
  if (head.content.result != result_code::success) return head.content;
  if (auto wrong = check_options(reader, datagram.size() - header_size)) return *wrong;
  return head.content;
}

}  // namespace natcheck::pcp
