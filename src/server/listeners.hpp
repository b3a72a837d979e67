// The sockets that a server listens on.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <natcheck/endpoint.hpp>
#include <natcheck/error.hpp>
#include <natcheck/serve.hpp>
#include <string>
#include <utility>
#include <vector>

#include "net/sockets.hpp"
#include "server/udp_responder.hpp"

namespace natcheck::serving {

/// The sockets of a server, and what it listens on: each transport and address once.
struct listening_sockets {
  std::vector<net::tcp::acceptor> acceptors;
  std::unique_ptr<udp_responder> datagrams;  ///< null without UDP
  std::vector<std::pair<transport, endpoint>> at;
};

using end_observer = std::function<void(const session_result&)>;

/// Listens on all IPv4 and all IPv6 addresses at one port, for the transports of the options; on
/// their interface and loopback alone, if one is named. Port 0 lets the kernel choose one. A family
/// that this machine does not have is left out. Fails if the port is taken or not allowed.
/// `identity` must outlive the sockets; `on_end` is called for visitors who come by datagram (see
/// udp_responder).
result<listening_sockets> listen_everywhere(const net::asio::any_io_executor& executor,
                                            const serve_options& options,
                                            const server_identity& identity, end_observer on_end);

/// Why nothing listens at `local`, in words that say what to do.
failure cannot_listen(const endpoint& local, transport protocol, const net::error_code& error);

/// A machine without that version of IP is no fault.
bool is_switched_off(const net::error_code& error);

}  // namespace natcheck::serving
