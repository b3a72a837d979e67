// What all messages of nftables have in common. Pure.
#pragma once

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <cstdint>
#include <optional>
#include <string>

#include "net/linux/attributes.hpp"

namespace natcheck::arrivals {

/// What nftables' `message_type` (NFT_MSG_…) is in the header of a netlink message.
constexpr std::uint16_t nft_type(unsigned message_type) {
  return static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message_type);
}

/// As nft writes it; empty for a family through which no packet comes to a server (arp, bridge,
/// netdev).
inline std::string nft_family(std::uint8_t family) {
  if (family == NFPROTO_INET) return "inet";
  if (family == NFPROTO_IPV4) return "ip";
  return family == NFPROTO_IPV6 ? "ip6" : "";
}

/// Whether chains of that family see packets of that version of IP.
inline bool concerns(const std::string& family, bool ipv6) {
  return family == "inet" || family == (ipv6 ? "ip6" : "ip");
}

/// nftables has its numbers in network order.
inline std::optional<std::uint32_t> find_be32(net::message_view from, unsigned type) {
  const auto value = net::attributes::find_number<std::uint32_t>(from, type);
  return value ? std::optional(ntohl(*value)) : std::nullopt;
}

/// Asks for all that `message_type` (NFT_MSG_GETCHAIN and the like) stands for.
inline net::attributes::request_builder dump_request(unsigned message_type,
                                                     std::uint8_t family = NFPROTO_UNSPEC) {
  nfgenmsg generic{};
  generic.nfgen_family = family;
  return {nft_type(message_type), NLM_F_DUMP, generic};
}

}  // namespace natcheck::arrivals
