// PCP (RFC 6887): is it there, and a mapping by it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <natcheck/evidence.hpp>
#include <optional>

#include "portmap/port_mapper.hpp"
#include "protocols/pcp/codec.hpp"

namespace natcheck::portmap {

/// Sends ANNOUNCE (RFC 6887 section 14.1), which changes nothing. IPv4, and IPv6 where the
/// gateway is a link-local router (with its scope id). Sends at 0, 250 and 750 ms and gives up at
/// 1750 ms.
///
/// `answered` is any answer of PCP version 2, with its result: a server that says NOT_AUTHORIZED is
/// there, and ADDRESS_MISMATCH is the most telling answer of all. `refused` is a closed port, or a
/// server of another version, which is then `version`.
boost::asio::awaitable<pcp_evidence> ask_pcp(gateway_access access, net::steady_time deadline);

/// Maps by MAP, on the schedule of `ask_pcp`. A refusal's `code` is the PCP result.
class pcp_mapper final : public port_mapper {
 public:
  explicit pcp_mapper(gateway_access access);

  mapping_protocol protocol() const override { return mapping_protocol::pcp; }
  boost::asio::awaitable<result<mapping>> map(mapping_request request) override;
  boost::asio::awaitable<result<void>> unmap() override;

  /// After a refusal by the server: for how long it will say the same (RFC 6887 section 7.4).
  std::optional<std::chrono::seconds> refused_for() const { return refused_for_; }

 private:
  /// What is known of the mapping that was asked for.
  enum class standing {
    none,     ///< not asked for, refused, or removed
    pending,  ///< asked for, and the answer was not waited for
    silent,   ///< the whole schedule was sent, and no answer came
    granted,
  };

  gateway_access access_;
  /// What was asked for last. Its nonce is the same for life (section 11.2.1): with another one the
  /// server takes a renewal or a deletion for a stranger's.
  pcp::map asked_;
  standing standing_ = standing::none;
  std::optional<std::chrono::seconds> refused_for_;
};

}  // namespace natcheck::portmap
