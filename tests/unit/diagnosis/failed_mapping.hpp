// The failed attempts of a mapping, for tests of what is made of them.
#pragma once

#include <natcheck/evidence.hpp>
#include <utility>
#include <vector>

namespace natcheck {

inline constexpr auto pcp = mapping_protocol::pcp;
inline constexpr auto pmp = mapping_protocol::nat_pmp;
inline constexpr auto upnp = mapping_protocol::upnp;

inline mapping_evidence trying(std::vector<mapping_attempt> attempts) {
  mapping_evidence seen;
  seen.internal = {boost::asio::ip::make_address("192.168.1.10"), 8080};
  seen.external_port = 1234;
  seen.gateway = boost::asio::ip::make_address("192.168.1.1");
  seen.attempts = std::move(attempts);
  return seen;
}

}  // namespace natcheck
