// What was seen, and what was not: the input of diagnose(). Plain values without behavior.
//
// "No" and "not known" differ everywhere: an empty optional means not known.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <natcheck/cause.hpp>
#include <natcheck/endpoint.hpp>
#include <natcheck/mapping_refusal.hpp>
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
  bool temporary = false;   ///< RFC 8981 privacy address: it changes, so a server cannot use it
  bool deprecated = false;  ///< its preferred lifetime has ended

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

/// The route of packets to the Internet, as the kernel chooses it.
struct route_info {
  address local;  ///< the source address the kernel chooses
  unsigned prefix_length = 0;
  std::string interface;
  unsigned interface_index = 0;
  interface_kind kind = interface_kind::other;
  /// Empty on a point-to-point link. If an IPv4 route leads to an IPv6 router (RFC 8950): that
  /// router's IPv4 address, once it is found.
  std::optional<address> gateway;
  /// The IPv6 router of an IPv4 route ("via inet6"); link-local with its scope id.
  std::optional<address> gateway_ipv6;
  /// The other next hops among which the kernel distributes connections (ECMP).
  std::vector<address> other_gateways;

  friend bool operator==(const route_info&, const route_info&) = default;
};

struct host_network {
  /// Empty: nothing was read, since every Linux network has at least the loopback interface.
  std::vector<interface_info> interfaces;
  std::optional<route_info> ipv4;
  std::optional<route_info> ipv6;
  /// What could not be read from the kernel, and why. Empty: everything was read, so an egress
  /// route that is empty does not exist.
  cause unread;
  /// The interfaces of all IPv4 default routes, in any table: packets of other programs may take
  /// one that this program's packets do not.
  std::vector<std::string> ipv4_defaults;
  /// The type of an IPv4 default route that refuses packets: "unreachable", "prohibit" or
  /// "blackhole"; otherwise empty.
  std::string ipv4_forbidden;
};

// --- the gateway ---------------------------------------------------------------------------

enum class service_state {
  answered,
  refused,    ///< an ICMP or a protocol refusal
  silent,     ///< no answer to the whole schedule
  malformed,  ///< the answer is not one that the protocol allows
  not_tried,  ///< `detail` is the reason
};

struct service_evidence {
  service_state state = service_state::not_tried;
  cause detail;               ///< why; empty if the state says it all
  std::optional<millis> rtt;  ///< from the request that was answered to the answer
  int attempts = 0;           ///< requests sent, including retransmissions
  /// This machine could not send the request, because of its routes or its own firewall: `detail`
  /// is the reason, and the state is `not_tried`.
  bool local_fault{};
};

/// One service of the gateway that opens ports: PCP (RFC 6887), NAT-PMP (RFC 6886) or UPnP.
struct gateway_service_evidence : service_evidence {
  std::optional<std::uint32_t> epoch_s;  ///< PCP, NAT-PMP: RFC 6887 section 8.5
  /// The protocol's own code (RFC 6886 section 3.5, RFC 6887 section 7.4); of UPnP the errorCode of
  /// GetExternalIPAddress, empty where that succeeded.
  std::optional<int> result;
  mapping_refusal refusal = mapping_refusal::none;  ///< what `result` means
  std::optional<std::uint8_t> version;  ///< of PCP's answer; 2 unless the gateway knows another
  /// Never of PCP, whose read-only ANNOUNCE names none. Of UPnP only when the text is an address.
  std::optional<address> external_address;
};

/// What WANIPv6FirewallControl:1 reports (GetFirewallStatus).
struct ipv6_firewall_status {
  bool enabled = false;
  bool pinholes_allowed = false;

  friend bool operator==(const ipv6_firewall_status&, const ipv6_firewall_status&) = default;
};

/// UPnP Internet Gateway Device, WANIPConnection or WANPPPConnection.
struct upnp_evidence : gateway_service_evidence {
  std::optional<std::string> location;  ///< of the device description
  std::optional<std::string> device;    ///< friendlyName
  std::optional<std::string> manufacturer;
  std::optional<std::string> model;              ///< modelName
  std::optional<std::string> service;            ///< serviceType of the WAN connection
  std::optional<std::string> connection_status;  ///< NewConnectionStatus
  std::optional<std::uint32_t> uptime_s;
  /// What GetExternalIPAddress returned, even if it is empty or not an address.
  std::optional<std::string> external_address_text;
  std::size_t wan_connections = 0;  ///< that the device describes; this is one of them
  std::optional<ipv6_firewall_status> ipv6_firewall;  ///< if the device has that service
  /// Why this machine could not send the multicast search (a firewall, no route); empty: it could.
  cause multicast_error;
  /// Other devices that answered the search: reported, never used.
  std::vector<address> other_responders;
};

/// The state of the gateway in the kernel's neighbor table, after it was sent something.
enum class neighbor_state {
  unknown,     ///< no entry, or no neighbor protocol on this link
  resolved,    ///< its link-layer address is known: it answered recently
  reachable,   ///< it answered just now
  unanswered,  ///< it does not answer ARP or neighbor discovery
};

struct gateway_evidence {
  address ip;
  std::string interface;
  neighbor_state neighbor = neighbor_state::unknown;
  std::string link_layer;  ///< its link-layer address, "02:00:5e:00:53:01"; empty: not known
  bool epoch_advances{};   ///< proven by two answers at least a second apart
  gateway_service_evidence pcp;
  gateway_service_evidence nat_pmp;
  upnp_evidence upnp;
};

// --- outside -------------------------------------------------------------------------------

enum class transport { tcp, udp };

/// One STUN server (RFC 8489), asked over one transport in one address family.
/// `not_tried` if its name has no address of the family, or if it was not needed.
struct stun_evidence : service_evidence {
  std::string server;               ///< as the user wrote it: "stun.example.org:3478"
  std::optional<endpoint> address;  ///< that was asked; empty if the name has none
  /// What the name resolves to if that cannot be external (a DNS filter's 0.0.0.0): never asked.
  std::optional<natcheck::address> diverted_to;
  transport protocol = transport::udp;
  unsigned family = 4;              ///< 4 or 6
  std::optional<endpoint> local;    ///< from which it was asked
  std::optional<endpoint> seen_as;  ///< the same as the server saw it
  /// MAPPED-ADDRESS, if it differs from the XOR-MAPPED-ADDRESS in the same answer: something on
  /// the path rewrites addresses inside packets (RFC 8489 section 14.2).
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

/// How long an idle UDP binding lasts (RFC 4787 section 4.3). At least one bound is set.
struct binding_lifetime {
  std::optional<std::chrono::seconds>
      alive_after;  ///< after being idle for so long, it was still there
  std::optional<std::chrono::seconds> gone_after;  ///< after being idle for so long, it was gone
};

/// RFC 5780, IPv4 over UDP.
struct nat_evidence {
  nat_behavior mapping = nat_behavior::not_tested;
  nat_behavior filtering = nat_behavior::not_tested;
  tested hairpin = tested::not_tested;            ///< RFC 4787 section 6
  tested port_preservation = tested::not_tested;  ///< RFC 4787 section 4.2.1
  std::optional<binding_lifetime> lifetime;
  std::string server;         ///< with which it was tested; empty: no test was possible
  std::vector<cause> doubts;  ///< why something is not tested
};

/// A router on the path to the Internet, which sent ICMP Time Exceeded.
struct path_hop {
  unsigned ttl = 0;
  std::optional<address> ip;  ///< empty: no answer for this TTL
  std::optional<millis> rtt;
  /// `unanswered`: it is in our own prefix, but no neighbor has it.
  neighbor_state neighbor = neighbor_state::unknown;

  friend bool operator==(const path_hop&, const path_hop&) = default;
};

/// The first hops towards `target`, by TTL. A hop whose schedule was cut short is left out if the
/// target answered at a greater TTL.
struct path_evidence {
  service_state state = service_state::not_tried;  ///< `answered`: at least one hop is known
  cause detail;  ///< with `answered`: the hop that answered instead of the target, if one did
  std::optional<endpoint> target;
  bool target_answered = false;  ///< the target, or a hop instead of it, answered
  std::vector<path_hop> hops;
};

/// The owner test: packets with TTL 1 to the address that STUN saw. They expire at the router
/// unless the address is its own.
struct owner_evidence : service_evidence {
  std::optional<address> target, answered_by;  ///< the latter sent the answer or the ICMP error
  bool expired = false;                        ///< the answer was ICMP Time Exceeded
};

/// The result of a plain HTTP request for a page with a known answer (RFC 8952).
enum class web_result {
  not_tried,
  expected,     ///< the page's own answer
  intercepted,  ///< something else answered: a redirect or another page
  failed,
};

struct web_evidence {
  web_result result = web_result::not_tried;
  std::string url;
  cause detail;                         ///< why it failed or was not tried
  unsigned status = 0;                  ///< HTTP status, if something answered
  std::optional<std::string> location;  ///< the target of a redirect, most likely the sign-in page
  bool resolved = false;                ///< the name of its host resolved
  std::optional<address> diverted_to;   ///< as for STUN servers
};

/// IPv4 through IPv6: the prefix that the resolver adds to IPv4 addresses (RFC 7050).
struct nat64_prefix {
  address ip;
  unsigned length = 96;
  friend bool operator==(const nat64_prefix&, const nat64_prefix&) = default;
};

/// What the user chose instead of the kernel's egress route: advised commands repeat it.
struct asked_options {
  std::string interface;           ///< empty: none
  std::optional<address> gateway;  ///< empty: none
  friend bool operator==(const asked_options&, const asked_options&) = default;
};

/// Everything `discover` found.
struct discover_evidence {
  asked_options asked;
  host_network host;
  /// The IPv4 router: the one that the route names, unless another device on the same link is
  /// proven to be the router.
  std::optional<gateway_evidence> gateway;
  /// Other devices on that link that offer to open ports, or forward packets.
  std::vector<gateway_evidence> other_gateways;
  gateway_service_evidence ipv6_pcp;  ///< of the IPv6 router
  std::vector<stun_evidence> stun;    ///< empty: no external server was to be asked
  nat_evidence nat;
  path_evidence path;
  owner_evidence owner;
  web_evidence web;
  std::optional<nat64_prefix> nat64;
};

// --- making a mapping ----------------------------------------------------------------------

enum class mapping_protocol { pcp, nat_pmp, upnp };

/// One protocol's attempt to make a mapping.
struct mapping_attempt {
  mapping_protocol via = mapping_protocol::nat_pmp;
  /// `answered`: the mapping was made. The rest as for services.
  service_state state = service_state::not_tried;
  cause detail;
  mapping_refusal refusal = mapping_refusal::none;
  int code = 0;          ///< of the refusal, as in the protocol (PCP result); 0: none
  bool present = false;  ///< the service answered, if only with something unusable
  /// This machine could not ask (no descriptor, no free port, no such address), which says nothing
  /// about the router.
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
  endpoint internal;                ///< that was to be reached
  std::uint16_t external_port = 0;  ///< that was requested
  std::optional<address> gateway;
  std::string
      tunnel;  ///< the interface of the egress route if that is a tunnel (VPN), otherwise empty
  neighbor_state neighbor = neighbor_state::unknown;  ///< of the gateway, after it was asked
  std::vector<mapping_attempt> attempts;
};

/// What is known about the external IPv4 address of a port of this host.
struct external_evidence {
  std::optional<address> local;        ///< of the egress route
  bool mapped = false;                 ///< the router has opened the port
  std::optional<address> gateway;      ///< empty: there is no router to ask for a mapping
  std::optional<address> router_says;  ///< the service that made the mapping; empty: nothing
  std::vector<stun_evidence> stun;     ///< empty: no external server was asked, or not yet
  bool asking = false;                 ///< external servers are being asked
};

}  // namespace natcheck
