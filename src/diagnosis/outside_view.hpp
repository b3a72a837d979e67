// What was seen beyond the gateway: by servers outside, on the path, and on the web.
#pragma once

#include <natcheck/evidence.hpp>
#include <optional>
#include <string>
#include <vector>

namespace natcheck::judging {

/// An address that servers on the Internet saw this machine come from.
struct view {
  address ip;
  std::vector<std::string> servers;
};

/// A name that leads to an address that cannot be outside.
struct diversion {
  std::string name;
  address to;
};

/// Whether anything beyond the gateway answered, by IPv4.
enum class beyond {
  not_asked,       ///< nobody outside was to be asked
  unclear,         ///< not everybody was asked to the end, or what came proves neither
  answered,        ///< somebody on the Internet, or a public router on the way there
  likely_nothing,  ///< whoever was asked did not answer, and one kind of test is missing
  nothing,         ///< a server over UDP and TCP, the path, and the web: nothing
};

struct outside_view {
  explicit outside_view(const discover_evidence& evidence);

  std::vector<view> views;       ///< by IPv4; those that most servers saw come first
  std::vector<view> ipv6_views;  ///< likewise; without what a NAT64 showed
  unsigned router_ttl = 1;     ///< 2 where the route leads to a device that only passes packets on
  std::vector<path_hop> hops;  ///< routers beyond the gateway that answered; all have an address
  beyond reach = beyond::not_asked;
  bool unfinished = false;            ///< some server was not tested completely by IPv4
  bool ipv6_answered = false;         ///< somebody on the Internet did, by IPv6
  bool ipv6_silent = false;           ///< a server over UDP and TCP to the end, and nobody answered
  bool names_do_not_resolve = false;  ///< nobody could be asked, for this reason alone
  std::optional<diversion> diverted;  ///< the first such name, of a server or of the web page
  bool udp_arrives = false;           ///< somebody outside answered over UDP and IPv4

  /// More than half of the servers saw this one.
  std::optional<address> agreed() const;
  bool has_seen(const address& ip) const;
  /// A server is known to have seen some public address.
  bool sees_us() const { return !views.empty(); }
  bool sees_nothing() const { return reach >= beyond::likely_nothing; }

  /// The first router of this scope on the way to the first public one. Addresses beyond that are
  /// the provider's own business.
  std::optional<path_hop> hop_within(address_scope scope) const;
  /// The router after the gateway answered, and has a public address.
  bool next_router_is_public() const;
};

/// A server whose answer tells about the Internet: on a private address it does not.
bool is_on_internet(const stun_evidence& server);

/// A server on the Internet whose answer names an address that nobody there can see: it is broken,
/// or somebody else answers for it.
bool names_unusable(const stun_evidence& server);

/// It has an address of this host or of its router: neither its answer nor its silence tells about
/// the Internet.
bool is_within(const discover_evidence& evidence, const stun_evidence& server);

/// The host in a URL, without its port; empty when there is none.
std::string host_of(const std::string& url);

/// The page was answered by the gateway itself, as some routers do while they are offline.
bool answered_by_gateway(const discover_evidence& evidence);

}  // namespace natcheck::judging
