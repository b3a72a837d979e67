#include "arrivals/nat_rules.hpp"

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>
#include <utility>

#include "arrivals/linux/legacy_nat.hpp"
#include "arrivals/linux/nft_expressions.hpp"
#include "arrivals/linux/nft_messages.hpp"
#include "arrivals/nftables.hpp"
#include "core/text.hpp"
#include "net/linux/netlink.hpp"
#include "net/own_addresses.hpp"

namespace natcheck::arrivals {
namespace {

/// A chain may lead to another, and that to a third.
constexpr int deepest_jump = 8;

struct base_chain {
  std::string family, table, name;
};

/// A chain of type nat at the prerouting hook.
std::optional<base_chain> parse_base(net::message_view bytes) {
  const auto parts = net::attributes::open<nfgenmsg>(bytes, nft_type(NFT_MSG_NEWCHAIN));
  if (!parts || net::attributes::find_string(parts->attributes, NFTA_CHAIN_TYPE) != "nat") {
    return std::nullopt;
  }
  const auto hook = net::attributes::find(parts->attributes, NFTA_CHAIN_HOOK);
  if (!hook || find_be32(*hook, NFTA_HOOK_HOOKNUM) != NF_INET_PRE_ROUTING) return std::nullopt;
  return base_chain{nft_family(parts->body.nfgen_family),
                    net::attributes::find_string(parts->attributes, NFTA_CHAIN_TABLE),
                    net::attributes::find_string(parts->attributes, NFTA_CHAIN_NAME)};
}

/// To the same port of this host: nothing is led away.
bool leads_home(const nat_rule& to, const port_question& asked) {
  const bool same_port = !to.to_port || *to.to_port == asked.port;
  return same_port && (!to.to || std::binary_search(asked.own.begin(), asked.own.end(), *to.to));
}

/// One walk through the rules.
class walk {
 public:
  walk(const std::vector<nft_rule>& rules, const port_question& asked)
      : rules_(rules), asked_(asked) {}

  /// `about_port`: whoever jumped here has looked at the port already.
  std::optional<nat_rule> through(const base_chain& chain, bool about_port, int depth) {
    for (const nft_rule& rule : rules_) {
      const bool here = rule.family == chain.family && rule.table == chain.table &&
                        rule.chain == chain.name && rule.applies;
      if (!here) continue;
      const bool named = about_port || rule.names_port;
      const bool away = rule.to && !leads_home(*rule.to, asked_);
      if (away && named) return rule.to;
      if (away || rule.doubtful) note_doubt(chain);
      if (auto found = along(rule, named, depth)) return found;
    }
    return std::nullopt;
  }

  const cause& doubt() const { return doubt_; }

 private:
  std::optional<nat_rule> along(const nft_rule& rule, bool named, int depth) {
    if (depth == deepest_jump) return std::nullopt;
    for (const std::string& chain : rule.jumps) {
      if (auto found = through({rule.family, rule.table, chain}, named, depth + 1)) return found;
    }
    return std::nullopt;
  }

  void note_doubt(const base_chain& chain) {
    if (!doubt_.empty()) return;
    doubt_ = cause(cause_code::rule_not_understood, chain.family, chain.table, chain.name);
  }

  cause doubt_;
  const std::vector<nft_rule>& rules_;
  const port_question& asked_;
};

}  // namespace

std::optional<nft_rule> parse_rule(net::message_view bytes, const port_question& asked,
                                   const std::vector<nft_set>& sets) {
  const auto parts = net::attributes::open<nfgenmsg>(bytes, nft_type(NFT_MSG_NEWRULE));
  if (!parts) return std::nullopt;
  nft_rule rule;
  rule.family = nft_family(parts->body.nfgen_family);
  rule.table = net::attributes::find_string(parts->attributes, NFTA_RULE_TABLE);
  rule.chain = net::attributes::find_string(parts->attributes, NFTA_RULE_CHAIN);
  if (!concerns(rule.family, asked.ipv6) || rule.table.empty() || rule.chain.empty()) {
    return std::nullopt;
  }
  const auto list = net::attributes::find(parts->attributes, NFTA_RULE_EXPRESSIONS);
  std::vector<nft_set> own_sets;
  std::copy_if(sets.begin(), sets.end(), std::back_inserter(own_sets), [&](const nft_set& each) {
    return each.table == rule.table && each.family == parts->body.nfgen_family;
  });
  if (list) nft_expressions(asked, own_sets, rule).read(*list);
  if (rule.to) {
    rule.to->family = rule.family;
    rule.to->table = rule.table;
    rule.to->chain = rule.chain;
  }
  return rule;
}

nat_rule_search leading_away(const std::vector<net::message>& chains,
                             const std::vector<nft_rule>& rules, const port_question& asked) {
  walk walking(rules, asked);
  for (const net::message& one : chains) {
    const auto base = parse_base(one);
    if (!base || !concerns(base->family, asked.ipv6)) continue;
    if (auto found = walking.through(*base, false, 0)) return {true, std::move(found), {}};
  }
  return {walking.doubt().empty(), std::nullopt, walking.doubt()};
}

namespace {

/// Of the tables that a chain at the prerouting hook is in.
std::vector<nft_set> read_sets(net::netlink_socket& socket,
                               const std::vector<net::message>& chains) {
  std::vector<nft_set> sets;
  const auto listed =
      socket.request(dump_request(NFT_MSG_GETSET).finish(), operation_code::reading_nftables);
  if (!listed) return sets;
  for (const net::message& one : *listed) {
    auto set = parse_set(one);
    if (!set) continue;
    const bool concerned =
        std::any_of(chains.begin(), chains.end(), [&](const net::message& chain) {
          const auto base = parse_base(chain);
          return base && base->table == set->table && base->family == nft_family(set->family);
        });
    if (!concerned) continue;
    const auto elements = socket.request(elements_request(*set), operation_code::reading_nftables);
    if (!elements) continue;
    set->elements = parse_elements(*elements);
    sets.push_back(std::move(*set));
  }
  return sets;
}

nat_rule_search unable(const failure& why) {
  const bool unprivileged = why.kind == outcome::denied || why.code == EPERM;
  return {false, std::nullopt, unprivileged ? cause_code::rules_need_root : cause_of(why)};
}

nat_rule_search read_nftables(const port_question& asked) {
  auto socket = net::netlink_socket::open(NETLINK_NETFILTER);
  if (!socket) return unable(socket.error());
  const auto chains = socket->request(chains_request(), operation_code::reading_nftables);
  if (!chains) return unable(chains.error());
  const auto all =
      socket->request(dump_request(NFT_MSG_GETRULE).finish(), operation_code::reading_nftables);
  if (!all) return unable(all.error());
  const auto sets = read_sets(*socket, *chains);
  std::vector<nft_rule> rules;
  for (const net::message& one : *all) {
    if (auto rule = parse_rule(one, asked, sets)) rules.push_back(std::move(*rule));
  }
  return leading_away(*chains, rules, asked);
}

}  // namespace

nat_rule_search read_nat_rule(transport protocol, std::uint16_t port, bool ipv6) {
  auto seen = read_nftables({protocol, port, ipv6, net::read_own_addresses()});
  if (seen.able && !seen.found && has_legacy_nat_rules(ipv6)) {
    seen.able = false;
    seen.doubt = cause_code::legacy_rules;
  }
  return seen;
}

}  // namespace natcheck::arrivals
