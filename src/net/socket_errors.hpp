// ICMP errors about what a socket sent, as the kernel keeps them for it (IP_RECVERR, ip(7)).
#pragma once

#include <cstddef>
#include <natcheck/endpoint.hpp>
#include <natcheck/probe_evidence.hpp>
#include <optional>
#include <span>

#include "net/sockets.hpp"

namespace natcheck::net {

/// Has the kernel keep the errors for `next_error`, or no longer. A TCP socket that keeps them is
/// ended by errors that it would otherwise outlive: to be switched off once it is connected.
void keep_errors(int descriptor, bool keep = true);

struct socket_error {
  endpoint to;  ///< where the datagram was meant to go
  error_code error;
  std::optional<icmp_notice> icmp;  ///< empty: this machine itself says so
};

/// The oldest error that was not read yet. Does not block.
std::optional<socket_error> next_error(int descriptor);

/// Reads the control messages that recvmsg(MSG_ERRQUEUE) gives, in the kernel's layout (cmsg(3)).
/// Empty where none of them is an error, or where it is cut short. `to` is left empty. Pure.
std::optional<socket_error> read_socket_error(std::span<const std::byte> control);

}  // namespace natcheck::net
