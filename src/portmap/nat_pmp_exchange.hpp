// One NAT-PMP request (RFC 6886) and its answer, through libnatpmp.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <natcheck/error.hpp>
#include <natcheck/evidence.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "portmap/port_mapper.hpp"
#include "protocols/natpmp/codec.hpp"

namespace natcheck::portmap {

/// RFC 6886 section 3.1: the wait for an answer to the first request.
inline constexpr std::chrono::milliseconds nat_pmp_first_wait{250};

/// What came of one request.
struct nat_pmp_end {
  std::optional<natpmp::answer> answer;
  failure why;  ///< unless the answer is a success
  std::optional<millis> rtt;
  int attempts = 0;
};

bool succeeded(const nat_pmp_end& finished);

/// What a mapping request asks for.
struct nat_pmp_terms {
  transport protocol = transport::tcp;
  std::uint16_t internal_port = 0;
  std::uint16_t external_port = 0;  ///< suggested; 0 in a removal
  std::uint32_t lifetime_s = 0;     ///< 0: a removal
};

/// Both send at 0, 250 and 750 ms and give up at 1750 ms, or at `deadline`. `access` must outlive
/// the awaiting.
boost::asio::awaitable<nat_pmp_end> ask_nat_pmp_address(const gateway_access& access,
                                                        net::steady_time deadline);
boost::asio::awaitable<nat_pmp_end> ask_nat_pmp_mapping(const gateway_access& access,
                                                        nat_pmp_terms terms,
                                                        net::steady_time deadline);

/// "asking 192.168.1.1:5351 for a mapping (NAT-PMP)"
std::string nat_pmp_operation(const gateway_access& access, std::string_view what);

}  // namespace natcheck::portmap
