// STUN servers by name: who is to be asked, and where they are.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <natcheck/endpoint.hpp>
#include <string>
#include <vector>

#include "net/sockets.hpp"

namespace natcheck::outside {

struct stun_server {
  std::string name;                ///< as it was named, with the port: "stun.example.org:3478"
  std::uint16_t port = 3478;       ///< RFC 8489 section 8.1
  std::vector<address> addresses;  ///< of both families; empty: see `why_not`
  cause why_not;                   ///< a clause for people
  /// What the name leads to that cannot be outside; not among `addresses`.
  std::vector<address> diverted_to;
  bool is_literal = false;  ///< named by its address
};

/// Whether no server on the Internet can have this address: unspecified, loopback, link-local or
/// private. A name that leads there has been diverted, by a DNS filter most likely.
bool cannot_be_outside(const address& ip);

/// "the name leads to 0.0.0.0, which is not on the Internet"
cause describe_diversion(const address& to);

/// Resolves all names at the same time. Ends when every name has an answer, soon after the first
/// address is known (a slow name costs no one's time), or at `deadline`. A name whose answer was
/// not waited for has no address, and says so.
boost::asio::awaitable<std::vector<stun_server>> find_servers(std::vector<std::string> names,
                                                              net::steady_time deadline);

}  // namespace natcheck::outside
