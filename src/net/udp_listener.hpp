// A UDP port of a server: it knows to which of this host's addresses a datagram came, and answers
// from that one.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <natcheck/endpoint.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "net/sockets.hpp"

namespace natcheck::net {

/// A datagram that came. `bytes` is a view into the reader's buffer.
struct received_datagram {
  endpoint peer;
  endpoint local;  ///< where it was sent to
  std::string_view bytes;
  bool whole = true;            ///< false: it was longer than the buffer
  bool to_this_host = true;     ///< false: it was sent to many, by broadcast or multicast
  std::optional<unsigned> ttl;  ///< that was left; IPv6: the hop limit
};

class udp_listener {
 public:
  /// Listens on `local`, whose address may be the unspecified one (then `::` takes no IPv4), and
  /// whose port may be 0: the kernel chooses. Of no use where `error` is set.
  /// Its packets stay on `device`, where one is named and the kernel allows it.
  static udp_listener open(const asio::any_io_executor& executor, const endpoint& local,
                           const std::string& device, error_code& error);

  endpoint local() const { return local_; }

  /// Waits until there is something to read. The error is set when there never will be.
  asio::awaitable<error_code> readable();
  /// Does not block; empty when there is nothing (more) to read.
  std::optional<received_datagram> receive(std::span<char> buffer);
  /// Answers from the address that `to` was sent to. The error is set when nothing leaves this
  /// host: there is no route, its own firewall forbids it, or there is no room.
  error_code answer(const received_datagram& to, std::string_view bytes);

  void close();

 private:
  explicit udp_listener(udp::socket socket) : socket_(std::move(socket)) {}

  udp::socket socket_;
  endpoint local_;
};

}  // namespace natcheck::net
