// An echo server, and the port mapping that makes it reachable from outside.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <natcheck/diagnosis.hpp>
#include <natcheck/discover.hpp>
#include <natcheck/error.hpp>
#include <natcheck/evidence.hpp>
#include <natcheck/mapping.hpp>
#include <natcheck/visit_page.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace natcheck {

struct serve_options {
  std::uint16_t port = 1234;                   ///< the port listened on; 0 lets the kernel choose
  std::optional<std::uint16_t> external_port;  ///< the port to open on the gateway; empty: none
  std::vector<transport> protocols{transport::tcp};  ///< listened on, and mapped; at least one
  mapping_choice via = mapping_choice::automatic;
  std::chrono::seconds lifetime{3600};  ///< of the mapping
  bool any_port = false;     ///< accept another external port if the requested one is not available
  bool require_map = false;  ///< end if the mapping cannot be made
  bool once = false;         ///< end after the first greeted visitor
  std::optional<std::chrono::milliseconds> run_for;
  /// Where the mapping is made, and the only interface besides loopback on which the server
  /// listens; empty: the mapping on the default route, listening on all interfaces.
  std::string interface;
  std::optional<address> gateway;  ///< for the mapping; empty: that of the default route
  /// The external servers that are asked which address the Internet sees, if a port is to be
  /// mapped: as HOST or HOST:PORT (3478). Empty: none.
  std::vector<std::string> stun_servers = default_stun_servers();
};

/// What a visitor spoke.
enum class dialect { natcheck, plain, http };

namespace events {

struct listening {
  transport protocol;
  endpoint local;
};
/// A port of an IPv4 gateway, or a pinhole in an IPv6 firewall: then the external and the internal
/// endpoint are the same.
struct mapped {
  mapping entry;
  std::string probe_command;           ///< empty: no public address is known
  std::vector<finding> findings{};     ///< what is unusual about this mapping
  std::optional<endpoint> external{};  ///< to give to others; empty: not known
};
/// This host itself has a public address, so there is nothing to map.
struct map_not_needed {
  transport protocol;
  endpoint external;
  std::string probe_command;
  bool confirmed = false;  ///< an external server sees that address
};
/// Where the Internet finds the port, as far as external servers and the router report it. Reported
/// once it is known, and again when it changes.
struct external_address {
  transport protocol;
  std::optional<endpoint> external;  ///< to give to others; empty: not known
  std::string probe_command;         ///< empty: not known
  bool corrects = false;             ///< the command differs from the one reported before
  external_evidence evidence;
  external_judgement judged;
};
/// A NAT rule of this host redirects the port.
struct redirected {
  redirect_evidence evidence;
  diagnosis judged;
};
struct map_failed {
  mapping_evidence evidence;
  diagnosis judged;
};
/// The IPv6 router opened nothing for this address; it may have no firewall at all.
struct pinhole_failed {
  mapping_evidence evidence;
};
/// A mapping that an earlier run had no chance to remove.
struct stale_mapping {
  mapping entry;
  bool removed;
  cause detail;  ///< why it could not be removed
};
/// The server was tested from this machine itself.
struct self_tested {
  self_test_evidence evidence;
  diagnosis judged;
};
/// Whether packets are watched when they arrive, before any firewall of this machine.
struct watching {
  bool able;
  cause detail;            ///< why not
  bool forbidden = false;  ///< this user lacks the permission
};
/// A client's packets arrived, but no connection resulted.
struct blocked {
  arrival_evidence evidence;
  diagnosis judged;
};
struct greeted {
  transport protocol;
  endpoint peer;
  dialect spoken;
  std::string session;      ///< the visitor's; empty if it spoke the plain greeting
  std::uint64_t bytes = 0;  ///< echoed
  millis duration{0};
  std::optional<visitor_location> from{};  ///< as far as the visitor's address and TTL show
  std::optional<unsigned> ttl{};           ///< of a visitor's datagram, as it arrived
};
struct rejected {
  transport protocol;
  endpoint peer;
  cause reason;
};
struct renewed {
  mapping entry;
};
/// Reported once until a renewal succeeds again; it is retried until the lease ends.
struct renewal_failed {
  mapping entry;
  cause reason;
  std::chrono::seconds left;  ///< of the lease
};
struct mapping_lost {
  mapping entry;
  cause reason;
};
struct remapped {
  mapping entry;
  std::string probe_command;           ///< empty: no public address is known
  std::vector<finding> findings{};     ///< as for `mapped`
  std::optional<endpoint> external{};  ///< to give to others; empty: not known
};
struct unmapped {
  mapping entry;
  bool removed;
  cause detail;
};
/// Visitors who were only counted and not reported one by one, because there were many.
struct crowded {
  std::chrono::seconds period{0};
  std::uint64_t greeted = 0;
  std::uint64_t rejected = 0;
  std::uint64_t sources = 0;  ///< different addresses; an IPv6 /64 counts as one
};
struct stopped {
  std::uint64_t greeted = 0;
  std::uint64_t rejected = 0;
  millis uptime{0};
  /// Clients on other machines whose connection requests or datagrams were seen to arrive; empty:
  /// not watched.
  std::optional<std::uint64_t> arrived;
};

}  // namespace events

struct serve_event {
  std::chrono::system_clock::time_point at;
  std::variant<events::listening, events::mapped, events::map_not_needed, events::external_address,
               events::redirected, events::map_failed, events::pinhole_failed,
               events::stale_mapping, events::self_tested, events::watching, events::blocked,
               events::greeted, events::rejected, events::renewed, events::renewal_failed,
               events::mapping_lost, events::remapped, events::unmapped, events::crowded,
               events::stopped>
      what;
};

/// Listens on all IPv4 and IPv6 addresses, greets, and keeps the mapping until the call ends.
///
/// Ends after `run_for`, after the first greeted visitor with `once`, and on terminal cancellation;
/// in each case it first removes the mapping (which takes 3 s at most) and then reports `stopped`.
/// Runs on a strand of its own over the executor of the awaiting coroutine, which may be that of a
/// thread pool; events come there, in order.
/// Fails with `invalid` for an invalid option, if it cannot listen (unavailable: the port is taken;
/// denied: no permission), and with `require_map` if there is no mapping (refused).
boost::asio::awaitable<result<events::stopped>> serve(
    serve_options options, std::function<void(const serve_event&)> observer);

}  // namespace natcheck
