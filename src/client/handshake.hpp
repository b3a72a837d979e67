// The client's side of one greeting (docs/protocol.md).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <functional>
#include <natcheck/probe_evidence.hpp>
#include <string>

#include "net/sockets.hpp"

namespace natcheck::client {

struct handshake_options {
  endpoint target;
  std::string session;    ///< the same for all handshakes of one probe
  std::string interface;  ///< empty: whichever the route says
  net::steady_time deadline;
  std::function<void()> on_connected{};  ///< over TCP; may be empty
};

/// Connects, greets, and compares the echo byte by byte, in two round trips. A server that has no
/// answer to natcheck's line is asked once more, with the bare "Hello, server!" that every plain
/// greeter knows.
net::asio::awaitable<handshake_evidence> shake_hands(handshake_options options);

}  // namespace natcheck::client
