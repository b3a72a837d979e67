// When this host's addresses or routes change.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <memory>

namespace natcheck::net {

/// Hears from the kernel (rtnetlink) of every change of addresses, links and routes.
class network_watch {
 public:
  /// Where netlink is forbidden nothing is ever heard.
  explicit network_watch(boost::asio::any_io_executor executor);
  ~network_watch();

  /// Waits for a change, and until things have settled: 200 ms without another one, 2 s at most.
  /// Changes since the last call count.
  boost::asio::awaitable<void> next();

 private:
  class socket;
  std::unique_ptr<socket> socket_;
};

}  // namespace natcheck::net
