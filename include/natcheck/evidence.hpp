// What was seen, and what was not: the input of diagnose(). Plain values, no behaviour.
//
// "No" and "not established" differ everywhere: an empty optional was not established.
#pragma once

#include <array>
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
  /// Empty on a point-to-point link. Where an IPv4 route leads to an IPv6 router (RFC 8950), that
  /// router's IPv4 address once it was found.
  std::optional<address> gateway;
  /// The IPv6 router of an IPv4 route ("via inet6"); link-local with its scope id.
  std::optional<address> gateway_ipv6;
  /// The next hops besides this one that the kernel spreads connections over (ECMP).
  std::vector<address> other_gateways;

  friend bool operator==(const route_info&, const route_info&) = default;
};

struct host_network {
  /// Empty: nothing was read. Every Linux network has at least the loopback interface.
  std::vector<interface_info> interfaces;
  std::optional<route_info> ipv4;
  std::optional<route_info> ipv6;
  /// What the kernel did not tell, and why, as a clause; empty: it told everything, so a way out
  /// that is empty does not exist.
  std::string unread;
  /// Names of the interfaces that an IPv4 default route leaves by, in whatever table: packets of
  /// some programs may take it though those of this one do not.
  std::vector<std::string> ipv4_defaults;
  /// What the IPv4 default route does where it refuses packets: "unreachable", "prohibit" or
  /// "blackhole"; else empty.
  std::string ipv4_forbidden;
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
  /// This machine did not send it, be it for its routes or for a firewall of its own: `detail` is
  /// the reason, and the state is `not_tried`.
  bool local_fault{};
};

/// RFC 6886.
struct nat_pmp_evidence : service_evidence {
  std::optional<std::uint32_t> epoch_s;
  std::optional<std::uint16_t> result;  ///< RFC 6886 section 3.5
  std::optional<address> external_address;
};

/// RFC 6887. The read-only ANNOUNCE tells that the service is there; it names no address.
struct pcp_evidence : service_evidence {
  std::optional<std::uint32_t> epoch_s;
  std::optional<std::uint16_t> result;  ///< RFC 6887 section 7.4
  std::optional<std::uint8_t> version;  ///< of the answer; 2 unless the gateway knows another
};

/// What WANIPv6FirewallControl:1 says (GetFirewallStatus).
struct ipv6_firewall_status {
  bool enabled = false;
  bool pinholes_allowed = false;

  friend bool operator==(const ipv6_firewall_status&, const ipv6_firewall_status&) = default;
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
  std::size_t wan_connections = 0;            ///< that the device describes; one of them is told of
  std::optional<ipv6_firewall_status> ipv6_firewall;  ///< where the device has that service
  /// Why this machine did not let the multicast search out (a firewall, no route); empty: it did.
  std::string multicast_error;
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
  std::string link_layer;  ///< its link-layer address, "02:00:5e:00:53:01"; empty: not known
  bool epoch_advances{};   ///< two answers of this run, a second apart at least, show that it does
  pcp_evidence pcp;
  nat_pmp_evidence nat_pmp;
  upnp_evidence upnp;
};

// --- outside -------------------------------------------------------------------------------

enum class transport { tcp, udp };

/// One STUN server (RFC 8489), asked over one transport in one address family.
/// `not_tried` where its name has no address of the family, or where the others had told enough.
struct stun_evidence : service_evidence {
  std::string server;               ///< as it was named: "stun.example.org:3478"
  std::optional<endpoint> address;  ///< that was asked; empty when the name has none
  /// What the name leads to where that cannot be outside (a DNS filter's 0.0.0.0): never asked.
  std::optional<natcheck::address> diverted_to;
  transport protocol = transport::udp;
  unsigned family = 4;              ///< 4 or 6
  std::optional<endpoint> local;    ///< ours, that it was asked from
  std::optional<endpoint> seen_as;  ///< ours as the server saw it
  /// MAPPED-ADDRESS where it came beside a XOR-MAPPED-ADDRESS that says otherwise: something on
  /// the way rewrites addresses inside packets (RFC 8489 section 14.2).
  std::optional<endpoint> rewritten_as;
  std::optional<endpoint> other_address;  ///< OTHER-ADDRESS (RFC 5780 section 7.4), as announced
};

enum class tested { not_tested, no, yes };

/// RFC 4787 sections 4.1 and 5, for mapping and for filtering.
enum class nat_behavior {
  not_tested,
  none,  ///< no translation; no filtering
  endpoint_independent,
  address_dependent,
  address_and_port_dependent,
};

/// How long an idle UDP binding lives (RFC 4787 section 4.3). At least one bound is set.
struct binding_lifetime {
  std::optional<std::chrono::seconds> alive_after;  ///< idle for so long, it was still there
  std::optional<std::chrono::seconds> gone_after;   ///< idle for so long, it was not
};

/// RFC 5780, IPv4 over UDP.
struct nat_evidence {
  nat_behavior mapping = nat_behavior::not_tested;
  nat_behavior filtering = nat_behavior::not_tested;
  tested hairpin = tested::not_tested;            ///< RFC 4787 section 6
  tested port_preservation = tested::not_tested;  ///< RFC 4787 section 4.2.1
  std::optional<binding_lifetime> lifetime;
  std::string server;               ///< that the tests were made with; empty when none could be
  std::vector<std::string> doubts;  ///< why something is not tested, a clause each
};

/// A router between the gateway and the outside, which sent ICMP Time Exceeded.
struct path_hop {
  unsigned ttl = 0;
  std::optional<address> ip;  ///< empty: nothing came for this TTL
  std::optional<millis> rtt;
  /// `unanswered`: it is of our own prefix, and no neighbour of ours has it.
  neighbor_state neighbor = neighbor_state::unknown;

  friend bool operator==(const path_hop&, const path_hop&) = default;
};

/// The first hops towards `target`, by TTL. One that was not asked to the end is left out where the
/// target answered at a greater TTL.
struct path_evidence {
  service_state state = service_state::not_tried;  ///< `answered`: at least one hop is known
  std::string detail;  ///< with `answered`: which hop it was in the target's stead, if one was
  std::optional<endpoint> target;
  bool target_answered = false;  ///< the target itself, or a hop in its stead, was reached
  std::vector<path_hop> hops;
};

/// The owner test: packets with TTL 1 to the address that STUN saw, which expire at a router unless
/// the address is its own.
struct owner_evidence : service_evidence {
  std::optional<address> target, answered_by;  ///< the latter sent the answer, or the ICMP error
  bool expired = false;                        ///< the answer was ICMP Time Exceeded
};

/// What a plain HTTP request to a page with a known answer brought (RFC 8952).
enum class web_result {
  not_tried,
  expected,     ///< the page's own answer: the way there is free
  intercepted,  ///< somebody else answered: a redirect or another page
  failed,
};

struct web_evidence {
  web_result result = web_result::not_tried;
  std::string url;
  std::string detail;                   ///< why it failed or was not tried
  unsigned status = 0;                  ///< HTTP status, when something answered
  std::optional<std::string> location;  ///< where a redirect led: the sign-in page, most likely
  bool resolved = false;                ///< its host has an address, which was asked
  std::optional<address> diverted_to;   ///< as for STUN servers
};

/// An IPv4 way out inside IPv6: the prefix that the resolver mixes in (RFC 7050).
struct nat64_prefix {
  address ip;
  unsigned length = 96;
  friend bool operator==(const nat64_prefix&, const nat64_prefix&) = default;
};

/// What the user named instead of the kernel's way out: advised commands repeat it.
struct asked_options {
  std::string interface;           ///< empty: none
  std::optional<address> gateway;  ///< empty: none
  friend bool operator==(const asked_options&, const asked_options&) = default;
};

/// Everything `discover` found.
struct discover_evidence {
  asked_options asked;
  host_network host;
  /// The router of the IPv4 route: the one that the route names, unless another device of the same
  /// link is proven to be the way out.
  std::optional<gateway_evidence> gateway;
  /// Further devices of that link that offer to open ports, or forward packets.
  std::vector<gateway_evidence> other_gateways;
  pcp_evidence ipv6_pcp;            ///< of the IPv6 route's router
  std::vector<stun_evidence> stun;  ///< empty: nobody outside was to be asked
  nat_evidence nat;
  path_evidence path;
  owner_evidence owner;
  web_evidence web;
  std::optional<nat64_prefix> nat64;
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
  own_address,       ///< the target is an address of this very host
  loopback,          ///< the target is a loopback address
  private_target,    ///< the target is private, shared (100.64/10) or link-local
  hairpin,           ///< the server saw us come from its own public address
  own_network,       ///< the target is in a network of this host (IPv6: its /64)
  own_router,        ///< the target is an address of our own router: it answered at TTL 1
  seen_ourselves,    ///< the server saw the private address that we sent from
  seen_own_router,   ///< the server saw our own router's inner address
  seen_own_network,  ///< the server saw a private address of a network of this host
  near_server,       ///< the server says that we came from its own network
  tunnel,            ///< we left by a tunnel, and the server saw its own router
  own_site,          ///< the target is in our /48 (IPv6), which is one site most likely
  near_target,       ///< the target answered behind private routers alone, within three hops
  not_from_outside,  ///< the server saw what no client on the Internet has, and nothing shows that
                     ///< we asked from the Internet
  few_routers,       ///< a router translated us, and hardly another one stands before the server's
  proxy,             ///< a proxy near us made the connection, and the server saw an inner address
  same_pool,         ///< the server saw a public address close to the target's, and nothing shows
                     ///< that we asked from the Internet
};

/// What the server knows of where its visitor's address is.
enum class proximity {
  network,  ///< in a network of the server's own
  gateway,  ///< the server's own router
};

/// Where a probe asks from.
struct prober_location {
  std::optional<address> local;            ///< that the packets to the target leave from
  std::optional<address> gateway;          ///< that they are handed to
  bool tunnel = false;                     ///< they leave by a tunnel
  std::vector<interface_address> on_link;  ///< of the interface that they leave by
  std::vector<interface_address> others;   ///< of all other interfaces but loopback
  /// Who answered on the way to the target with a TTL (IPv6: a hop limit) of 1, 2 and 3, the target
  /// itself included. Empty: nobody, or it was not tested.
  std::array<std::optional<address>, 3> hops;
  /// The same on the way to the address that the server saw, where that was asked for.
  std::array<std::optional<address>, 3> seen_hops;
  std::optional<unsigned> ttl;  ///< IPv6: the hop limit; with which packets leave this host
  /// Somebody on this host or at its first router accepts TCP connections to the target: a proxy.
  bool proxy = false;
};

/// An ICMP error that answered a packet of ours.
struct icmp_notice {
  address from;
  std::uint8_t type = 0, code = 0;  ///< RFC 792, or RFC 4443 where `from` is IPv6

  friend bool operator==(const icmp_notice&, const icmp_notice&) = default;
};

/// Whether the server saw its own address as the destination (`direct`) or another.
enum class translation { direct, mapped };

struct probe_timing {
  std::optional<millis> resolve, connect, greeting, echo;
  millis total{0};
};

/// One handshake: over TCP a connection, over UDP a question in one datagram, and its answer.
struct handshake_evidence {
  probe_result result = probe_result::timed_out;
  std::string detail;           ///< what happened, for people; for other_service the first bytes
  bool local_fault = false;     ///< nothing left this machine: no route, or it forbids sending
  bool machine_fault = false;   ///< beside it: no descriptor, no free port, no such device
  bool large_lost = false;      ///< greeting and small echo are intact, and larger packets vanish
  bool wrong_identity = false;  ///< a natcheck greeting with another session or nonce than ours
  std::optional<icmp_notice> icmp;  ///< why it was refused, or called unreachable
  std::optional<endpoint> seen_as;  ///< our endpoint as the server saw it
  std::optional<proximity> near;    ///< as the server says
  std::optional<unsigned> ttl;      ///< that was left of ours at the server, as it says
  std::optional<std::string> server_version;
  std::optional<std::string> server_instance;
  std::optional<translation> path;
  probe_timing timing;
  std::vector<millis> echo_rtts;
};

/// One address of a name that was asked, and the handshake with it.
struct address_attempt {
  natcheck::address ip;
  handshake_evidence handshake;
};

struct probe_evidence {
  std::string target;               ///< as the caller wrote it, with the port
  std::optional<endpoint> address;  ///< what it resolved to and was asked
  transport protocol = transport::tcp;
  std::string session;  ///< told to the server, which shows it as well; empty: not known
  std::vector<inside_reason> inside;  ///< by the target's address alone
  prober_location visitor_location;
  std::vector<address_attempt> attempts;       ///< in the order of the name's addresses
  std::vector<handshake_evidence> handshakes;  ///< one, or `count`; never empty
};

// --- making a mapping ----------------------------------------------------------------------

enum class mapping_protocol { pcp, nat_pmp, upnp };

/// One protocol's attempt to make a mapping.
struct mapping_attempt {
  mapping_protocol via = mapping_protocol::nat_pmp;
  /// `answered`: the gateway said yes. The rest as for services.
  service_state state = service_state::not_tried;
  std::string detail;
  int code = 0;          ///< PCP or NAT-PMP result, or UPnP errorCode, of a refusal, else 0
  bool present = false;  ///< the service answered something, if not what counts
  /// This machine could not ask (no descriptor, no free port, no such address), which says nothing
  /// of the router.
  bool local_fault = false;
};

/// The command that asks for a mapping.
enum class mapping_command { serve, mappings_add };

struct mapping_evidence {
  mapping_command asked_by = mapping_command::serve;
  asked_options asked;
  std::optional<mapping_protocol> only_via;  ///< --via; empty: any
  bool both_transports = false;              ///< the command asks for TCP and UDP
  transport protocol = transport::tcp;
  endpoint internal;                ///< what was to be reached
  std::uint16_t external_port = 0;  ///< what was asked for
  std::optional<address> gateway;
  std::string tunnel;  ///< the interface of the way out where that is a tunnel (VPN), else empty
  neighbor_state neighbor = neighbor_state::unknown;  ///< of the gateway, after it was asked
  std::vector<mapping_attempt> attempts;
};

/// What is known of the address at which the Internet finds a port of this host, over IPv4.
struct external_evidence {
  std::optional<address> local;        ///< of the way out
  bool mapped = false;                 ///< the router has opened the port
  std::optional<address> gateway;      ///< empty: nobody to ask for a mapping
  std::optional<address> router_says;  ///< by the service that made the mapping; empty: nothing
  std::vector<stun_evidence> stun;     ///< empty: nobody outside was asked, or not yet
  bool asking = false;                 ///< servers outside are being asked
};

// --- a server on this host ------------------------------------------------------------------

/// One greeting of this machine to its own server.
struct self_check {
  endpoint target;
  probe_result result = probe_result::timed_out;
  std::string detail;
  bool local_fault = false;  ///< nothing left this machine: `detail` is its own reason
};

/// A rule of this host's packet filter that sends what comes to a port elsewhere (DNAT, REDIRECT):
/// to a container, or to another port.
struct nat_rule {
  std::string family, table, chain;      ///< as nft(8) names them
  std::optional<address> to;             ///< empty: this host, or the rule does not say it as such
  std::optional<std::uint16_t> to_port;  ///< empty: the port stays

  friend bool operator==(const nat_rule&, const nat_rule&) = default;
};

/// The server's port, and the rule that leads elsewhere what comes to it.
struct redirect_evidence {
  transport protocol = transport::tcp;
  std::uint16_t port = 0;
  nat_rule rule;
};

/// What the server answers to this machine itself. Empty: not tested.
struct self_test_evidence {
  transport protocol = transport::tcp;
  std::optional<self_check> loopback;
  std::optional<self_check> lan;       ///< at the address of the way out
  std::optional<self_check> hairpin;   ///< at the outside address: out to the NAT, and back
  std::optional<nat_rule> led_away{};  ///< a rule of this host for that port
  bool nat_read{};                     ///< the NAT rules could be read and understood
};

/// Which program manages this host's firewall, and where it lets nothing in. As far as it could be
/// read: that takes privileges.
struct firewall_evidence {
  enum class manager { unknown, none, nftables, ufw, firewalld };
  manager by = manager::unknown;
  /// nftables: the base chain of the input hook whose policy is to drop, or the first with rules.
  std::string family, table, chain;
  bool nat_read = false;               ///< the NAT rules could be read and understood
  std::optional<nat_rule> led_away{};  ///< the one for the server's port
  std::string nat_doubt{};             ///< why they could not be, a clause; empty: not known
};

/// What came in from one client, seen at the interface before any firewall of this host, and what
/// this host sent back, seen after all of them.
struct arrival_evidence {
  transport protocol = transport::tcp;
  endpoint peer, local;
  std::string interface;
  // Each counts what is half a second apart at least: a bridge shows one packet several times.
  unsigned requests = 0;  ///< connection requests (SYN), or datagrams, that arrived
  unsigned answers = 0;   ///< answers (SYN and ACK), or datagrams, that left
  unsigned refusals = 0;  ///< RST, or ICMP errors, that left
  bool accepted = false;  ///< the server had the connection, or the datagram
  millis waited{0};       ///< since the first request
  /// The answers would leave by another interface, and the kernel dropped packets meanwhile for
  /// that reason (rp_filter).
  bool reverse_path = false;
  firewall_evidence firewall;
};

}  // namespace natcheck
