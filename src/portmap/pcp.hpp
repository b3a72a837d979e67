// PCP (RFC 6887): is it there, and a mapping by it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <natcheck/evidence.hpp>
#include <optional>
#include <string>

#include "portmap/pcp_exchange.hpp"
#include "portmap/port_mapper.hpp"
#include "protocols/pcp/codec.hpp"
#include "protocols/pcp/epoch.hpp"

namespace natcheck::portmap {

/// Sends ANNOUNCE (RFC 6887 section 14.1), which changes nothing. IPv4, and IPv6 where the
/// gateway is a link-local router (with its scope id). Sends at 0, 250 and 750 ms and gives up at
/// 1750 ms.
///
/// `answered` is any answer of PCP version 2, with its result: a server that says NOT_AUTHORIZED is
/// there, and ADDRESS_MISMATCH is the most telling answer of all. `refused` is a closed port, or a
/// server of another version, which is then `version`.
boost::asio::awaitable<gateway_service_evidence> ask_pcp(gateway_access access,
                                                         net::steady_time deadline);

/// True when the gateway answers one ANNOUNCE in NAT-PMP's version, 0 (RFC 6886 section 3.5): it
/// speaks NAT-PMP. Waits 250 ms at most.
boost::asio::awaitable<bool> answers_pcp_in_nat_pmp(const gateway_access& access);

/// Maps by MAP, on the schedule of `ask_pcp`. A refusal's `code` is the PCP result.
///
/// Over IPv6, where `access.from` is a global address of this host, the mapping is a pinhole: it
/// has the internal port outside too, whatever external port is asked for.
class pcp_mapper final : public port_mapper {
 public:
  explicit pcp_mapper(gateway_access access);

  mapping_protocol protocol() const override { return mapping_protocol::pcp; }
  boost::asio::awaitable<result<void>> find() override;
  boost::asio::awaitable<result<mapping>> map(mapping_request request) override;
  /// Goes by the server's epoch: PCP cannot list. Names no external address.
  boost::asio::awaitable<result<mapping_check>> check() override;
  boost::asio::awaitable<result<void>> unmap() override;
  mapping_record record(const mapping_request& request) const override;
  void restore(const mapping_record& record) override;
  std::optional<std::chrono::seconds> refused_for() const override { return refused_for_; }

 private:
  /// What is known of the mapping that was asked for.
  enum class grant_state {
    none,     ///< not asked for, refused, or removed
    pending,  ///< asked for, and the answer was not waited for or is unusable
    silent,   ///< the whole schedule was sent, and no answer came
    granted,
  };

  std::uint16_t wanted_port(const mapping_request& request) const;
  void prepare(const mapping_request& request);
  void note(const pcp_end& finished);
  failure failed(const pcp_end& finished, grant_state before);
  boost::asio::awaitable<failure> return_mapping(std::uint16_t wanted);
  boost::asio::awaitable<result<void>> cut_short(failure why);
  mapping granted(const mapping_request& request) const;

  gateway_access access_;
  /// What was asked for last. Its nonce is the same for life (section 11.2.1): with another one the
  /// server takes a renewal or a deletion for a stranger's. Once there is a grant, `suggested` and
  /// the lifetime are the granted ones.
  pcp::map asked_;
  grant_state grant_state_ = grant_state::none;
  std::optional<failure> cannot_remove_;  ///< why what was adopted cannot be removed
  std::optional<std::chrono::seconds> refused_for_;
  pcp::epoch_watch epoch_;
  bool clock_stands_still_ = false;  ///< the gateway's
  bool suspect_ = false;             ///< the mapping may be lost
  std::string lost_;  ///< why the server has lost its mappings since the last grant; empty: not so
};

}  // namespace natcheck::portmap
