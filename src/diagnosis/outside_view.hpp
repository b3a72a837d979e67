// What was seen upstream of the gateway: by external servers, on the path, and on the web.
#pragma once

#include <natcheck/diagnosis.hpp>
#include <optional>
#include <string>
#include <vector>

namespace natcheck::judging {

/// A name that resolves to an address that is not on the Internet.
struct diversion {
  std::string name;
  address to;
};

/// Whether anything upstream of the gateway answered, by IPv4.
enum class beyond {
  not_asked,       ///< no external server was to be asked
  unclear,         ///< some tests did not finish, or the answers prove neither
  answered,        ///< a host on the Internet, or a public router on the path
  likely_nothing,  ///< nothing answered, but one kind of test is missing
  nothing,         ///< a server over UDP and TCP, the path, and the web: nothing
};

struct outside_view {
  explicit outside_view(const discover_evidence& evidence);

  std::vector<reflexive_address> reflexive;  ///< by IPv4; those that most servers saw come first
  std::vector<reflexive_address> ipv6_reflexive;  ///< likewise; without what a NAT64 showed
  unsigned router_ttl = 1;     ///< 2 where the route goes to a device that only forwards
  std::vector<path_hop> hops;  ///< routers beyond the gateway that answered; all have an address
  beyond reach = beyond::not_asked;
  bool unfinished = false;            ///< some server was not fully tested by IPv4
  bool ipv6_answered = false;         ///< a host on the Internet did, by IPv6
  bool ipv6_silent = false;           ///< a server over UDP and TCP, in full: no answer
  bool names_do_not_resolve = false;  ///< no server could be asked, for this reason alone
  std::optional<diversion> diverted;  ///< the first such name, of a server or of the web page
  bool udp_arrives = false;           ///< an external server answered over UDP and IPv4

  /// More than half of the servers saw this one.
  std::optional<address> agreed() const;
  /// A server is known to have seen some public address.
  bool sees_us() const { return !reflexive.empty(); }
  bool sees_nothing() const { return reach >= beyond::likely_nothing; }

  /// The first router of this scope on the way to the first public one. Addresses beyond that are
  /// the provider's own business.
  std::optional<path_hop> hop_within(address_scope scope) const;
  /// The router after the gateway answered, and has a public address.
  bool next_router_is_public() const;
};

/// A server whose answer says something about the Internet: on a private address it does not.
bool is_on_internet(const stun_evidence& server);

/// A server on the Internet whose answer names an address that nobody there can see: it is broken,
/// or something else answers for it.
bool names_unusable(const stun_evidence& server);

/// It has an address of this host or of its router: neither its answer nor its silence tells about
/// the Internet.
bool is_within(const discover_evidence& evidence, const stun_evidence& server);

/// The host in a URL, without its port; empty when there is none.
std::string host_of(const std::string& url);

/// The page was answered by the gateway itself, as some routers do while they are offline.
bool answered_by_gateway(const discover_evidence& evidence);

}  // namespace natcheck::judging
