// Records and times for tests.
#pragma once

#include "core/mapping_record.hpp"
#include "mapping/journal/journal_lines.hpp"

namespace natcheck::journal {

inline constexpr wall_time noon{std::chrono::seconds(1'700'000'000)};

inline mapping_record record_of(mapping_protocol via, std::uint16_t external_port,
                                const char* internal = "192.168.1.10:1234") {
  mapping_record record;
  record.via = via;
  record.gateway = boost::asio::ip::make_address("192.168.1.1");
  record.interface = "eth0";
  record.internal = *parse_endpoint(internal, 0);
  record.external_port = external_port;
  record.lifetime = std::chrono::hours(1);
  return record;
}

inline mapping_record pcp_record() {
  auto record = record_of(mapping_protocol::pcp, 1234);
  record.protocol = transport::udp;
  record.nonce = "00112233445566778899aabb";
  return record;
}

inline mapping_record pinhole_record() {
  auto record = record_of(mapping_protocol::upnp, 80, "[2001:db8::10]:80");
  record.gateway = boost::asio::ip::make_address("fe80::1%lo");
  record.pinhole = 65535;
  return record;
}

}  // namespace natcheck::journal
