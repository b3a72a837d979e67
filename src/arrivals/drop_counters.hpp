// What the kernel threw away for reasons that are no firewall's, as it counts it (/proc/net).
#pragma once

#include <cstdint>
#include <string_view>

namespace natcheck::arrivals {

/// Of all sockets of this host, since it was started.
struct drop_counters {
  std::uint64_t requests = 0;      ///< TCP connection requests: a listener's queue was full
  std::uint64_t datagrams = 0;     ///< UDP: a socket's buffer was full
  std::uint64_t reverse_path = 0;  ///< by rp_filter: the answer would leave by another interface

  friend bool operator==(const drop_counters&, const drop_counters&) = default;
};

/// Out of the texts of /proc/net/netstat, snmp and snmp6. A counter that is not there is 0. Pure.
drop_counters parse_drop_counters(std::string_view netstat, std::string_view snmp,
                                  std::string_view snmp6);

/// Takes no privileges. All 0 where the files cannot be read.
drop_counters read_drop_counters();

}  // namespace natcheck::arrivals
