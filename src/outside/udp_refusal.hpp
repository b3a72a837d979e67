// ICMP errors that tell which datagram of an unconnected socket they are about (IP_RECVERR, ip(7)).
#pragma once

#include <natcheck/endpoint.hpp>
#include <optional>

#include "net/sockets.hpp"

namespace natcheck::outside {

/// Keeps the errors for `next_refusal`.
void keep_refusals(net::udp::socket& socket);

struct udp_refusal {
  endpoint to;  ///< where the datagram was meant to go
  net::error_code error;
};

/// The oldest error that was not read yet. Does not block.
std::optional<udp_refusal> next_refusal(net::udp::socket& socket);

}  // namespace natcheck::outside
