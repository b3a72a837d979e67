#include "protocols/stun/codec.hpp"

#include <algorithm>
#include <natcheck/causes.hpp>
#include <set>

#include "core/bytes.hpp"

namespace natcheck::stun {
namespace {

using view = std::span<const std::uint8_t>;

constexpr std::uint32_t magic_cookie = 0x2112a442;
constexpr std::uint32_t fingerprint_mask = 0x5354554e;

// RFC 8489 section 5: the class is in the bits 0x0110, the method in the others.
constexpr std::uint16_t binding_method = 0x0001;
constexpr std::uint16_t success_response = 0x0101;
constexpr std::uint16_t error_response = 0x0111;

/// RFC 8489 section 18.3, RFC 5780 section 9.1, RFC 3489 section 11.2.
enum attribute : std::uint16_t {
  mapped_address = 0x0001,
  change_request = 0x0003,
  source_address = 0x0004,   // RFC 3489
  changed_address = 0x0005,  // RFC 3489
  message_integrity = 0x0008,
  error_code = 0x0009,
  reflected_from = 0x000b,  // RFC 3489
  message_integrity_sha256 = 0x001c,
  userhash = 0x001e,
  xor_mapped_address = 0x0020,
  realm = 0x0014,
  nonce = 0x0015,
  padding = 0x0026,
  response_port = 0x0027,
  draft_xor_mapped_address = 0x8020,  // drafts before RFC 5389; stuntman still sends it to some
  software = 0x8022,
  fingerprint = 0x8028,
  response_origin = 0x802b,
  other_address = 0x802c,
};

/// The attributes from here on may be skipped by whoever does not know them.
constexpr std::uint16_t first_optional = 0x8000;

struct header {
  std::uint16_t type = 0;
  std::uint16_t length = 0;  ///< of what follows the header
  std::uint32_t cookie = 0;
};

header read_header(view message) {
  byte_reader reader(message);
  header head;
  head.type = reader.u16();
  head.length = reader.u16();
  head.cookie = reader.u32();
  return head;
}

void put_u16(bytes& out, std::uint16_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8U));
  out.push_back(static_cast<std::uint8_t>(value & 0xffU));
}

void put_u32(bytes& out, std::uint32_t value) {
  put_u16(out, static_cast<std::uint16_t>(value >> 16U));
  put_u16(out, static_cast<std::uint16_t>(value & 0xffffU));
}

/// CRC-32 of IEEE 802.3, the one of ITU V.42 that RFC 8489 section 14.7 names.
std::uint32_t crc32(view data) {
  std::uint32_t crc = 0xffffffff;
  for (const std::uint8_t byte : data) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1U ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
  }
  return ~crc;
}

/// What may stand in an answer without being of interest here. Whoever knows of neither this nor
/// that attribute below 0x8000 must not use the answer (RFC 8489 section 6.3.3); the ones of
/// RFC 3489 are in that range too, and its servers send them.
bool is_tolerated(std::uint16_t type) {
  return type >= first_optional || (type >= mapped_address && type <= reflected_from) ||
         (type >= realm && type <= nonce) ||
         (type >= message_integrity_sha256 && type <= userhash) || type == padding ||
         type == response_port;
}

//    0                   1                   2                   3
//   |0 0 0 0 0 0 0 0|    family     |             port              |
//   |                 address, 32 or 128 bits                      ...
std::optional<endpoint> read_address(view value) {
  if (value.size() < 8) return std::nullopt;
  byte_reader reader(value);
  reader.u8();
  const auto family = reader.u8();
  const auto port = reader.u16();
  if (family == 1 && value.size() == 8) {
    return endpoint{boost::asio::ip::address_v4(reader.u32()), port};
  }
  if (family != 2 || value.size() != 20) return std::nullopt;
  boost::asio::ip::address_v6::bytes_type raw{};
  std::copy(value.begin() + 4, value.end(), raw.begin());
  return endpoint{boost::asio::ip::address_v6(raw), port};
}

/// RFC 8489 section 14.2: the port is mixed with the first half of the cookie, the address with
/// the cookie and the transaction id behind it, which is how they stand in the header.
std::optional<endpoint> read_xor_address(view value, view mask) {
  bytes plain(value.begin(), value.end());
  for (std::size_t i = 2; i < plain.size() && i < 4; ++i) plain[i] ^= mask[i - 2];
  for (std::size_t i = 4; i < plain.size() && i < 20; ++i) plain[i] ^= mask[i - 4];
  return read_address(plain);
}

template <class... Values>
parse_fault fault(cause_code because, const Values&... values) {
  return {cause(because, values...)};
}

/// Puts an answer together from its attributes.
class attribute_reader {
 public:
  explicit attribute_reader(view message) : message_(message) {}

  parsed<binding_answer> read();

 private:
  std::optional<parse_fault> take(std::uint16_t type, std::size_t at, view value);
  std::optional<parse_fault> take_error(view value);
  std::optional<parse_fault> check_fingerprint(std::size_t at, view value) const;
  std::optional<parse_fault> check_complete() const;
  std::optional<endpoint>* address_slot(std::uint16_t type);

  view message_;
  std::set<std::uint16_t> seen_;
  binding_answer answer_;
  std::optional<endpoint> changed_;       ///< CHANGED-ADDRESS
  std::optional<endpoint> source_;        ///< SOURCE-ADDRESS
  std::optional<endpoint> draft_mapped_;  ///< XOR-MAPPED-ADDRESS with the number of the drafts
};

std::optional<parse_fault> attribute_reader::check_fingerprint(std::size_t at, view value) const {
  byte_reader reader(value);
  const std::uint32_t claimed = reader.u32();
  if (value.size() == 4 && (crc32(message_.first(at)) ^ fingerprint_mask) == claimed) {
    return std::nullopt;
  }
  return fault(cause_code::stun_fingerprint_wrong);
}

//   |         reserved, should be 0         |class|     number      |
//   |      reason phrase (variable)                                ...
std::optional<parse_fault> attribute_reader::take_error(view value) {
  byte_reader reader(value);
  reader.u16();
  const unsigned hundreds = reader.u8() & 7U;
  const unsigned number = reader.u8();
  if (!reader.ok() || hundreds < 3 || hundreds > 6 || number > 99) {
    return fault(cause_code::stun_undefined_error);
  }
  answer_.error = hundreds * 100 + number;
  answer_.error_text.assign(value.begin() + 4, value.end());
  return std::nullopt;
}

std::optional<endpoint>* attribute_reader::address_slot(std::uint16_t type) {
  switch (type) {
    case mapped_address:
      return &answer_.mapped;
    case xor_mapped_address:
      return &answer_.xor_mapped;
    case draft_xor_mapped_address:
      return &draft_mapped_;
    case other_address:
      return &answer_.other;
    case changed_address:
      return &changed_;
    case response_origin:
      return &answer_.origin;
    case source_address:
      return &source_;
    default:
      return nullptr;
  }
}

std::optional<parse_fault> attribute_reader::take(std::uint16_t type, std::size_t at, view value) {
  if (!is_tolerated(type) && type != xor_mapped_address) {
    return fault(cause_code::stun_unknown_attribute, type);
  }
  // RFC 8489 section 14: of several of a kind the first counts. Behind MESSAGE-INTEGRITY nothing
  // but the fingerprint does (section 14.5).
  if (!seen_.insert(type).second) return std::nullopt;
  if (type == fingerprint) return check_fingerprint(at, value);
  if (seen_.contains(message_integrity) || seen_.contains(message_integrity_sha256)) {
    return std::nullopt;
  }
  if (type == error_code) return take_error(value);
  if (type == software) answer_.software.assign(value.begin(), value.end());
  if (auto* slot = address_slot(type)) {
    const bool is_xor = type == xor_mapped_address || type == draft_xor_mapped_address;
    *slot = is_xor ? read_xor_address(value, message_.subspan(4, 16)) : read_address(value);
    if (!*slot && type < first_optional) {
      return fault(cause_code::stun_attribute_without_address, type);
    }
  }
  return std::nullopt;
}

std::optional<parse_fault> attribute_reader::check_complete() const {
  if (answer_.success && !answer_.seen_as()) return fault(cause_code::stun_no_address);
  if (!answer_.success && !answer_.error) return fault(cause_code::stun_error_without_code);
  return std::nullopt;
}

parsed<binding_answer> attribute_reader::read() {
  answer_.success = read_header(message_).type == success_response;
  std::size_t at = header_size;
  while (at < message_.size()) {
    byte_reader reader(message_.subspan(at));
    const std::uint16_t type = reader.u16();
    const std::size_t length = reader.u16();
    const view rest = message_.subspan(at + 4);
    if (rest.size() < length) return fault(cause_code::stun_attribute_too_long);
    if (auto wrong = take(type, at, rest.first(length))) return *wrong;
    if (type == fingerprint) break;  // RFC 8489 section 14.7: it is the last one
    at += 4 + (length + 3) / 4 * 4;
  }
  if (!answer_.xor_mapped) answer_.xor_mapped = draft_mapped_;
  if (!answer_.other) answer_.other = changed_;
  if (!answer_.origin) answer_.origin = source_;
  if (auto wrong = check_complete()) return *wrong;
  return std::move(answer_);
}

std::optional<parse_fault> check_frame(view message, const transaction_id& id) {
  if (message.size() < header_size) {
    return fault(cause_code::too_short_for_an_answer, message.size());
  }
  const header head = read_header(message);
  if (head.cookie != magic_cookie) return fault(cause_code::stun_no_cookie);
  if (head.type != success_response && head.type != error_response) {
    return fault(cause_code::stun_wrong_type, head.type);
  }
  if (head.length % 4 != 0 || head.length + header_size != message.size()) {
    return fault(cause_code::stun_wrong_length, message.size(), head.length + header_size);
  }
  if (!std::equal(id.begin(), id.end(), message.begin() + 8)) {
    return fault(cause_code::stun_other_request);
  }
  return std::nullopt;
}

}  // namespace

bytes encode(const binding_request& request) {
  bytes attributes;
  if (request.answer_from != change::none) {
    put_u16(attributes, change_request);
    put_u16(attributes, 4);
    put_u32(attributes, static_cast<std::uint32_t>(request.answer_from));
  }
  if (request.response_port) {
    // RFC 5780 section 7.5 makes it two bytes and padding. stuntman insists on that; coturn, which
    // itself writes a length of 4, reads either.
    put_u16(attributes, response_port);
    put_u16(attributes, 2);
    put_u16(attributes, *request.response_port);
    put_u16(attributes, 0);
  }
  bytes message;
  put_u16(message, binding_method);
  put_u16(message, static_cast<std::uint16_t>(attributes.size()));
  put_u32(message, magic_cookie);
  message.insert(message.end(), request.id.begin(), request.id.end());
  message.insert(message.end(), attributes.begin(), attributes.end());
  return message;
}

parsed<binding_answer> parse_answer(view message, const transaction_id& id) {
  if (auto wrong = check_frame(message, id)) return *wrong;
  return attribute_reader(message).read();
}

parsed<std::optional<std::size_t>> length_of(view stream) {
  if (stream.size() < header_size) return std::optional<std::size_t>{};
  const header head = read_header(stream);
  if ((head.type & 0xc000U) != 0 || head.length % 4 != 0 || head.cookie != magic_cookie) {
    return fault(cause_code::stun_not_stun);
  }
  const std::size_t size = header_size + head.length;
  if (size > longest_message) return fault(cause_code::stun_too_long, size);
  return std::optional(size);
}

}  // namespace natcheck::stun
