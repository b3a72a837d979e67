// PCP (RFC 6887), version 2: requests, what a datagram from the gateway says, and whether it
// answers our request.
#pragma once

#include <array>
#include <boost/system/result.hpp>
#include <chrono>
#include <cstdint>
#include <natcheck/cause.hpp>
#include <natcheck/endpoint.hpp>
#include <natcheck/evidence.hpp>
#include <natcheck/mapping_refusal.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace natcheck::pcp {

/// RFC 6887 section 19.2, as far as natcheck asks for it.
enum class opcode : std::uint8_t { announce = 0, map = 1 };

/// RFC 6887 section 7.4, and 15 of RFC 7652. Numbers beyond these are kept as they came.
enum class result_code : std::uint8_t {
  success = 0,
  unsupported_version = 1,
  not_authorized = 2,
  malformed_request = 3,
  unsupported_opcode = 4,
  unsupported_option = 5,
  malformed_option = 6,
  network_failure = 7,
  no_resources = 8,
  unsupported_protocol = 9,
  user_exceeded_quota = 10,
  cannot_provide_external = 11,
  address_mismatch = 12,
  excessive_remote_peers = 13,
  authentication_required = 15,
};

/// In plain words: "the gateway has no resources left for it".
std::string_view describe(result_code value);

mapping_refusal refusal_of(result_code value);

/// Names the owner of a mapping (RFC 6887 section 11.1): whoever knows it may change and delete.
using nonce = std::array<std::uint8_t, 12>;

/// Section 14.1: asks whether the server is there. Changes nothing.
struct announce {
  address client;  ///< the source that the request is sent from
};

/// Section 11.1, without options. Makes, renews or, with lifetime 0, deletes a mapping.
struct map {
  address client;  ///< the source that the request is sent from; the mapping leads there
  nonce owner{};
  transport protocol = transport::tcp;
  std::uint16_t internal_port = 0;
  endpoint suggested;  ///< port 0: any; unspecified address: any of the client's family
  std::uint32_t lifetime_s = 0;
};

using request = std::variant<announce, map>;

std::vector<std::uint8_t> encode(const request& asked);

/// A well-formed answer to the request, a refusal included.
struct answer {
  result_code result = result_code::success;
  /// Of a mapping: how long it is granted; in answer to a deletion how long it stands anyway.
  /// Of a refusal: how long it will be the same, 0 when the server does not say.
  std::uint32_t lifetime_s = 0;
  std::uint32_t epoch_s = 0;         ///< section 8.5
  std::optional<endpoint> external;  ///< of a MAP that succeeded; port 0 in answer to a deletion

  friend bool operator==(const answer&, const answer&) = default;
};

/// How long a refusal stands, so how long not to ask the same again: what the answer says, at most
/// a day. Servers that say nothing (miniupnpd's long errors say 0) mean what section 7.4 suggests:
/// 30 minutes, or 30 seconds for what is soon over.
std::chrono::seconds refused_for(const answer& refusal);

enum class fault_kind {
  malformed,        ///< breaks the rules of RFC 6887
  another_request,  ///< sound, but no answer to this request: a late or foreign one
  other_version,    ///< the server speaks another version, 0 being NAT-PMP (RFC 6886)
};

struct fault {
  fault_kind kind = fault_kind::malformed;
  cause reason;              ///< "22 bytes, an answer has 24 at least"
  std::uint8_t version = 2;  ///< where the kind is `other_version`: which
};

/// Judges one datagram from the gateway. Where it came from is for the caller to check.
boost::system::result<answer, fault> check(std::span<const std::uint8_t> datagram,
                                           const request& asked);

}  // namespace natcheck::pcp
