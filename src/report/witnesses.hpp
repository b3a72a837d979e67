// Who reports which addresses of this host: its router, and external servers.
#pragma once

#include <natcheck/discover.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace natcheck::report {

/// Public, or the stand-in of an address that may be.
bool counts_as_public(const discover_report& report, const address& ip);

/// The router's external addresses as its services name them, each once, with its namers:
/// "100.64.5.2 (NAT-PMP, UPnP)". What cannot be one is left to the findings.
struct outside_address {
  address ip;
  std::string named_by;
};

std::vector<outside_address> outside_addresses(const discover_evidence& seen);

/// An address of this host, and the servers that saw it, in the order they were named in.
struct reflexive_address {
  address ip;
  std::vector<std::string> servers;  ///< without ports
};

/// The public addresses that the servers saw in this address family (4 or 6), each once; first that
/// which most servers saw. An answer that names another address is no view of this machine.
std::vector<reflexive_address> reflexive_addresses(const discover_report& report, unsigned family);

std::optional<address> most_seen(const discover_report& report, unsigned family);

/// "stun.example.org:3478" and "[2001:db8::1]:3478" without port and brackets.
std::string without_port(std::string_view server);

/// "stun.a", "stun.a and 2 more"; "an external server" where nobody is named.
std::string in_short(const std::vector<std::string>& servers);

}  // namespace natcheck::report
