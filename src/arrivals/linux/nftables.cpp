#include "arrivals/nftables.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <natcheck/operations.hpp>
#include <tuple>

#include "arrivals/linux/nft_messages.hpp"
#include "net/linux/netlink.hpp"

namespace natcheck::arrivals {
namespace {

using manager = firewall_evidence::manager;

bool is_input_hook(net::message_view from) {
  const auto hook = net::attributes::find(from, NFTA_CHAIN_HOOK);
  return hook && find_be32(*hook, NFTA_HOOK_HOOKNUM) == NF_INET_LOCAL_IN;
}

const nft_chain* deciding_chain(const std::vector<nft_chain>& chains, bool ipv6) {
  const auto rank = [&](const nft_chain& chain) {
    return std::tuple(chain.input && concerns(chain.family, ipv6), chain.drops, chain.rules);
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
  const auto answer = socket->request(chains_request(), operation_code::reading_nftables);
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

net::message chains_request() { return dump_request(NFT_MSG_GETCHAIN).finish(); }

std::optional<nft_chain> parse_chain(net::message_view bytes) {
  const auto parts = net::attributes::open<nfgenmsg>(bytes, nft_type(NFT_MSG_NEWCHAIN));
  if (!parts) return std::nullopt;
  nft_chain chain;
  chain.family = nft_family(parts->body.nfgen_family);
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
