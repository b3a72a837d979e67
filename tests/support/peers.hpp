// Peers on loopback that say what a test wants them to say, and record what they are told.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <natcheck/endpoint.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "support/loop.hpp"

namespace natcheck::support {

using asio::ip::tcp;
using asio::ip::udp;

// Every address of 127/8 belongs to this machine, so each can play another host.
inline constexpr const char* host_ip = "127.0.0.1";
inline constexpr const char* gateway_ip = "127.0.0.2";
inline constexpr const char* stranger_ip = "127.0.0.3";  ///< another device of the network
inline constexpr const char* trap_ip = "127.0.0.4";      ///< must never be asked for anything

/// "\x00\x80" and the like, from hexadecimal digits.
std::string from_hex(std::string_view digits);

/// A port of `ip` on which nothing listens.
std::uint16_t closed_udp_port(asio::io_context& io, const char* ip);
std::uint16_t closed_tcp_port(asio::io_context& io, const char* ip);

/// True when this machine has ::1.
bool has_ipv6(asio::io_context& io);

class udp_peer {
 public:
  /// Called for each datagram, `number` counts from 1. Answers with send(), or does not.
  using script =
      std::function<void(udp_peer&, const std::string& request, const udp::endpoint& from)>;

  udp_peer(asio::io_context& io, const char* ip, script answer);

  std::uint16_t port() const { return socket_.local_endpoint().port(); }
  void send(std::string_view bytes, const udp::endpoint& to);
  const std::vector<std::string>& requests() const { return requests_; }

 private:
  void receive();

  udp::socket socket_;
  script answer_;
  std::vector<std::string> requests_;
  std::string buffer_;
  udp::endpoint from_;
};

class tcp_peer {
 public:
  /// What it does with a connection; it hangs up when that ends.
  using session = std::function<asio::awaitable<void>(tcp::socket&)>;

  tcp_peer(asio::io_context& io, const char* ip, session talk);

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }
  int connections() const { return connections_; }

 private:
  void accept();

  tcp::acceptor acceptor_;
  std::shared_ptr<const session> talk_;
  int connections_ = 0;
};

// Parts of sessions. None of them throws; a connection that ends early ends them.

/// Reads whatever comes next; empty at the end of the stream.
asio::awaitable<std::string> read_some(tcp::socket& socket);
/// Reads until the stream holds `size` bytes or `text`, or ends. What was read is returned.
asio::awaitable<std::string> read_bytes(tcp::socket& socket, std::size_t size);
asio::awaitable<std::string> read_until(tcp::socket& socket, std::string_view text);
/// Reads to the end of the stream.
asio::awaitable<std::string> read_all(tcp::socket& socket);
/// False when not all of it could be sent.
asio::awaitable<bool> write(tcp::socket& socket, std::string_view bytes);
/// Sends each byte as a segment of its own.
asio::awaitable<void> write_bytewise(tcp::socket& socket, std::string_view bytes,
                                     milliseconds pause = 1ms);
/// Waits until the other side hangs up.
asio::awaitable<void> wait_for_goodbye(tcp::socket& socket);
/// Tears the connection down with a RST.
void reset(tcp::socket& socket);
/// A connection to `to`, or a closed socket when there is none.
asio::awaitable<tcp::socket> connect(endpoint to);

}  // namespace natcheck::support
