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
  bool any_port = false;     ///< take another external port where the one asked for cannot be had
  bool require_map = false;  ///< end when the mapping cannot be made
  bool once = false;         ///< end after the first visitor that was greeted
  std::optional<std::chrono::milliseconds> run_for;
  /// Where the mapping is made, and the only interface beside loopback that the server listens on;
  /// empty: that of the default route, and all.
  std::string interface;
  std::optional<address> gateway;  ///< for the mapping; empty: that of the default route
  /// Who outside is asked for the address that the Internet sees, where a port is to be mapped: as
  /// HOST or HOST:PORT (3478). Empty: nobody.
  std::vector<std::string> stun_servers = default_stun_servers();
};

/// Who spoke to the server, by what it said.
enum class dialect { natcheck, plain, http };

namespace events {

struct listening {
  transport protocol;
  endpoint local;
};
/// A port of an IPv4 gateway, or a pinhole in an IPv6 firewall: then the external endpoint is the
/// internal one.
struct mapped {
  mapping entry;
  std::string probe_command;           ///< empty: no public address is known
  std::vector<finding> findings{};     ///< what is odd about this mapping
  std::optional<endpoint> external{};  ///< to be given to others; empty: not known
};
/// This host has a public address of its own, so there is nothing to map.
struct map_not_needed {
  transport protocol;
  endpoint external;
  std::string probe_command;
  bool confirmed = false;  ///< a server outside sees that address
};
/// Where the Internet finds the port, as far as servers outside and the router tell. Told when it
/// is known, and again when it changes.
struct external_address {
  transport protocol;
  std::optional<endpoint> external;  ///< to be given to others; empty: not known
  std::string probe_command;         ///< empty: not known
  bool corrects = false;             ///< the command is another one than was told before
  external_evidence evidence;
  external_judgement judged;
};
/// A NAT rule of this host leads what comes to the port elsewhere.
struct redirected {
  redirect_evidence evidence;
  diagnosis judged;
};
struct map_failed {
  mapping_evidence evidence;
  diagnosis judged;
};
/// The IPv6 router opened nothing for this address; it may have no firewall, and nothing to open.
struct pinhole_failed {
  mapping_evidence evidence;
};
/// A mapping of an earlier run, which had no chance to remove it.
struct stale_mapping {
  mapping entry;
  bool removed;
  cause detail;  ///< why it could not be removed
};
/// The server was asked from this machine itself.
struct self_tested {
  self_test_evidence evidence;
  diagnosis judged;
};
/// Whether packets are watched as they arrive, before any firewall of this machine.
struct watching {
  bool able;
  cause detail;        ///< why not
  std::string advice;  ///< how to allow it
};
/// Somebody's packets arrived, and no connection came of them.
struct blocked {
  arrival_evidence evidence;
  diagnosis judged;
};
struct greeted {
  transport protocol;
  endpoint peer;
  dialect spoken;
  std::string session;      ///< the visitor's; empty when it spoke the plain greeting
  std::uint64_t bytes = 0;  ///< echoed
  millis duration{0};
  std::optional<visitor_location> from{};  ///< as far as the visitor's address and TTL tell
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
/// Told once until a renewal succeeds again; it is retried until the lease is over.
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
  std::optional<endpoint> external{};  ///< to be given to others; empty: not known
};
struct unmapped {
  mapping entry;
  bool removed;
  cause detail;
};
/// Visitors who were counted and not told one by one, because there were many.
struct crowded {
  std::chrono::seconds period{0};
  std::uint64_t greeted = 0;
  std::uint64_t rejected = 0;
  std::uint64_t sources = 0;  ///< different addresses, an IPv6 /64 counting as one
};
struct stopped {
  std::uint64_t greeted = 0;
  std::uint64_t rejected = 0;
  millis uptime{0};
  /// Clients whose connection requests, or questions by UDP, were seen to arrive from other
  /// machines; empty: not watched.
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

/// Listens on all IPv4 and IPv6 addresses, greets, and keeps the mapping until it ends.
///
/// Ends after `run_for`, after the first greeted visitor with `once`, and on terminal cancellation;
/// in each case it first removes the mapping (which takes 3 s at most) and then reports `stopped`.
/// Runs on a strand of its own over the executor of the awaiting coroutine, which may be that of a
/// thread pool; events come there, in order.
/// Fails with `invalid` for an option that cannot be, when it cannot listen (unavailable: the port
/// is taken; denied: no permission), and with `require_map` when there is no mapping (refused).
boost::asio::awaitable<result<events::stopped>> serve(
    serve_options options, std::function<void(const serve_event&)> observer);

}  // namespace natcheck
