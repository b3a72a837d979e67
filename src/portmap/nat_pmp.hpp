// NAT-PMP (RFC 6886) through libnatpmp, with what that library leaves open closed: the source
// address and the interface, the checks of each answer, and an end in good time.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <natcheck/evidence.hpp>

#include "portmap/port_mapper.hpp"

namespace natcheck::portmap {

/// Asks for the external address, which changes nothing. Sends at 0, 250 and 750 ms and gives up
/// at 1750 ms; the RFC's nine requests in 127 s are for a program that has all day.
boost::asio::awaitable<nat_pmp_evidence> ask_nat_pmp(gateway_access access,
                                                     net::steady_time deadline);

class nat_pmp_mapper final : public port_mapper {
 public:
  explicit nat_pmp_mapper(gateway_access access) : access_(std::move(access)) {}

  mapping_protocol protocol() const override { return mapping_protocol::nat_pmp; }
  boost::asio::awaitable<result<mapping>> map(mapping_request request) override;
  boost::asio::awaitable<result<void>> unmap() override;

 private:
  gateway_access access_;
  /// What is known of the mapping that was asked for.
  enum class standing {
    none,     ///< not asked for, refused, or removed
    pending,  ///< asked for, and the answer was not waited for
    silent,   ///< the whole schedule was sent, and no answer came
    granted,
  };

  mapping_request asked_;
  standing standing_ = standing::none;
};

}  // namespace natcheck::portmap
