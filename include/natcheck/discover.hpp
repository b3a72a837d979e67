// What is between this host and the Internet.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <natcheck/diagnosis.hpp>
#include <natcheck/error.hpp>
#include <natcheck/evidence.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace natcheck {

/// Public STUN servers of different operators, as HOST:PORT.
std::vector<std::string> default_stun_servers();

/// A plain HTTP page that returns status 204 and nothing else.
inline constexpr std::string_view default_web_check =
    "http://connectivitycheck.gstatic.com/generate_204";

struct discover_options {
  std::string interface;           ///< empty: the interface of the default route
  std::optional<address> gateway;  ///< empty: the gateway of the default route
  /// The external servers to ask, as HOST or HOST:PORT (3478). Empty: nothing external is asked, by
  /// any protocol.
  std::vector<std::string> stun_servers = default_stun_servers();
  /// Requested only if no external server answers; must return 204. Empty: never requested.
  std::string web_check{default_web_check};
  bool behavior = false;          ///< test mapping, filtering, hairpin (RFC 5780)
  bool binding_lifetime = false;  ///< measure how long an idle UDP binding lives: takes minutes
  /// Only the public address and the answer (yes, no, could not tell) matter: ends as soon as no
  /// missing answer can change them. What was not waited for is "not tried".
  bool answer_only = false;
  /// Called after every answer, on the strand of the call; what is still being asked is "not
  /// tried".
  std::function<void(const discover_evidence&)> on_evidence;
  /// Called with what a long test is waiting for, on the strand of the call.
  std::function<void(std::string_view)> on_progress;
  /// The limit for everything. A service whose schedule it cuts short is "not tried".
  std::chrono::milliseconds timeout{10'000};
};

struct discover_report {
  std::chrono::system_clock::time_point started_at;
  millis elapsed{0};
  discover_evidence evidence;
  discover_diagnosis judged;
  bool redacted = false;  ///< its public addresses are stand-ins (see redacted() in report.hpp)
};

/// Asks this host's kernel, its gateway and external STUN servers; changes nothing.
///
/// Runs on a strand of its own over the executor of the awaiting coroutine, which may be that of a
/// thread pool; `co_spawn(io, discover(o), token)` works with any completion token. Needs no
/// privileges. Terminal cancellation stops it at once.
/// Fails with `invalid` for an invalid option, and otherwise only for reasons of this machine: no
/// such interface (unavailable), no netlink (denied).
/// A name that does not resolve, or a server that does not answer, is evidence, not a failure.
boost::asio::awaitable<result<discover_report>> discover(discover_options options);

}  // namespace natcheck
