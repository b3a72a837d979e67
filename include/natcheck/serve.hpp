// An echo server, and the port mapping that makes it reachable from outside.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <natcheck/diagnosis.hpp>
#include <natcheck/error.hpp>
#include <natcheck/evidence.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace natcheck {

/// Which protocol may make the mapping; `automatic` takes whichever works.
enum class mapping_choice { automatic, nat_pmp, upnp };

struct serve_options {
  std::uint16_t port = 1234;                   ///< the port listened on; 0 lets the kernel choose
  std::optional<std::uint16_t> external_port;  ///< the port to open on the gateway; empty: none
  mapping_choice via = mapping_choice::automatic;
  std::chrono::seconds lifetime{3600};  ///< of the mapping; renewed at half of what was granted
  bool require_map = false;             ///< end when the mapping cannot be made
  bool once = false;                    ///< end after the first visitor that was greeted
  std::optional<std::chrono::milliseconds> run_for;
  std::string interface;           ///< for the mapping; empty: that of the default route
  std::optional<address> gateway;  ///< for the mapping; empty: that of the default route
};

/// A mapping as the gateway granted it.
struct mapping {
  transport protocol = transport::tcp;
  mapping_protocol via = mapping_protocol::nat_pmp;
  endpoint internal;
  std::uint16_t external_port = 0;
  std::optional<address> external_address;  ///< empty when the gateway would not say
  std::chrono::seconds lifetime{0};
  bool verified = false;  ///< read back from the gateway's table
};

/// Who spoke to the server, by what it said.
enum class dialect { natcheck, plain };

namespace events {

struct listening {
  transport protocol;
  endpoint local;
};
struct mapped {
  mapping entry;
  std::string probe_command;
};
/// This host has a public address of its own, so there is nothing to map.
struct map_not_needed {
  endpoint external;
  std::string probe_command;
};
struct map_failed {
  mapping_evidence evidence;
  diagnosis judged;
};
struct greeted {
  transport protocol;
  endpoint peer;
  dialect spoken;
  std::string session;      ///< the visitor's; empty when it spoke the plain greeting
  std::uint64_t bytes = 0;  ///< echoed
  millis duration{0};
};
struct rejected {
  transport protocol;
  endpoint peer;
  std::string reason;
};
struct renewed {
  mapping entry;
};
struct mapping_lost {
  mapping entry;
  std::string reason;
};
struct remapped {
  mapping entry;
  std::string probe_command;
};
struct unmapped {
  mapping entry;
  bool removed;
  std::string detail;
};
struct stopped {
  std::uint64_t greeted = 0;
  std::uint64_t rejected = 0;
  millis uptime{0};
};

}  // namespace events

struct serve_event {
  std::chrono::system_clock::time_point at;
  std::variant<events::listening, events::mapped, events::map_not_needed, events::map_failed,
               events::greeted, events::rejected, events::renewed, events::mapping_lost,
               events::remapped, events::unmapped, events::stopped>
      what;
};

/// Listens on all IPv4 and IPv6 addresses, greets, and keeps the mapping until it ends.
///
/// Ends after `run_for`, after the first greeted visitor with `once`, and on terminal cancellation;
/// in each case it first removes the mapping (which takes 3 s at most) and then reports `stopped`.
/// Events come on the executor of the awaiting coroutine, in order.
/// Fails when it cannot listen (unavailable: the port is taken; denied: no permission), and with
/// `require_map` when there is no mapping (refused).
boost::asio::awaitable<result<events::stopped>> serve(
    serve_options options, std::function<void(const serve_event&)> observer);

}  // namespace natcheck
