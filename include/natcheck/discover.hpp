// What stands between this host and the Internet.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <natcheck/diagnosis.hpp>
#include <natcheck/error.hpp>
#include <natcheck/evidence.hpp>
#include <optional>
#include <string>

namespace natcheck {

struct discover_options {
  std::string interface;           ///< empty: the interface of the default route
  std::optional<address> gateway;  ///< empty: the gateway of the default route
  /// The whole command's upper bound. A service whose schedule it cuts off is "not tried".
  std::chrono::milliseconds timeout{10'000};
};

struct discover_report {
  std::chrono::system_clock::time_point started_at;
  millis elapsed{0};
  discover_evidence evidence;
  std::optional<public_address> external;
  diagnosis judged;
};

/// Asks this host's kernel and its gateway; changes nothing on either, and asks nobody outside.
///
/// Runs on the executor of the awaiting coroutine; `co_spawn(io, discover(o), token)` works with
/// any completion token. Needs no privileges. Terminal cancellation stops it at once.
/// Fails only for reasons of this machine: no such interface (unavailable), no netlink (denied).
boost::asio::awaitable<result<discover_report>> discover(discover_options options);

}  // namespace natcheck
