// The client's side of the greeting over UDP (docs/protocol.md), on a socket.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <natcheck/probe_evidence.hpp>
#include <vector>

#include "client/handshake.hpp"

namespace natcheck::client {

/// Asks `count` times, 100 ms apart, each in a datagram of its own that is not sent again; the
/// evidence of each, in order. Ends when all are answered, or a while after the last one, or at the
/// deadline. Those that the deadline left no time are missing, but for the case that nothing at all
/// was answered; there is at least one.
///
/// `on_settled`, where given, is called with those of them that are known early, in order, from the
/// first one on; not before the target itself has answered.
net::asio::awaitable<std::vector<handshake_evidence>> ask_by_datagram(
    handshake_options options, unsigned count,
    std::function<void(const handshake_evidence&)> on_settled = {});

}  // namespace natcheck::client
