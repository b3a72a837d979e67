// A visitor's connection: waits end when patience does, and someone idle costs next to nothing.
#pragma once

#include <array>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <natcheck/endpoint.hpp>
#include <optional>
#include <string_view>

#include "net/sockets.hpp"

namespace natcheck::serving {

/// Where the bytes of whoever is read at the moment go: one for all connections of a thread, so
/// that ten thousand silent ones do not hold a buffer each.
using shared_buffer = std::array<char, 16 * 1024>;

class connection {
 public:
  static constexpr std::chrono::seconds idle_limit{10};
  static constexpr std::chrono::seconds visit_limit{60};

  connection(net::tcp::socket socket, const endpoint& peer, shared_buffer& buffer);

  /// Waits for bytes. False when the visitor is gone, hung up on, silent until `until`, or here
  /// for longer than `visit_limit`.
  net::asio::awaitable<bool> receive(net::steady_time until);
  /// The bytes that came. Others use the buffer as soon as the caller awaits anything.
  std::string_view received() const { return received_; }
  /// Sends all of `bytes`, or gives up after 10 s. They are copied if the visitor reads slowly.
  net::asio::awaitable<bool> send(std::string_view bytes);

  /// Marks all that `send` has been given so far.
  void mark() { marked_ = sent_; }
  /// Whether the visitor acknowledges all that was marked, within 2 s: what was sent and never
  /// acknowledged may have reached no one.
  net::asio::awaitable<bool> acknowledged();

  /// Says that nothing more comes, and lets the visitor go first, for 2 s or `most` bytes: closing
  /// at once could destroy an answer that is still on its way (RFC 1122 section 4.2.2.13).
  net::asio::awaitable<void> part(std::size_t most);

  /// Ends a wait that has lasted long enough; to be called now and then.
  void keep_time(net::steady_time now);
  void hang_up();

  bool hung_up() const { return hung_up_; }
  /// How receiving ended; clear when it was only slow.
  const net::error_code& ended() const { return ended_; }
  net::steady_time opened() const { return opened_; }
  const endpoint& peer() const { return peer_; }
  endpoint local() const;
  /// As net::ttl_of_request, any number of times.
  std::optional<unsigned> ttl_of_request() const { return ttl_of_request_; }

 private:
  bool is_acknowledged() const;
  net::asio::awaitable<bool> wait(net::tcp::socket::wait_type what, net::steady_time until);

  net::tcp::socket socket_;
  shared_buffer& buffer_;
  net::steady_time opened_ = std::chrono::steady_clock::now();
  net::steady_time deadline_ = net::steady_time::max();
  std::string_view received_;
  net::error_code ended_;
  endpoint peer_;
  std::optional<unsigned> ttl_of_request_;
  std::uint64_t sent_ = 0;  ///< or to be sent
  std::uint64_t marked_ = 0;
  bool late_ = false;
  bool hung_up_ = false;
  bool was_acknowledged_ = false;  ///< when it was hung up on
};

/// The point in time that is `delay` away.
inline net::steady_time from_now(std::chrono::steady_clock::duration delay) {
  return std::chrono::steady_clock::now() + delay;
}

}  // namespace natcheck::serving
