// What the rules of `discover` ask of the evidence.
#pragma once

#include <natcheck/diagnosis.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/gateway_services.hpp"
#include "diagnosis/outside_view.hpp"

namespace natcheck::judging {

/// An address that the gateway reports as its external address.
struct reported_address {
  std::string_view source;  ///< as in JSON
  std::string_view name;    ///< for people
  address ip;
};

/// What a service of the gateway gives as external address and what cannot be one.
struct doubtful_report {
  std::string_view source;  ///< as of a reported address
  std::string doubt;        ///< why not, a sentence
};

/// The evidence, and what follows from it at first glance.
struct facts {
  explicit facts(const discover_evidence& evidence);

  const discover_evidence& seen;
  outside_view outside;
  std::vector<reported_address> named;     ///< what may be an external address, or 0.0.0.0
  std::vector<reported_address> reported;  ///< of them, those that are an address
  std::vector<doubtful_report> doubtful;   ///< no claims: judged as if nothing had been named
  bool says_unspecified = false;           ///< some service named 0.0.0.0

  /// The source address of the IPv4 egress route.
  std::optional<address> local() const;
  /// The IPv4 address that the Internet sees: the one most servers saw, or, where they disagree,
  /// the one that this host or its gateway names too. A server that is wrong does not hit on it.
  std::optional<address> seen_as() const;
  /// A global IPv6 address with an IPv6 route beside it; one that stays, where there is one
  /// (RFC 8981 addresses change).
  std::optional<address> global_ipv6() const;
  /// The owner test, where it was about the address that the Internet sees.
  tested gateway_owns_it() const;
  /// The IPv6 address to give to others: one of ours that an external server has seen, or what a
  /// translation of prefixes alone (NPTv6, RFC 6296) makes of it.
  std::optional<address> seen_ipv6() const;
  /// Options with which other commands of natcheck ask the same router.
  asked_options way() const;
  /// The IPv4 egress route is a tunnel.
  bool leaves_by_tunnel() const;
  /// "192.168.1.1"; only with a gateway.
  std::string router() const;
  /// The gateway is a device in which somebody at home can change settings: not a provider's
  /// router, and not the far end of a tunnel.
  bool has_home_router() const;
};

/// The owner test (see discover_diagnosis).
tested gateway_owns_seen_address(const discover_evidence& evidence);

/// The services name different addresses.
bool differ(const std::vector<reported_address>& reported);

/// They differ, and which of them is right would change the verdict.
bool contradict(const std::vector<reported_address>& reported);

/// What that service names cannot be an external address.
bool is_doubtful(const facts& s, std::string_view source);

bool reports_name(const facts& s, const address& ip);

/// "Connected", or "Up" as some routers say.
bool is_connected(const upnp_evidence& upnp);

/// The router says by UPnP that it is not connected.
bool is_disconnected(const upnp_evidence& upnp);

/// The router says that it is online and withholds its address: what miniupnpd does when the
/// address is not public.
bool hides_address(const upnp_evidence& upnp);

/// Results of PCP that indicate a second NAT: miniupnpd has no resources behind a private address,
/// and an address mismatch means a translation between this host and the server (RFC 6887 section
/// 7.4).
bool indicates_second_nat(const gateway_service_evidence& service);

/// "Network failure" by a service: no lease from the provider (RFC 6886 section 3.5), but miniupnpd
/// sends it also when its external address is not a public one.
bool reports_network_failure(const gateway_evidence& gateway);

/// The service is there or was refused: something answered, so the gateway is alive.
bool has_spoken(const service_evidence& service);

/// The service declines to answer: refused as a whole, or this request by its policy.
bool declined(const gateway_service_evidence& service);

/// The service that is available, and may still map, though it answers no question about its
/// address: PCP's predecessor, whose version, 0, came in answer to PCP (RFC 6886 section 3.5).
/// Null: none.
const gateway_service* implied_service(const gateway_evidence& gateway);

/// It declined, or was silent for its whole schedule.
bool gave_nothing(const gateway_service_evidence& service);

/// All of them.
bool offers_nothing(const gateway_evidence& gateway);

/// It answered by its protocol, if only to say no. (An ICMP refusal is no such answer, nor is one
/// of another protocol.)
bool answered_by_protocol(const gateway_service_evidence& service);

/// It was not fully tested, gave no usable answer, or answered the search and then was too slow:
/// neither there nor absent.
bool is_open(const gateway_service_evidence& service);

bool is_alive(const gateway_evidence& gateway);

bool has_address(const interface_info& link, const address& ip);

bool is_own_address(const host_network& host, const address& ip);

/// An address of the interface that `way` leaves by, or its source. The address of another
/// interface may be one that nothing from outside comes to: a load balancer's, or that of a link
/// that is down.
bool is_address_of(const host_network& host, const route_info& way, const address& ip);

/// Interfaces other than `except` that have a default route.
std::vector<std::string> default_routes(const host_network& host, std::string_view except);

}  // namespace natcheck::judging
