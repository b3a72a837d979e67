// One PCP request (RFC 6887) and its answer.
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
#include "protocols/pcp/codec.hpp"

namespace natcheck::portmap {

/// The wait for an answer to the first of three requests.
inline constexpr std::chrono::milliseconds pcp_first_wait{250};

/// What came of one request.
struct pcp_end {
  std::optional<pcp::answer> answer;
  std::optional<std::uint8_t> version;  ///< of the server, where it said so
  failure why;                          ///< unless the answer is a success
  std::optional<millis> rtt;
  int attempts = 0;
};

bool succeeded(const pcp_end& finished);

/// Sends at 0, 250 and 750 ms and gives up at 1750 ms, or at `deadline`. `what` is asked for, as in
/// "a mapping". The references must outlive the awaiting.
boost::asio::awaitable<pcp_end> exchange_pcp(const gateway_access& access,
                                             const pcp::request& request, std::string_view what,
                                             net::steady_time deadline);

/// "asking 192.168.1.1:5351 for a mapping (PCP)"
std::string pcp_operation(const gateway_access& access, std::string_view what);

}  // namespace natcheck::portmap
