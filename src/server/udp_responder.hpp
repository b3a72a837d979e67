// The server's side of the greeting over UDP (docs/protocol.md), on sockets.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <list>
#include <optional>

#include "net/udp_listener.hpp"
#include "protocols/greeting/responder.hpp"
#include "server/greeting_session.hpp"

namespace natcheck::serving {

/// Answers questions that come as datagrams. All on one thread; must outlive run().
class udp_responder {
 public:
  /// `on_end` hears of the first answered datagram of each session, or plain visitor, and of
  /// datagrams that are no question, as far as greeting::responder tells of them.
  udp_responder(net::asio::any_io_executor executor, const server_identity& identity,
                std::function<void(const session_result&)> on_end);

  /// May be empty. Called for each datagram, whatever is in it: it got through to the socket.
  std::function<void(const endpoint& peer)> on_datagram;

  /// Listens there too, on `device` alone where one is named. Port 0 lets the kernel choose;
  /// local() then tells. The failure's kind is `unreachable` where this machine does not have that
  /// version of IP, or that address.
  std::optional<failure> listen(const endpoint& local, const std::string& device = {});
  /// What was listened on last.
  endpoint local() const { return listeners_.back().local(); }

  /// Serves until it is cancelled, which throws operation_aborted, or closed.
  net::asio::awaitable<void> run();
  void close();

 private:
  net::asio::awaitable<void> serve(net::udp_listener& here);
  void serve_batch(net::udp_listener& here);
  void handle(net::udp_listener& here, const net::received_datagram& came);

  net::asio::any_io_executor executor_;
  greeting::responder responder_;
  std::shared_ptr<net::vicinity> vicinity_;
  std::function<void(const session_result&)> on_end_;
  std::list<net::udp_listener> listeners_;
};

}  // namespace natcheck::serving
