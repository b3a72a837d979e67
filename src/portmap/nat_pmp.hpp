// NAT-PMP (RFC 6886) through libnatpmp, with what that library leaves open closed: the source
// address and the interface, the checks of each answer, and an end in good time.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <natcheck/evidence.hpp>

#include "portmap/nat_pmp_exchange.hpp"
#include "portmap/port_mapper.hpp"
#include "protocols/natpmp/epoch.hpp"

namespace natcheck::portmap {

/// Asks for the external address, which changes nothing. Sends at 0, 250 and 750 ms and gives up
/// at 1750 ms; the RFC's nine requests in 127 s are for a program that has all day.
boost::asio::awaitable<gateway_service_evidence> ask_nat_pmp(gateway_access access,
                                                             net::steady_time deadline);

/// An IPv4 gateway's. A refusal's `code` is the NAT-PMP result.
class nat_pmp_mapper final : public port_mapper {
 public:
  explicit nat_pmp_mapper(gateway_access access) : access_(std::move(access)) {}

  mapping_protocol protocol() const override { return mapping_protocol::nat_pmp; }
  boost::asio::awaitable<result<void>> find() override;
  boost::asio::awaitable<result<mapping>> map(mapping_request request) override;
  /// Goes by the gateway's epoch: NAT-PMP cannot list.
  boost::asio::awaitable<result<mapping_check>> check() override;
  boost::asio::awaitable<result<void>> unmap() override;
  mapping_record record(const mapping_request& request) const override;
  void restore(const mapping_record& record) override;

 private:
  /// What is known of the mapping that was asked for.
  enum class grant_state {
    none,     ///< not asked for, refused, or removed
    pending,  ///< asked for, and the answer was not waited for or is unusable
    silent,   ///< the whole schedule was sent, and no answer came
    granted,
  };
  failure failed(const nat_pmp_end& finished, grant_state before);

  void note(const nat_pmp_end& finished);
  boost::asio::awaitable<failure> return_mapping(std::uint16_t wanted);
  boost::asio::awaitable<result<mapping>> describe(mapping_request request);

  gateway_access access_;
  nat_pmp_terms asked_;  ///< last; once there is a grant, as it was granted
  grant_state grant_state_ = grant_state::none;
  std::optional<failure> out_of_reach_;  ///< why what was adopted cannot be removed
  natpmp::epoch_watch epoch_;
  bool clock_stands_still_ = false;  ///< the gateway's
  bool suspect_ = false;             ///< the mapping may be lost
  std::string lost_;  ///< why the gateway has lost its mappings since the last grant; empty: not so
};

}  // namespace natcheck::portmap
