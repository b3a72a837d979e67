// What the rules of `discover` ask of the evidence.
#pragma once

#include <natcheck/evidence.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace natcheck::judging {

/// An address that the gateway named as its own on the outside.
struct claim {
  std::string_view source;  ///< as in JSON: "nat-pmp"
  std::string_view name;    ///< for people: "NAT-PMP"
  address ip;
};

/// The evidence, and what follows from it at first glance.
struct situation {
  explicit situation(const discover_evidence& evidence);

  const discover_evidence& seen;
  std::vector<claim> claims;      ///< IPv4 only; 0.0.0.0 is no claim
  bool says_unspecified = false;  ///< some service named 0.0.0.0

  /// The source address of the IPv4 way out.
  std::optional<address> local() const;
  /// A global IPv6 address with an IPv6 route beside it.
  std::optional<address> global_ipv6() const;
  /// "192.168.1.1"; only with a gateway.
  std::string router() const;
};

/// The services name different addresses.
bool differ(const std::vector<claim>& claims);

/// They differ, and which of them is right would change the verdict.
bool contradict(const std::vector<claim>& claims);

/// "Connected", or "Up" as some routers say.
bool is_connected(const upnp_evidence& upnp);

/// The router says that it is online and withholds its address: what miniupnpd does when the
/// address is not public.
bool hides_address(const upnp_evidence& upnp);

/// The service is there or was refused: somebody spoke, so the gateway is alive.
bool has_spoken(const service_evidence& service);

/// The service will not tell: refused as a whole, or this request by its policy.
bool declined(const nat_pmp_evidence& service);
bool declined(const upnp_evidence& service);

bool is_alive(const gateway_evidence& gateway);

bool is_own_address(const host_network& host, const address& ip);

/// Interfaces other than `except` that have a default route.
std::vector<std::string> default_routes(const host_network& host, std::string_view except);

}  // namespace natcheck::judging
