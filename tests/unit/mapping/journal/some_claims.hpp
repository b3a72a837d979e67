// Claims and times for tests.
#pragma once

#include "core/mapping_claim.hpp"
#include "mapping/journal/journal_lines.hpp"

namespace natcheck::journal {

inline constexpr wall_time noon{std::chrono::seconds(1'700'000'000)};

inline mapping_claim claim_of(mapping_protocol via, std::uint16_t external_port,
                              const char* internal = "192.168.1.10:1234") {
  mapping_claim claim;
  claim.via = via;
  claim.gateway = boost::asio::ip::make_address("192.168.1.1");
  claim.interface = "eth0";
  claim.internal = *parse_endpoint(internal, 0);
  claim.external_port = external_port;
  claim.lifetime = std::chrono::hours(1);
  return claim;
}

inline mapping_claim pcp_claim() {
  auto claim = claim_of(mapping_protocol::pcp, 1234);
  claim.protocol = transport::udp;
  claim.nonce = "00112233445566778899aabb";
  return claim;
}

inline mapping_claim pinhole_claim() {
  auto claim = claim_of(mapping_protocol::upnp, 80, "[2001:db8::10]:80");
  claim.gateway = boost::asio::ip::make_address("fe80::1%lo");
  claim.pinhole = 65535;
  return claim;
}

}  // namespace natcheck::journal
