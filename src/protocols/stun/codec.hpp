// STUN messages (RFC 8489 section 5), with what RFC 5780 adds and old servers (RFC 3489) send.
//
//    0                   1                   2                   3
//   |0 0|     type (14 bits)        |    length after these 20      |
//   |                    magic cookie 0x2112A442                    |
//   |                    transaction id (96 bits)                   |
//   | attributes: type, length, value, padded to four bytes        ...
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <natcheck/endpoint.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "protocols/parsed.hpp"

namespace natcheck::stun {

inline constexpr std::size_t header_size = 20;
/// Over TCP a message says its own length; one that claims more than this is not read.
inline constexpr std::size_t longest_message = 2048;

using bytes = std::vector<std::uint8_t>;
using transaction_id = std::array<std::uint8_t, 12>;

/// CHANGE-REQUEST (RFC 5780 section 7.2): from where the server is asked to answer.
enum class change : std::uint32_t { none = 0, port = 2, address = 4, address_and_port = 6 };

struct binding_request {
  transaction_id id{};
  change answer_from = change::none;
  /// RESPONSE-PORT (RFC 5780 section 7.5): the answer is to go to this port of ours instead.
  std::optional<std::uint16_t> response_port{};
};

bytes encode(const binding_request& request);

/// A success or error response to a binding request.
struct binding_answer {
  bool success = false;
  std::optional<endpoint> mapped;      ///< MAPPED-ADDRESS
  std::optional<endpoint> xor_mapped;  ///< XOR-MAPPED-ADDRESS, also as 0x8020 (drafts)
  std::optional<endpoint> other;       ///< OTHER-ADDRESS, else CHANGED-ADDRESS (RFC 3489)
  std::optional<endpoint> origin;      ///< RESPONSE-ORIGIN, else SOURCE-ADDRESS (RFC 3489)
  std::optional<unsigned> error;       ///< ERROR-CODE, 300 to 699
  std::string error_text;              ///< its reason phrase, as it came
  std::string software;                ///< SOFTWARE, as it came

  /// Ours as the server saw it: XOR-MAPPED-ADDRESS before MAPPED-ADDRESS.
  const std::optional<endpoint>& seen_as() const { return xor_mapped ? xor_mapped : mapped; }
};

/// Reads the answer to the request with this id. Refuses what belongs to another transaction, lacks
/// the cookie, is no binding response, is cut short, has a FINGERPRINT that is wrong, or demands an
/// attribute to be understood that is not (RFC 8489 section 6.3; those of RFC 3489 are tolerated).
/// Addresses come without a scope id.
parsed<binding_answer> parse_answer(std::span<const std::uint8_t> message,
                                    const transaction_id& id);

/// The length of the whole message, from its header: for a stream. Empty when the header is not
/// complete; a fault when it is none of STUN's or longer than `longest_message`.
parsed<std::optional<std::size_t>> length_of(std::span<const std::uint8_t> stream);

}  // namespace natcheck::stun
