// Sees packets of one port on the interfaces: those that come in before any firewall of this host,
// and those that leave after all of them.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <natcheck/error.hpp>
#include <vector>

#include "arrivals/packets.hpp"
#include "net/sockets.hpp"

namespace natcheck::arrivals {

/// A packet, and where it was seen. One that passes a bridge or a VLAN is seen on each of its
/// interfaces.
struct watched_packet {
  seen_packet packet;
  unsigned interface_index = 0;
};

/// Empty when that interface is gone.
std::string interface_name(unsigned index);

/// A packet socket (packet(7)) with a filter in the kernel. It takes CAP_NET_RAW to open one, and
/// nothing to read it. Loopback is left out.
class packet_watch {
 public:
  /// Fails with `denied` without the privilege, else with `unavailable`.
  static result<packet_watch> open(const net::asio::any_io_executor& executor,
                                   const watched_port& port);

  /// Waits until packets have come, and gives what is there, 64 packets at most; may be nothing.
  net::asio::awaitable<std::vector<watched_packet>> next();

  /// True when packets were lost since the last call, because no one read them in time.
  bool has_lost();

 private:
  packet_watch(net::asio::posix::stream_descriptor socket, const watched_port& port)
      : socket_(std::move(socket)), port_(port) {}

  std::vector<watched_packet> take();

  net::asio::posix::stream_descriptor socket_;
  watched_port port_;
};

}  // namespace natcheck::arrivals
