// The TCP sockets that a server listens on.
#pragma once

#include <cstdint>
#include <natcheck/endpoint.hpp>
#include <natcheck/error.hpp>
#include <string>
#include <vector>

#include "net/sockets.hpp"

namespace natcheck::serving {

/// The devices that a server's sockets are to be bound to, so that its answers leave by `interface`
/// even where the route would take another one: that one, and loopback for this machine itself. One
/// empty name, which means all, where no interface is named or the kernel does not allow it (it
/// took privileges before Linux 5.7).
std::vector<std::string> devices_for(const std::string& interface);

/// Listens on all IPv4 and all IPv6 addresses of these devices at one port; 0 lets the kernel
/// choose one. A family that this machine does not have is left out. Fails where the port is taken
/// or not allowed, in words that say what to do.
result<std::vector<net::tcp::acceptor>> listen_everywhere(
    const net::asio::any_io_executor& executor, std::uint16_t port,
    const std::vector<std::string>& devices);

/// Why nothing listens at `local`, in words that say what to do.
failure cannot_listen(const endpoint& local, transport protocol, const net::error_code& error);

/// A machine without that version of IP is no fault.
bool is_switched_off(const net::error_code& error);

}  // namespace natcheck::serving
