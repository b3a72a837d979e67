#include "arrivals/nftables.hpp"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <tuple>

#include "net/linux/attributes.hpp"
#include "net/linux/netlink.hpp"

namespace natcheck::arrivals {
namespace {

using manager = firewall_evidence::manager;

constexpr std::uint16_t type_of(unsigned message_type) {
  return static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message_type);
}

std::string family_name(std::uint8_t family) {
  switch (family) {
    case NFPROTO_INET:
      return "inet";
    case NFPROTO_IPV4:
      return "ip";
    case NFPROTO_IPV6:
      return "ip6";
    default:
      return {};
  }
}

/// nftables has its numbers in network order.
std::optional<std::uint32_t> find_be32(net::message_view from, unsigned type) {
  const auto value = net::attributes::find_number<std::uint32_t>(from, type);
  return value ? std::optional(ntohl(*value)) : std::nullopt;
}

bool is_input_hook(net::message_view from) {
  const auto hook = net::attributes::find(from, NFTA_CHAIN_HOOK);
  return hook && find_be32(*hook, NFTA_HOOK_HOOKNUM) == NF_INET_LOCAL_IN;
}

bool applies_to(const nft_chain& chain, bool ipv6) {
  return chain.family == "inet" || chain.family == (ipv6 ? "ip6" : "ip");
}

const nft_chain* deciding_chain(const std::vector<nft_chain>& chains, bool ipv6) {
  const auto rank = [&](const nft_chain& chain) {
    return std::tuple(chain.input && applies_to(chain, ipv6), chain.drops, chain.rules);
  };
  const auto best =
      std::max_element(chains.begin(), chains.end(),
                       [&](const auto& a, const auto& b) { return rank(a) < rank(b); });
  return best != chains.end() && std::get<0>(rank(*best)) ? &*best : nullptr;
}

/// ufw's chains are in the tables of iptables-nft, firewalld's in a table of its own.
manager manager_by_names(const std::vector<nft_chain>& chains) {
  for (const nft_chain& chain : chains) {
    if (chain.name.starts_with("ufw-") || chain.name.starts_with("ufw6-")) return manager::ufw;
    if (chain.table == "firewalld") return manager::firewalld;
  }
  return manager::unknown;
}

std::optional<std::vector<nft_chain>> read_chains() {
  auto socket = net::netlink_socket::open(NETLINK_NETFILTER);
  if (!socket) return std::nullopt;
  const auto answer = socket->request(chains_request(), "reading the chains of nftables");
  if (!answer) return std::nullopt;
  std::vector<nft_chain> chains;
  for (const net::message& one : *answer) {
    if (auto chain = parse_chain(one)) chains.push_back(std::move(*chain));
  }
  return chains;
}

bool ufw_is_enabled() {
  std::ifstream file("/etc/ufw/ufw.conf");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("ENABLED=yes")) return true;
  }
  return false;
}

/// What can be told without privileges.
manager manager_by_files() {
  if (ufw_is_enabled()) return manager::ufw;
  std::error_code ignored;
  return std::filesystem::exists("/run/firewalld", ignored) ? manager::firewalld : manager::unknown;
}

}  // namespace

net::message dump_request(unsigned message_type) {
  nlmsghdr header{};
  nfgenmsg generic{};
  generic.nfgen_family = NFPROTO_UNSPEC;
  header.nlmsg_len = sizeof header + sizeof generic;
  header.nlmsg_type = type_of(message_type);
  header.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
  net::message bytes(header.nlmsg_len);
  std::memcpy(bytes.data(), &header, sizeof header);
  std::memcpy(bytes.data() + sizeof header, &generic, sizeof generic);
  return bytes;
}

net::message chains_request() { return dump_request(NFT_MSG_GETCHAIN); }

std::optional<nft_chain> parse_chain(net::message_view bytes) {
  const auto parts = net::attributes::open<nfgenmsg>(bytes, type_of(NFT_MSG_NEWCHAIN));
  if (!parts) return std::nullopt;
  nft_chain chain;
  chain.family = family_name(parts->body.nfgen_family);
  chain.table = net::attributes::find_string(parts->attributes, NFTA_CHAIN_TABLE);
  chain.name = net::attributes::find_string(parts->attributes, NFTA_CHAIN_NAME);
  if (chain.family.empty() || chain.table.empty() || chain.name.empty()) return std::nullopt;
  chain.input = is_input_hook(parts->attributes);
  chain.drops = find_be32(parts->attributes, NFTA_CHAIN_POLICY) == NF_DROP;
  chain.rules = find_be32(parts->attributes, NFTA_CHAIN_USE).value_or(0);
  return chain;
}

firewall_evidence firewall_of(const std::vector<nft_chain>& chains, bool ipv6) {
  const nft_chain* const decides = deciding_chain(chains, ipv6);
  if (decides == nullptr) return {manager::none, {}, {}, {}};
  const manager named = manager_by_names(chains);
  return {named == manager::unknown ? manager::nftables : named, decides->family, decides->table,
          decides->name};
}

firewall_evidence read_firewall(bool ipv6) {
  firewall_evidence seen;
  if (const auto chains = read_chains()) seen = firewall_of(*chains, ipv6);
  if (seen.by != manager::unknown && seen.by != manager::none) return seen;
  // ufw and firewalld may as well work with what was before nftables.
  const manager named = manager_by_files();
  if (named != manager::unknown) seen.by = named;
  return seen;
}

}  // namespace natcheck::arrivals
