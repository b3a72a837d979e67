// What stands between this host and the Internet.
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

/// A page over plain HTTP that answers with status 204 and nothing else.
inline constexpr std::string_view default_web_check =
    "http://connectivitycheck.gstatic.com/generate_204";

struct discover_options {
  std::string interface;           ///< empty: the interface of the default route
  std::optional<address> gateway;  ///< empty: the gateway of the default route
  /// Who outside is asked, as HOST or HOST:PORT (3478). Empty: nobody outside, by no protocol.
  std::vector<std::string> stun_servers = default_stun_servers();
  /// Asked only when nothing else outside answered; must answer 204. Empty: never asked.
  std::string web_check{default_web_check};
  bool behavior = false;          ///< test mapping, filtering, hairpin (RFC 5780)
  bool binding_lifetime = false;  ///< measure how long an idle UDP binding lives: takes minutes
  /// Only the public address and the answer (yes, no, could not tell) matter: ends as soon as no
  /// answer that is still missing can change them. What was not waited for is "not tried".
  bool answer_only = false;
  /// Told whenever somebody has answered; what is still being asked is "not tried" then. Called on
  /// the strand of the call.
  std::function<void(const discover_evidence&)> on_evidence;
  /// Told what a long test is waiting for. Called on the strand of the call.
  std::function<void(std::string_view)> on_progress;
  /// The whole command's upper bound. A service whose schedule it cuts off is "not tried".
  std::chrono::milliseconds timeout{10'000};
};

struct discover_report {
  std::chrono::system_clock::time_point started_at;
  millis elapsed{0};
  discover_evidence evidence;
  discover_diagnosis judged;
  bool redacted = false;  ///< its public addresses are stand-ins (see redacted() in report.hpp)
};

/// Asks this host's kernel, its gateway, and the STUN servers outside; changes nothing on any.
///
/// Runs on a strand of its own over the executor of the awaiting coroutine, which may be that of a
/// thread pool; `co_spawn(io, discover(o), token)` works with any completion token. Needs no
/// privileges. Terminal cancellation stops it at once.
/// Fails with `invalid` for an option that cannot be, and else only for reasons of this machine: no
/// such interface (unavailable), no netlink (denied).
/// A name that does not resolve, and a server that does not answer, are evidence and no failure.
boost::asio::awaitable<result<discover_report>> discover(discover_options options);

}  // namespace natcheck
