// Packets of a Linux 6.18 host, 192.168.7.1 and fd00:7::1, that serves port 1234; as a packet
// socket shows them (packet(7), SOCK_DGRAM), in hex.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "arrivals/packets.hpp"
#include "unit/net/from_hex.hpp"

namespace natcheck::arrivals::captures {

struct capture {
  const char* name;
  std::string_view hex;
  direction way;
  packet_kind kind;
  transport protocol;
  std::uint16_t peer_port;
};

inline constexpr capture packets[] = {
    {"SYN",
     "4500003cb48a40004006f6ddc0a80702c0a80701a37604d275c49cd600000000a002faf08f820000020405b40402"
     "080ae6d93474000000000103030a",
     direction::incoming, packet_kind::request, transport::tcp, 41846},
    {"SYN and ACK",
     "4500003c000040004006ab68c0a80701c0a8070204d2a3768cbc86cd75c49cd7a012fe888f820000020405b40402"
     "080a77acf530e6d934740103030a",
     direction::outgoing, packet_kind::answer, transport::tcp, 41846},
    {"RST, from a firewall that rejects",
     "45000028000040004006ab7cc0a80701c0a8070204d28f4000000000726c2caf501400008f6e0000",
     direction::outgoing, packet_kind::refusal, transport::tcp, 36672},
    {"IPv6 SYN",
     "600e1bb200280640fd000007000000000000000000000002fd000007000000000000000000000001884804d29509"
     "902800000000a002fd20fa400000020405a00402080a4e0f34f0000000000103030a",
     direction::incoming, packet_kind::request, transport::tcp, 34888},
    {"IPv6 SYN and ACK",
     "600e4c8700280640fd000007000000000000000000000001fd00000700000000000000000000000204d288487809"
     "3cbd95099029a012fb04fa400000020405a00402080adc6861134e0f34f00103030a",
     direction::outgoing, packet_kind::answer, transport::tcp, 34888},
    {"IPv6 RST",
     "6000000000140640fd000007000000000000000000000001fd00000700000000000000000000000204d2e4240000"
     "0000f12df4f550140000e6a30000",
     direction::outgoing, packet_kind::refusal, transport::tcp, 58404},
    {"ICMP administratively prohibited, about TCP",
     "45c0005813a900004001d6e8c0a80701c0a80702030d8a3a000000004500003c555f400040065609c0a80702c0a8"
     "0701bfb804d27b14aa6800000000a002faf08f820000020405b40402080ac2378431000000000103030a",
     direction::outgoing, packet_kind::refusal, transport::tcp, 49080},
    {"ICMPv6 administratively prohibited, about TCP",
     "60065cbb00583a40fd000007000000000000000000000001fd00000700000000000000000000000201017af60000"
     "0000600449d300280640fd000007000000000000000000000002fd000007000000000000000000000001e42804d2"
     "6a20121b00000000a002fd20fa400000020405a00402080ad8ddf1da000000000103030a",
     direction::outgoing, packet_kind::refusal, transport::tcp, 58408},
    {"UDP greeting",
     "4500002a940140004011176ec0a80702c0a8070194ad04d200168f7b48656c6c6f2c2073657276657221",
     direction::incoming, packet_kind::request, transport::udp, 38061},
    {"UDP answer",
     "4500002afb4440004011b02ac0a80701c0a8070204d294ad00168f7b48656c6c6f2c20636c69656e7421",
     direction::outgoing, packet_kind::answer, transport::udp, 38061},
    {"IPv6 UDP greeting",
     "6006d7f400161140fd000007000000000000000000000002fd000007000000000000000000000001e25604d20016"
     "fa3948656c6c6f2c2073657276657221",
     direction::incoming, packet_kind::request, transport::udp, 57942},
    {"IPv6 UDP answer",
     "60053f3600161140fd000007000000000000000000000001fd00000700000000000000000000000204d2e2560016"
     "fa3948656c6c6f2c20636c69656e7421",
     direction::outgoing, packet_kind::answer, transport::udp, 57942},
    {"ICMP port unreachable, about UDP",
     "45c00046135d00004001d746c0a80701c0a80702030304fb000000004500002aef0040004011bc6ec0a80702c0a8"
     "0701d13304d200168f7b48656c6c6f2c2073657276657221",
     direction::outgoing, packet_kind::refusal, transport::udp, 53555},
    {"ICMPv6 port unreachable, about UDP",
     "6009950a00463a40fd000007000000000000000000000001fd00000700000000000000000000000201046db80000"
     "00006004bfa400161140fd000007000000000000000000000002fd000007000000000000000000000001da1104d2"
     "0016fa3948656c6c6f2c2073657276657221",
     direction::outgoing, packet_kind::refusal, transport::udp, 55825},
};

inline std::vector<std::uint8_t> bytes_of(std::string_view hex) {
  std::vector<std::uint8_t> bytes;
  for (const std::byte one : net::from_hex(hex))
    bytes.push_back(std::to_integer<std::uint8_t>(one));
  return bytes;
}

inline constexpr watched_port both{1234, true, true};

}  // namespace natcheck::arrivals::captures
