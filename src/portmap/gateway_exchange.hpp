// One request by PCP (RFC 6887) or its predecessor, and the answer.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <natcheck/error.hpp>
#include <natcheck/evidence.hpp>
#include <natcheck/operations.hpp>
#include <optional>

#include "portmap/port_mapper.hpp"
#include "protocols/lease/messages.hpp"

namespace natcheck::portmap {

/// What came of one request.
struct exchange_end {
  std::optional<lease::answer> answer;
  std::optional<std::uint8_t> version;  ///< of a PCP server, where it said so
  failure why;                          ///< unless the answer is a success
  std::optional<millis> rtt;
  int attempts = 0;
};

bool succeeded(const exchange_end& finished);

/// The gateway knows this version of the protocol: it answered, if only to refuse.
bool speaks(const exchange_end& finished);

/// Sends at 0, 250 and 750 ms and gives up at 1750 ms, or at `deadline`. `tried` is one of those
/// for PCP and NAT-PMP. The references must outlive the awaiting.
boost::asio::awaitable<exchange_end> exchange(const gateway_access& access, const lease::codec& by,
                                              const lease::request& request, operation_code tried,
                                              net::steady_time deadline);

operation operation_of(const gateway_access& access, const lease::codec& by, operation_code tried);

}  // namespace natcheck::portmap
