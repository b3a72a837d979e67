#include "diagnosis/firewall_remedies.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace natcheck::judging {
namespace {

using manager = firewall_evidence::manager;

constexpr std::string_view show_all_rules =
    "sudo nft list ruleset, and look for rules on the input and output hooks that drop it";

/// These words go into a shell, and whoever made the chain chose them.
bool is_plain(std::string_view word) {
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  return !word.empty() && word.front() != '-' &&
         word.find_first_not_of(allowed) == std::string_view::npos;
}

bool names_chain(const firewall_evidence& firewall) {
  return is_plain(firewall.family) && is_plain(firewall.table) && is_plain(firewall.chain);
}

std::string_view word_of(transport protocol) { return protocol == transport::tcp ? "tcp" : "udp"; }

/// "1234/tcp", as ufw and firewalld write it.
std::string port_of(const way_in& wanted) {
  return fmt::format("{}/{}", wanted.port, word_of(wanted.protocol));
}

std::string by_ufw(const way_in& wanted) { return "sudo ufw allow " + port_of(wanted); }

/// Without a zone firewalld opens the default one, which need not be that of the interface.
std::string by_firewalld(const way_in& wanted, std::string_view option = "") {
  const std::string zone =
      is_plain(wanted.interface)
          ? fmt::format("--zone=\"$(sudo firewall-cmd --get-zone-of-interface={})\" ",
                        wanted.interface)
          : "";
  return fmt::format("sudo firewall-cmd {}{}--add-port={}", option, zone, port_of(wanted));
}

std::string by_nft(const std::string& chain, const way_in& wanted) {
  return fmt::format("sudo nft insert rule {} {} dport {} accept", chain, word_of(wanted.protocol),
                     wanted.port);
}

std::vector<std::string> by_nftables(const firewall_evidence& firewall, const way_in& wanted) {
  if (!names_chain(firewall)) return {std::string(show_all_rules)};
  const auto chain = fmt::format("{} {} {}", firewall.family, firewall.table, firewall.chain);
  return {
      by_nft(chain, wanted),
      "to make it permanent, add that rule to /etc/nftables.conf, or to whatever loads the rules",
      "if that does not help: " + std::string(show_all_rules)};
}

std::vector<std::string> by_any(const way_in& wanted) {
  return {"with ufw: " + by_ufw(wanted), "with firewalld: " + by_firewalld(wanted),
          "with nftables: " + by_nft("FAMILY TABLE CHAIN", wanted) +
              "; sudo nft list chains shows the chain of the input hook"};
}

}  // namespace

std::string name_of(transport protocol) { return protocol == transport::tcp ? "TCP" : "UDP"; }

std::string describe(const firewall_evidence& firewall) {
  switch (firewall.by) {
    case manager::ufw:
      return "ufw";
    case manager::firewalld:
      return "firewalld";
    case manager::nftables:
      if (!names_chain(firewall)) return "nftables";
      return fmt::format("nftables, chain {} {} {}", firewall.family, firewall.table,
                         firewall.chain);
    case manager::none:
      return "nftables has no chain for incoming packets";
    case manager::unknown:
      break;
  }
  return "unknown (reading it requires privileges)";
}

std::string destination(const nat_rule& rule) {
  if (rule.to && rule.to_port) return to_string(endpoint{*rule.to, *rule.to_port});
  if (rule.to) return rule.to->to_string();
  return rule.to_port ? fmt::format("port {} of this machine", *rule.to_port)
                      : "another destination";
}

std::string describe(const nat_rule& rule) {
  return fmt::format("nftables, chain {} {} {}, to {}", rule.family, rule.table, rule.chain,
                     destination(rule));
}

std::string show_rules(const nat_rule& rule) {
  if (!is_plain(rule.family) || !is_plain(rule.table) || !is_plain(rule.chain)) {
    return "sudo nft list ruleset";
  }
  return fmt::format("sudo nft list chain {} {} {}", rule.family, rule.table, rule.chain);
}

std::vector<std::string> let_in(const firewall_evidence& firewall, const way_in& wanted) {
  switch (firewall.by) {
    case manager::ufw:
      return {by_ufw(wanted)};
    case manager::firewalld:
      return {by_firewalld(wanted),
              "and to make it permanent: " + by_firewalld(wanted, "--permanent ")};
    case manager::nftables:
      return by_nftables(firewall, wanted);
    case manager::none:
      return {
          "look for a firewall other than nftables: sudo iptables-legacy -S INPUT, security "
          "software, container rules or a cloud agent"};
    case manager::unknown:
      break;
  }
  return by_any(wanted);
}

std::string let_out(const way_in& wanted) {
  return fmt::format(
      "if the port is already open, the answers may be dropped: sudo nft list ruleset, and look "
      "for a rule on the output hook that matches {} sport {}",
      word_of(wanted.protocol), wanted.port);
}

}  // namespace natcheck::judging
