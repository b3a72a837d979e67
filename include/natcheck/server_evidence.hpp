// What a server saw of its own port and its visitors, and what it did not: the input of its
// diagnose(). Plain values.
#pragma once

#include <natcheck/endpoint.hpp>
#include <natcheck/evidence.hpp>
#include <natcheck/probe_evidence.hpp>
#include <optional>
#include <string>
#include <vector>

namespace natcheck {

/// One greeting of this machine to its own server.
struct self_check {
  endpoint target;
  probe_result result = probe_result::timed_out;
  cause detail;
  bool local_fault = false;  ///< nothing left this machine: `detail` is its own reason
};

/// A rule of this host's packet filter that redirects a port (DNAT, REDIRECT): to a container, or
/// to another port.
struct nat_rule {
  std::string family, table, chain;      ///< as nft(8) names them
  std::optional<address> to;             ///< empty: this host, or not known
  std::optional<std::uint16_t> to_port;  ///< empty: the port stays the same

  friend bool operator==(const nat_rule&, const nat_rule&) = default;
};

/// The server's port, and the rule that redirects it.
struct redirect_evidence {
  transport protocol = transport::tcp;
  std::uint16_t port = 0;
  nat_rule rule;
};

/// The server's answers to this machine itself. Empty: not tested.
struct self_test_evidence {
  transport protocol = transport::tcp;
  std::optional<self_check> loopback;
  std::optional<self_check> lan;       ///< at the address of the egress route
  std::optional<self_check> hairpin;   ///< at the external address: through the NAT and back
  std::optional<nat_rule> led_away{};  ///< a rule of this host for that port
  bool nat_read{};                     ///< the NAT rules could be read and understood
};

/// Which program manages this host's firewall, and which chain blocks. As far as it could be read:
/// that requires privileges.
struct firewall_evidence {
  enum class manager { unknown, none, nftables, ufw, firewalld };
  manager by = manager::unknown;
  /// nftables: the base chain of the input hook whose policy is to drop, or the first with rules.
  std::string family, table, chain;
  bool nat_read = false;               ///< the NAT rules could be read and understood
  std::optional<nat_rule> led_away{};  ///< the one for the server's port
  cause nat_doubt{};                   ///< why they could not be; empty: not known
};

/// What arrived from one client, seen at the interface before any firewall of this host, and what
/// this host sent back, seen after all of them.
struct arrival_evidence {
  transport protocol = transport::tcp;
  endpoint peer, local;
  std::string interface;
  // Each counts packets at least half a second apart: a bridge shows one packet several times.
  unsigned requests = 0;  ///< connection requests (SYN), or datagrams, that arrived
  unsigned answers = 0;   ///< answers (SYN and ACK), or datagrams, that left
  unsigned refusals = 0;  ///< RST, or ICMP errors, that left
  bool accepted = false;  ///< the server got the connection or the datagram
  millis waited{0};       ///< since the first request
  /// Answers would leave on another interface, and the kernel dropped packets for that reason
  /// meanwhile (rp_filter).
  bool reverse_path = false;
  /// Why this host's own routes let no answer out: route_prohibits, route_unreachable or
  /// route_discards. None: they do.
  cause no_route_back;
  firewall_evidence firewall;
};

}  // namespace natcheck
