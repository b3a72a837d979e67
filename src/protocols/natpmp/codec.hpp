// NAT-PMP (RFC 6886): what a datagram from the gateway says, and whether it answers our request.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <boost/system/result.hpp>
#include <cstdint>
#include <natcheck/cause.hpp>
#include <natcheck/mapping_refusal.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace natcheck::natpmp {

/// RFC 6886 sections 3.2 and 3.3. An answer carries the same number plus 128.
enum class opcode : std::uint8_t { external_address = 0, map_udp = 1, map_tcp = 2 };

/// RFC 6886 section 3.5. Numbers beyond these are kept as they came; they are fatal errors.
enum class result_code : std::uint16_t {
  success = 0,
  unsupported_version = 1,
  not_authorized = 2,
  network_failure = 3,
  out_of_resources = 4,
  unsupported_opcode = 5,
};

/// In plain words: "not authorized: port mapping is turned off, …".
std::string_view describe(result_code value);

mapping_refusal refusal_of(result_code value);

/// The request that an answer is wanted for. NAT-PMP has no transaction number, so the operation
/// and the internal port are all there is to compare.
struct expectation {
  opcode operation = opcode::external_address;
  std::uint16_t internal_port = 0;  ///< of a mapping request; host byte order
};

/// A well-formed answer to the request, a refusal included. Ports are in host byte order.
struct answer {
  result_code result = result_code::success;
  /// Seconds since the gateway's table was last empty. Not in an answer to an unknown operation:
  /// that one repeats the request, so other data stands in the same place.
  std::optional<std::uint32_t> epoch_s;
  /// Of an address request that succeeded. May be 0.0.0.0: the gateway has none.
  std::optional<boost::asio::ip::address_v4> external_address;
  // Of a mapping request that succeeded, otherwise 0.
  std::uint16_t internal_port = 0;
  std::uint16_t external_port = 0;  ///< 0 in answer to a removal
  std::uint32_t lifetime_s = 0;     ///< 0 in answer to a removal

  friend bool operator==(const answer&, const answer&) = default;
};

enum class fault_kind {
  malformed,        ///< breaks the rules of RFC 6886
  another_request,  ///< sound, but no answer to this request: a late or foreign one
  other_version,    ///< version 2 (or 1): the gateway speaks PCP (RFC 6887)
};

struct fault {
  fault_kind kind = fault_kind::malformed;
  cause reason;  ///< "2 bytes, an answer to an address request has 12"
};

/// Judges one datagram from the gateway. Where it came from is for the caller to check.
boost::system::result<answer, fault> check(std::span<const std::uint8_t> datagram,
                                           const expectation& expected);

}  // namespace natcheck::natpmp
