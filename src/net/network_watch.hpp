// When this host's addresses or routes change.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>

#include "net/host_network.hpp"

namespace natcheck::net {

/// Reads this host's network again whenever the kernel reports something about links, addresses or
/// routes (rtnetlink), and compares. Not thread-safe.
class network_watch {
 public:
  /// Reads it for the first time. `choice` is that of read_host_network. Where netlink cannot be
  /// subscribed to, no change is ever seen.
  network_watch(boost::asio::any_io_executor executor, route_choice choice);
  ~network_watch();

  /// As it was read last: by the constructor, or by next().
  const result<host_network>& latest() const;

  /// Waits until the network is not as `latest` says, and reads it. Waits until the kernel has
  /// reported nothing for 100 ms, and 500 ms at most. May be cancelled and called again: no change
  /// is lost.
  boost::asio::awaitable<void> next();

 private:
  class subscription;
  std::unique_ptr<subscription> subscription_;
};

}  // namespace natcheck::net
