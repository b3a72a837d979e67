// From evidence to a verdict. Pure: the same evidence, the same verdict.
#pragma once

#include <natcheck/evidence.hpp>
#include <natcheck/mapping.hpp>
#include <natcheck/probe_evidence.hpp>
#include <natcheck/server_evidence.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace natcheck {

enum class verdict_code {
  // discover: what is between this host and the Internet
  direct,
  single_nat,
  nat_no_mapping_service,
  double_nat,
  cgnat,
  ds_lite,
  public_address_mismatch,
  vpn_egress,
  gateway_wan_down,
  no_internet,
  captive_portal,
  ipv6_only,
  offline,
  inconclusive,
  // probe: what one client can say about a server
  reachable,         ///< a plain greeter, or a server that does not report whether it is translated
  reachable_direct,  ///< the server's own address is the target
  reachable_mapped,  ///< the target was translated on the path
  tested_from_inside,
  unstable,
  refused,
  timed_out,
  unreachable,
  unresolved,
  silent,
  reset,
  corrupted,
  wrong_host_answers,
  // serve: why there is no mapping
  mapping_refused,
  port_conflict,
  port_granted_otherwise,  ///< an external port other than the one requested
  mapping_table_full,
  mapping_not_kept,
  no_mapping_service,
  // serve: what happens to visitors
  not_listening,
  host_firewall,
  return_path_broken,
};

/// The code as in JSON: "nat-no-mapping-service".
std::string_view to_string(verdict_code value);

enum class confidence {
  confirmed,    ///< proven by what was seen
  likely,       ///< the evidence points one way, but one step is inferred
  unconfirmed,  ///< nothing that could prove it was tested
};

std::string_view to_string(confidence value);

struct verdict {
  verdict_code code = verdict_code::inconclusive;
  confidence certainty = confidence::unconfirmed;
  std::string summary;                ///< one sentence, for a person without network training
  std::vector<std::string> evidence;  ///< what it is based on, with numbers
  std::vector<std::string> advice;    ///< next steps: commands or settings, the best one first
};

struct finding {
  std::string code;
  std::string summary;
  std::string advice;
};

/// The yes, no and could-not-tell of the command line. "No" is for what is proven.
enum class answer { yes, no, unknown };

struct diagnosis {
  verdict main;
  std::vector<finding> findings;
  natcheck::answer answer = natcheck::answer::unknown;
};

// --- discover ------------------------------------------------------------------------------

/// The address the Internet sees, and who said exactly that ("pcp", "nat-pmp", "upnp", "stun",
/// "interface").
struct public_address {
  address ip;
  std::vector<std::string> sources;
};

/// An address at which external servers saw this host.
struct reflexive_address {
  address ip;
  std::vector<std::string> servers;  ///< "stun.example.org:3478"; each host once
};

enum class station_role {
  host,
  router,
  second_router,
  provider_nat,
  tunnel_end,  ///< of the provider's tunnel (DS-Lite)
  another_nat,
  tunnel,       ///< a VPN's interface on this host
  direct_link,  ///< an interface of this host without a router
  internet,
  ipv6_internet,
};

/// A station on the path from this host to the Internet.
struct station {
  station_role role = station_role::host;
  std::optional<address> inner;    ///< its address on this host's side
  bool translates = false;         ///< it is a NAT
  std::optional<address> outer{};  ///< of a NAT: its address on the Internet's side, if known
  std::string interface {};        ///< of `tunnel` and `direct_link`
  bool cut_off = false;            ///< nothing gets from the station before to this one
};

struct discover_diagnosis : diagnosis {
  /// What STUN servers saw, if any of them answered; else what the gateway or this host's interface
  /// names, if it is a public address. Empty if nobody named one, or if those who count contradict
  /// each other.
  std::optional<public_address> external;
  /// Who reports it, or why it is not known: "seen by stun.example.org".
  std::string external_source;
  std::string ipv6_source;  ///< the same of this host's IPv6 address; empty: no server saw it
  /// The address that most servers saw comes first.
  std::vector<reflexive_address> reflexive_ipv4, reflexive_ipv6;
  /// Whether the gateway owns the public address that STUN saw, by the owner test: `yes` by any
  /// answer from that address, `no` by Time Exceeded from the gateway's own address. Anything else,
  /// silence included, proves nothing: `not_tested`.
  tested gateway_owns_address = tested::not_tested;
  std::vector<station> path;  ///< from this host on; empty: there is none
};

discover_diagnosis diagnose(const discover_evidence& evidence);

// --- probe ---------------------------------------------------------------------------------

struct rtt_statistics {
  std::optional<millis> min, avg, max;  ///< of the echo rounds; of the greeting if none ran
  unsigned sent = 0;                    ///< handshakes begun
  unsigned received = 0;                ///< handshakes that reached the server
};

struct probe_diagnosis : diagnosis {
  /// The handshake whose details represent all: one that reached the server, else the first.
  /// Without any, this machine could not do what was asked (`machine_fault`).
  handshake_evidence representative;
  rtt_statistics rtt;
};

probe_diagnosis diagnose(const probe_evidence& evidence);

// --- serve ---------------------------------------------------------------------------------

/// Of a port for which no mapping was made.
diagnosis diagnose(const mapping_evidence& evidence);
/// What is odd about a mapping that was granted.
std::vector<finding> diagnose(const mapping& granted);
diagnosis diagnose(const self_test_evidence& evidence);
/// Of a client whose packets arrived and who was not accepted.
diagnosis diagnose(const arrival_evidence& evidence);
/// Of a server whose port a rule of this host redirects.
diagnosis diagnose(const redirect_evidence& evidence);

/// Which address to give to others.
struct external_judgement {
  std::optional<address> ip;         ///< a public address; empty: it is not known
  std::vector<std::string> sources;  ///< who said exactly that: "router", "interface", or a server
  std::optional<finding> doubt;
  /// This host's own address is the one that the Internet sees; empty: no external server said.
  std::optional<bool> direct;
};

external_judgement diagnose(const external_evidence& evidence);

}  // namespace natcheck
