// What PCP (RFC 6887) and its predecessor NAT-PMP (RFC 6886) ask of a gateway, and what it answers.
#pragma once

#include <array>
#include <boost/system/result.hpp>
#include <chrono>
#include <cstdint>
#include <natcheck/causes.hpp>
#include <natcheck/endpoint.hpp>
#include <natcheck/evidence.hpp>
#include <natcheck/mapping_refusal.hpp>
#include <optional>
#include <span>
#include <variant>
#include <vector>

namespace natcheck::lease {

/// Names the owner of a mapping (RFC 6887 section 11.1): whoever knows it may change and delete.
using nonce = std::array<std::uint8_t, 12>;

/// Asks whether the service is there, and changes nothing. PCP: ANNOUNCE (section 14.1). NAT-PMP:
/// for the external address.
struct presence {
  address client;  ///< the source that the request is sent from
};

/// Makes, renews or, with lifetime 0, deletes a mapping.
struct map {
  address client;  ///< the source that the request is sent from; the mapping leads there
  nonce owner{};   ///< PCP
  transport protocol = transport::tcp;
  std::uint16_t internal_port = 0;
  endpoint suggested;  ///< port 0: any; unspecified address: any of the client's family
  std::uint32_t lifetime_s = 0;
};

using request = std::variant<presence, map>;

/// A well-formed answer to the request, a refusal included.
struct answer {
  int result = 0;  ///< the protocol's own code; 0 is success
  /// Of a mapping: how long it is granted; in answer to a deletion how long it stands anyway. Of a
  /// refusal by PCP: how long it will be the same, 0 when the server does not say.
  std::uint32_t lifetime_s = 0;
  /// Seconds since the gateway's table was last empty. Empty where the answer has other data in its
  /// place.
  std::optional<std::uint32_t> epoch_s;
  /// Of a success. The address is unspecified, and the port 0, where the answer names none.
  std::optional<endpoint> external;

  friend bool operator==(const answer&, const answer&) = default;
};

/// Result 1 of both protocols.
inline constexpr int unsupported_version = 1;

enum class fault_kind {
  malformed,        ///< breaks the rules of the protocol
  another_request,  ///< sound, but no answer to this request: a late or foreign one
  other_version,    ///< the gateway speaks another version, or the other protocol alone
};

struct fault {
  fault_kind kind = fault_kind::malformed;
  cause reason;
  std::optional<std::uint8_t> version;  ///< PCP's, where the kind is `other_version`: which
};

/// A result code of the protocol.
struct result_row {
  int result;
  cause_code why;
  mapping_refusal refusal;
};

using checked = boost::system::result<answer, fault>;

/// One of the two protocols.
struct codec {
  mapping_protocol via;
  std::optional<std::uint8_t> version;  ///< PCP's
  /// A refused `presence` shows that the service is there all the same, and tells the epoch.
  bool refusal_is_presence;
  /// A grant names the external address; else it is that of an answer to `presence`.
  bool grant_names_address;

  std::vector<std::uint8_t> (*encode)(const request& asked);
  /// Judges one datagram from the gateway. Where it came from is for the caller to check.
  checked (*check)(std::span<const std::uint8_t> datagram, const request& asked);
  std::span<const result_row> results;
  /// How long a refusal stands, so how long not to ask the same again. Null where it is not told.
  std::chrono::seconds (*stands_for)(const answer& refusal);
};

/// Codes that the protocol does not define have a row, too.
result_row meaning_of(const codec& by, int result);

}  // namespace natcheck::lease
