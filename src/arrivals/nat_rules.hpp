// The NAT rules of this host that lead a port elsewhere: nftables (nft(8)), which are also those of
// iptables-nft, of Docker and of Kubernetes. Pure, but for read_nat_rule().
#pragma once

#include <cstdint>
#include <map>
#include <natcheck/server_evidence.hpp>
#include <optional>
#include <string>
#include <vector>

#include "arrivals/linux/nft_sets.hpp"
#include "net/route_messages.hpp"

namespace natcheck::arrivals {

/// What comes to this host's port.
struct port_question {
  transport protocol = transport::tcp;
  std::uint16_t port = 0;
  bool ipv6 = false;
  std::vector<address> own;  ///< this host's addresses, in order
};

/// NFT_MSG_NEWRULE, as far as it matters for one port.
struct nft_rule {
  std::string family, table, chain;
  bool applies = true;             ///< no condition that is understood excludes the port
  bool names_port = false;         ///< a condition is about the port, and true of it
  std::vector<std::string> jumps;  ///< chains of the same table, of which one is taken
  bool doubtful = false;           ///< it may jump somewhere else, too: a map could not be read
  std::optional<nat_rule> to;      ///< a destination, or a redirection
};

/// Takes one whole message. Empty for another type, for another version of IP, and for what is cut
/// short. Conditions that are not understood (marks, states, sets that are not among `sets`)
/// exclude nothing.
std::optional<nft_rule> parse_rule(net::message_view bytes, const port_question& asked,
                                   const std::vector<nft_set>& sets = {});

struct nat_rule_search {
  bool able = false;  ///< the rules could be read, and it is known whether one leads the port away
  std::optional<nat_rule> found;
  cause doubt;  ///< why not `able`, a clause
};

/// Follows `rules`, which are in order, from the base chains of the prerouting hook: the first that
/// leads the port to another place than itself. Not `able` where there is none, but one that leads
/// packets away for reasons that are not understood.
nat_rule_search leading_away(const std::vector<net::message>& chains,
                             const std::vector<nft_rule>& rules, const port_question& asked);

/// Reads the rules, which takes CAP_NET_ADMIN. Those of iptables-legacy are only counted: where it
/// has any, no answer is "no". Blocks no longer than the kernel takes to answer.
nat_rule_search read_nat_rule(transport protocol, std::uint16_t port, bool ipv6);

}  // namespace natcheck::arrivals
