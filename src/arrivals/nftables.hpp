// Where this host's own firewall lets packets in: the base chains of nftables (nft(8)), which are
// also those of iptables-nft, ufw and firewalld.
#pragma once

#include <natcheck/server_evidence.hpp>
#include <optional>
#include <string>
#include <vector>

#include "net/route_messages.hpp"

namespace natcheck::arrivals {

/// NFT_MSG_NEWCHAIN.
struct nft_chain {
  std::string family;  ///< as nft writes it: "inet", "ip", "ip6"
  std::string table, name;
  bool input = false;       ///< a base chain of the input hook
  bool drops = false;       ///< its policy is to drop
  std::uint32_t rules = 0;  ///< in a base chain; elsewhere those that jump to it count, too

  friend bool operator==(const nft_chain&, const nft_chain&) = default;
};

/// NFT_MSG_GETCHAIN for all chains. Sequence number and port id are left 0.
net::message chains_request();

/// Takes one whole message, its nlmsghdr included. Empty for another type, for a family through
/// which no packet comes to a server (arp, bridge, netdev), and for what is cut short.
std::optional<nft_chain> parse_chain(net::message_view bytes);

/// Who manages the firewall, by the names of its chains, and which one decides over packets of one
/// IP version. `none` without an input chain. Pure.
firewall_evidence firewall_of(const std::vector<nft_chain>& chains, bool ipv6);

/// Reads the chains, which takes CAP_NET_ADMIN; without it, and where nftables is not in use, the
/// files of ufw and firewalld may still tell who is in charge. Blocks no longer than the kernel
/// takes to answer.
firewall_evidence read_firewall(bool ipv6);

}  // namespace natcheck::arrivals
