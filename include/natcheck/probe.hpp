// Can a client here reach the server there?
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

namespace natcheck {

inline constexpr std::uint16_t default_port = 1234;
/// How many datagrams a UDP probe sends: any of them may be lost.
inline constexpr unsigned default_udp_count = 5;

struct probe_options {
  std::string host;  ///< a name or an address, without brackets
  std::uint16_t port = default_port;
  transport protocol = transport::tcp;
  unsigned count = 1;  ///< handshakes, each on its own connection or in its own datagram
  std::chrono::milliseconds timeout{10'000};       ///< for each handshake
  std::optional<std::chrono::milliseconds> total;  ///< for everything; empty: no limit
  std::string interface;                           ///< empty: the kernel chooses
};

struct probe_report {
  /// An invalid option (`invalid`), or an interface that does not exist (`unavailable`): nothing
  /// was probed.
  std::optional<failure> problem;
  probe_evidence evidence;
  probe_diagnosis judged;
};

/// Runs the handshake of docs/protocol.md. Every outcome is in the report; the call never fails.
///
/// Runs on a strand of its own over the executor of the awaiting coroutine, which may be that of a
/// thread pool. `progress`, if given, is called there after each handshake, in order.
/// Terminal cancellation stops it at once.
boost::asio::awaitable<probe_report> probe(
    probe_options options, std::function<void(const handshake_evidence&)> progress = {});

}  // namespace natcheck
