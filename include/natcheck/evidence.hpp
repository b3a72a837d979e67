// What was seen, and what was not: the input of diagnose(). Plain values, no behaviour.
//
// "No" and "not established" differ everywhere: an empty optional was not established.
#pragma once

#include <chrono>
#include <cstdint>
#include <natcheck/endpoint.hpp>
#include <optional>
#include <string>
#include <vector>

namespace natcheck {

/// Durations in reports: milliseconds, with fractions.
using millis = std::chrono::duration<double, std::milli>;

// --- this host -----------------------------------------------------------------------------

enum class interface_kind { ethernet, wifi, tunnel, bridge, loopback, other };

struct interface_address {
  address ip;
  unsigned prefix_length = 0;
  bool temporary = false;   ///< RFC 8981 privacy address: changes, so no place for a server
  bool deprecated = false;  ///< its preferred lifetime is over

  friend bool operator==(const interface_address&, const interface_address&) = default;
};

struct interface_info {
  std::string name;
  unsigned index = 0;
  interface_kind kind = interface_kind::other;
  bool up = false;  ///< administratively up and with a carrier
  std::vector<interface_address> addresses;
  bool default_route = false;           ///< a default route of the main table leaves here
  std::optional<std::uint32_t> metric;  ///< of its best default route

  friend bool operator==(const interface_info&, const interface_info&) = default;
};

/// The way a packet to the Internet takes out of this host, as the kernel decides it.
struct route_info {
  address local;  ///< the source address the kernel chooses
  unsigned prefix_length = 0;
  std::string interface;
  unsigned interface_index = 0;
  interface_kind kind = interface_kind::other;
  /// Empty on a point-to-point link, and where an IPv4 route leads to an IPv6 router (RFC 8950).
  std::optional<address> gateway;

  friend bool operator==(const route_info&, const route_info&) = default;
};

struct host_network {
  std::vector<interface_info> interfaces;
  std::optional<route_info> ipv4;
  std::optional<route_info> ipv6;
};

// --- the gateway ---------------------------------------------------------------------------

enum class service_state {
  answered,
  refused,    ///< an ICMP or a protocol refusal
  silent,     ///< the whole schedule was sent and nothing came
  malformed,  ///< something came that the protocol does not allow
  not_tried,  ///< `detail` is the reason
};

struct service_evidence {
  service_state state = service_state::not_tried;
  /// Why it is in this state, as a clause for people: "no answer to 3 requests in 1750 ms".
  /// Empty where the state says it all.
  std::string detail;
  std::optional<millis> rtt;  ///< from the request that was answered to its answer
  int attempts = 0;           ///< requests sent, retransmissions included
};

/// RFC 6886.
struct nat_pmp_evidence : service_evidence {
  std::optional<std::uint32_t> epoch_s;
  std::optional<std::uint16_t> result;  ///< RFC 6886 section 3.5
  std::optional<address> external_address;
};

/// UPnP Internet Gateway Device, WANIPConnection or WANPPPConnection.
struct upnp_evidence : service_evidence {
  std::optional<std::string> location;  ///< of the device description
  std::optional<std::string> device;    ///< friendlyName
  std::optional<std::string> manufacturer;
  std::optional<std::string> model;              ///< modelName
  std::optional<std::string> service;            ///< serviceType of the WAN connection
  std::optional<std::string> connection_status;  ///< NewConnectionStatus
  std::optional<std::uint32_t> uptime_s;
  /// What GetExternalIPAddress returned, even when it is empty or no address at all.
  std::optional<std::string> external_address_text;
  std::optional<int> external_address_error;  ///< UPnP errorCode of GetExternalIPAddress
  std::optional<address> external_address;    ///< only when the text is an address
  /// Devices other than the gateway that answered the search: named, never used.
  std::vector<address> other_responders;
};

/// What the kernel's neighbour table says of the gateway after it was asked.
enum class neighbor_state {
  unknown,     ///< no entry, or no neighbour protocol on this link
  resolved,    ///< its link-layer address is known; it was there recently
  reachable,   ///< it answered just now
  unanswered,  ///< it does not answer ARP or neighbour discovery
};

struct gateway_evidence {
  address ip;
  std::string interface;
  neighbor_state neighbor = neighbor_state::unknown;
  nat_pmp_evidence nat_pmp;
  upnp_evidence upnp;
};

/// Everything `discover` found.
struct discover_evidence {
  host_network host;
  std::optional<gateway_evidence> gateway;  ///< of the IPv4 route
};

// --- a probe -------------------------------------------------------------------------------

enum class probe_result {
  reached,        ///< natcheck answered, nonce right, payload intact
  reached_plain,  ///< "Hello, client!" and nothing else
  refused,
  timed_out,
  unreachable,
  silent,         ///< connected, and no greeting came
  other_service,  ///< connected, and something else answered
  reset,          ///< connected, and torn down before the greeting was complete
  corrupted,      ///< the greeting came, and the echo differs from what was sent
  unresolved,
};

/// Why a reachable target proves nothing about the outside.
enum class inside_reason {
  own_address,     ///< the target is an address of this very host
  loopback,        ///< the target is a loopback address
  private_target,  ///< the target is private, shared (100.64/10) or link-local
  hairpin,         ///< the server saw us come from its own public address
};

/// Whether the server saw its own address as the destination (`direct`) or a translated one.
enum class translation { direct, mapped };

struct probe_timing {
  std::optional<millis> resolve, connect, greeting, echo;
  millis total{0};
};

/// One handshake.
struct handshake_evidence {
  probe_result result = probe_result::timed_out;
  std::string detail;           ///< what happened, for people; for other_service the first bytes
  bool local_fault = false;     ///< nothing left this machine: no route, or it forbids sending
  bool wrong_identity = false;  ///< a natcheck greeting with another session or nonce than ours
  std::optional<endpoint> seen_as;  ///< our endpoint as the server saw it
  std::optional<std::string> server_version;
  std::optional<std::string> server_instance;
  std::optional<translation> path;
  probe_timing timing;
  std::vector<millis> echo_rtts;
};

struct probe_evidence {
  std::string target;               ///< as the caller wrote it, with the port
  std::optional<endpoint> address;  ///< what it resolved to and was asked
  std::vector<inside_reason> inside;
  std::vector<handshake_evidence> handshakes;  ///< one, or `count`; never empty
};

// --- making a mapping ----------------------------------------------------------------------

enum class mapping_protocol { nat_pmp, upnp };
enum class transport { tcp, udp };

/// One protocol's attempt to make a mapping.
struct mapping_attempt {
  mapping_protocol via = mapping_protocol::nat_pmp;
  /// `answered`: the gateway said yes. The rest as for services.
  service_state state = service_state::not_tried;
  std::string detail;
  int code = 0;  ///< NAT-PMP result or UPnP errorCode of a refusal, else 0
};

struct mapping_evidence {
  transport protocol = transport::tcp;
  endpoint internal;                ///< what was to be reached
  std::uint16_t external_port = 0;  ///< what was asked for
  std::optional<address> gateway;
  neighbor_state neighbor = neighbor_state::unknown;  ///< of the gateway, after it was asked
  std::vector<mapping_attempt> attempts;
};

}  // namespace natcheck
