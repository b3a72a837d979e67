// Sockets that leave by a chosen interface, and errors in plain words.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <natcheck/error.hpp>
#include <natcheck/evidence.hpp>
#include <string>

#include "net/when_all.hpp"

namespace natcheck::net {

using asio::ip::tcp;
using asio::ip::udp;
using boost::system::error_code;

/// Where packets leave this host: the source address, and the interface to keep them on.
struct source {
  address local;
  std::string interface;  ///< empty: whichever the route says
};

/// Non-blocking, close-on-exec, bound to `from`. UDP has a port of the kernel's choice at once, TCP
/// when it connects: until then the kernel does not know that a port may be shared by connections
/// to different places, and runs out of them early. Fails with `unavailable` for want of what every
/// socket needs: a descriptor, a free port, that interface, that version of IP.
result<udp::socket> open_udp(const asio::any_io_executor& executor, const source& from,
                             natcheck::operation operation);
result<tcp::socket> open_tcp(const asio::any_io_executor& executor, const source& from,
                             natcheck::operation operation);

/// For ICMP echo (icmp(7)), where the kernel lets this user have one (net.ipv4.ping_group_range).
/// It fills in the identifier and the checksum, and gives replies from anywhere that bear the
/// former.
result<udp::socket> open_ping(const asio::any_io_executor& executor, const source& from,
                              natcheck::operation operation);

/// Keeps a socket's packets on one interface; an empty name is any. False, and without effect,
/// where the kernel does not allow it (before Linux 5.7 it took privileges); the bound address then
/// decides.
bool keep_on_interface(int descriptor, const std::string& name);

/// Until there is something to be read, from the error queue too.
asio::awaitable<void> wait_readable(udp::socket& socket);

/// What an error of the operating system means to natcheck, with words for people.
failure failure_from(natcheck::operation operation, const error_code& error);

/// The failure of a connection to `target`. Other than failure_from, it knows that a connecting
/// socket wants any port. `unavailable` is a fault of this machine: no descriptor, no free port, no
/// such address; it says nothing about anyone else.
failure connect_failure(natcheck::operation operation, const address& target,
                        const error_code& error);

/// The same where the kernel refused to connect before anything was sent, as a route of this
/// machine can tell it to (ip-route(8): unreachable, prohibit, blackhole).
failure route_failure(natcheck::operation operation, const address& target,
                      const error_code& error);

inline millis since(steady_time start) { return std::chrono::steady_clock::now() - start; }

}  // namespace natcheck::net
