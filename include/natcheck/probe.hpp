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
/// How many datagrams tell whether a server can be reached over UDP: any of them may be lost.
inline constexpr unsigned default_udp_count = 5;

struct probe_options {
  std::string host;  ///< a name or an address, without brackets
  std::uint16_t port = default_port;
  transport protocol = transport::tcp;
  unsigned count = 1;  ///< handshakes, each on a connection, or in a datagram, of its own
  std::chrono::milliseconds timeout{10'000};       ///< for each handshake
  std::optional<std::chrono::milliseconds> total;  ///< for everything; empty: no such bound
  std::string interface;                           ///< empty: whichever the kernel chooses
};

struct probe_report {
  /// An option that cannot be (`invalid`), or an interface that does not exist (`unavailable`):
  /// nothing was asked.
  std::optional<failure> problem;
  probe_evidence evidence;
  probe_diagnosis judged;
};

/// Runs the handshake of docs/protocol.md. Every outcome is in the report; it fails by none.
///
/// Runs on a strand of its own over the executor of the awaiting coroutine, which may be that of a
/// thread pool. `progress`, where given, is called there after each handshake, in their order.
/// Terminal cancellation stops it at once.
boost::asio::awaitable<probe_report> probe(
    probe_options options, std::function<void(const handshake_evidence&)> progress = {});

}  // namespace natcheck
