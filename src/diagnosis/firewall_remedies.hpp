// How to let a port in through this machine's own firewall.
#pragma once

#include <cstdint>
#include <natcheck/server_evidence.hpp>
#include <string>
#include <vector>

namespace natcheck::judging {

/// "TCP", "UDP".
std::string name_of(transport protocol);

/// The firewall as far as it is known: "ufw", "nftables, chain inet filter input".
std::string describe(const firewall_evidence& firewall);

/// Where a NAT rule leads: "172.17.0.2:80", "another destination".
std::string destination(const nat_rule& rule);
/// The rule by its place: "nftables, chain ip nat PREROUTING, to 172.17.0.2:80".
std::string describe(const nat_rule& rule);
/// The command that shows the rule.
std::string show_rules(const nat_rule& rule);

/// What is to be let in, and by which interface; empty: not known.
struct way_in {
  transport protocol = transport::tcp;
  std::uint16_t port = 0;
  std::string interface;
};

/// The commands for the firewall manager in use; for all three where it is not known.
/// Names of tables, chains and interfaces that no shell should see are left out.
std::vector<std::string> let_in(const firewall_evidence& firewall, const way_in& wanted);

/// What to look for where the firewall may drop the answers of that port instead.
std::string let_out(const way_in& wanted);

}  // namespace natcheck::judging
