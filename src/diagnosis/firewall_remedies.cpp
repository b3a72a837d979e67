#include "diagnosis/firewall_remedies.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace natcheck::judging {
namespace {

using manager = firewall_evidence::manager;

constexpr std::string_view show_rules =
    "sudo nft list ruleset, and look for rules of the input and output hooks that drop it";

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

/// "1234/tcp", as ufw and firewalld write it.
std::string port_and_protocol(transport protocol, std::uint16_t port) {
  return fmt::format("{}/{}", port, protocol == transport::tcp ? "tcp" : "udp");
}

std::string by_ufw(const std::string& port) { return "sudo ufw allow " + port; }

std::string by_firewalld(const std::string& port) {
  return fmt::format(
      "sudo firewall-cmd --add-port={0}; for good: sudo firewall-cmd --permanent --add-port={0}",
      port);
}

std::string by_nft(const std::string& chain, transport protocol, std::uint16_t port) {
  return fmt::format("sudo nft insert rule {} {} dport {} accept", chain,
                     protocol == transport::tcp ? "tcp" : "udp", port);
}

std::vector<std::string> by_nftables(const firewall_evidence& firewall, transport protocol,
                                     std::uint16_t port) {
  if (!names_chain(firewall)) return {std::string(show_rules)};
  const auto chain = fmt::format("{} {} {}", firewall.family, firewall.table, firewall.chain);
  return {by_nft(chain, protocol, port) +
              "; for good, add the rule to /etc/nftables.conf, or to what else makes the rules",
          "if that does not help: " + std::string(show_rules)};
}

std::vector<std::string> by_any(transport protocol, std::uint16_t port) {
  const std::string name = port_and_protocol(protocol, port);
  return {"with ufw: " + by_ufw(name), "with firewalld: " + by_firewalld(name),
          "with nftables: " + by_nft("FAMILY TABLE CHAIN", protocol, port) +
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
      return "nftables has no chain for what comes in";
    case manager::unknown:
      break;
  }
  return "not known which (reading it takes privileges)";
}

std::vector<std::string> let_in(const firewall_evidence& firewall, transport protocol,
                                std::uint16_t port) {
  switch (firewall.by) {
    case manager::ufw:
      return {by_ufw(port_and_protocol(protocol, port))};
    case manager::firewalld:
      return {by_firewalld(port_and_protocol(protocol, port))};
    case manager::nftables:
      return by_nftables(firewall, protocol, port);
    case manager::none:
      return {
          "look for a filter other than nftables: sudo iptables-legacy -S INPUT, a security "
          "program, the rules of a container or of a cloud's agent"};
    case manager::unknown:
      break;
  }
  return by_any(protocol, port);
}

}  // namespace natcheck::judging
