// The NAT rules of iptables before nftables (iptables-legacy(8)).
#pragma once

namespace natcheck::arrivals {

/// Whether its nat table has any rule. Also true where there is such a table and its rules cannot
/// be counted, which takes CAP_NET_ADMIN and CAP_NET_RAW. Never makes the kernel load a table.
bool has_legacy_nat_rules(bool ipv6);

}  // namespace natcheck::arrivals
