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
  // discover: what stands between this host and the Internet
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
  // probe: what one client can say of a server
  reachable,         ///< a plain greeter, or a server that did not say whether it is translated
  reachable_direct,  ///< the server's own address is the target
  reachable_mapped,  ///< the target was translated on the way
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
  port_granted_otherwise,  ///< another external port than the one asked for
  mapping_table_full,
  mapping_not_kept,
  no_mapping_service,
  // serve: what becomes of those who come
  not_listening,
  host_firewall,
  return_path_broken,
};

/// The code as it stands in JSON: "nat-no-mapping-service".
std::string_view to_string(verdict_code value);

enum class confidence {
  confirmed,    ///< proven by what was seen
  likely,       ///< the evidence points one way, one step is inferred
  unconfirmed,  ///< nobody who could prove it was asked
};

std::string_view to_string(confidence value);

struct verdict {
  verdict_code code = verdict_code::inconclusive;
  confidence certainty = confidence::unconfirmed;
  std::string summary;                ///< one sentence, for a person without network training
  std::vector<std::string> evidence;  ///< what it rests on, with numbers
  std::vector<std::string> advice;    ///< next steps: commands or settings, the first is the best
};

struct finding {
  std::string code;
  std::string summary;
  std::string advice;
};

struct diagnosis {
  verdict main;
  std::vector<finding> findings;
};

diagnosis diagnose(const discover_evidence& evidence);
diagnosis diagnose(const probe_evidence& evidence);
diagnosis diagnose(const mapping_evidence& evidence);
diagnosis diagnose(const self_test_evidence& evidence);
/// Of a client whose packets arrived and who was not accepted.
diagnosis diagnose(const arrival_evidence& evidence);
/// Of a server whose port a rule of this host leads elsewhere.
diagnosis diagnose(const redirect_evidence& evidence);

/// What to tell others of where a port is.
struct external_judgement {
  std::optional<address> ip;         ///< a public address; empty: it is not known
  std::vector<std::string> sources;  ///< who said exactly that: "router", "interface", or a server
  std::optional<finding> doubt;
  /// This host's own address is the one that the Internet sees; empty: nobody outside said.
  std::optional<bool> direct;
};

external_judgement judge_external(const external_evidence& evidence);

/// What is odd about a mapping that was granted.
std::vector<finding> findings_of(const mapping& granted);

/// The address the Internet sees, and who said exactly that ("pcp", "nat-pmp", "upnp", "stun",
/// "interface").
struct public_address {
  address ip;
  std::vector<std::string> sources;
};

/// What STUN servers saw, where any was asked with success; else what the gateway or this host's
/// interface names, if it is a public address. Empty when nobody named one, or when those who count
/// contradict each other.
std::optional<public_address> public_address_of(const discover_evidence& evidence);

/// Whether the gateway owns the public address that STUN saw, by the owner test: `yes` by any
/// answer from that address, `no` by Time Exceeded from the gateway's own address. Anything else,
/// silence included, proves nothing: `not_tested`.
tested gateway_owns_seen_address(const discover_evidence& evidence);

/// The yes, no and could-not-tell of the command line.
enum class answer { yes, no, unknown };

answer answer_of(const discover_evidence& evidence, const verdict& judged);
answer answer_of(const probe_evidence& evidence, const verdict& judged);

/// Whether the server answered this handshake, by our greeting or by the plain one.
bool was_reached(const handshake_evidence& one);

/// The handshake whose details represent all: one that reached the server, else the first. Where
/// none was made, this machine could not follow the options (`machine_fault`). The reference is
/// valid as long as `all`.
const handshake_evidence& representative(const std::vector<handshake_evidence>& all);

}  // namespace natcheck
