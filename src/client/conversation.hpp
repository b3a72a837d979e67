// One connection to a server, and the greeting over it (docs/protocol.md).
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/handshake.hpp"
#include "protocols/greeting/codec.hpp"

namespace natcheck::client {

/// The sizes of the payloads that are echoed one after the other, in bytes.
using echo_rounds = std::vector<std::size_t>;

std::size_t bytes_of(const echo_rounds& rounds);

/// An echo that was waited for no longer than this may be late, or sent again by TCP.
inline constexpr std::chrono::seconds least_wait_for_echo{1};

net::steady_time after(millis delay);

/// One connection to the server, and what came of it.
class conversation {
 public:
  explicit conversation(const handshake_options& options) : options_(options) {}

  /// Whether the server greeted, and not all of the echo came in good time.
  bool missed_echo() const { return missed_echo_; }
  /// Whether the connection stayed open, and nothing at all came in good time.
  bool missed_greeting() const { return missed_greeting_; }

  /// Speaks natcheck's greeting and the echo rounds.
  net::asio::awaitable<handshake_evidence> speak(const echo_rounds& rounds);
  /// Speaks the plain greeting only.
  net::asio::awaitable<handshake_evidence> speak_plainly();

 private:
  net::asio::awaitable<bool> connect();
  net::asio::awaitable<void> send(std::string_view bytes);
  net::asio::awaitable<bool> receive(net::steady_time deadline);
  net::asio::awaitable<bool> greet(std::string_view question, std::string_view payload);
  net::asio::awaitable<void> await_rest_of_answer();
  net::asio::awaitable<void> compare_echo(std::string_view payload);
  void judge_missing_echo(std::size_t came, std::size_t sent, net::steady_time since);
  net::steady_time echo_deadline() const;
  bool out_of_time() const { return std::chrono::steady_clock::now() >= options_.deadline; }
  bool check_identity(const greeting::question& asked);
  void judge_greeting();
  void note_rounds(std::size_t before, std::size_t now);
  void end_unsent(const failure& why);
  void finish(probe_result result, cause detail);
  void finish_unconnected(const net::error_code& error);
  net::steady_time greeting_deadline() const;

  const handshake_options& options_;
  std::optional<net::tcp::socket> socket_;
  greeting::reply_reader reader_;
  std::array<char, 4096> buffer_;
  std::string_view received_;  ///< in buffer_: the latest bytes
  net::error_code ended_;      ///< how receiving ended; clear while it did not
  bool torn_down_ = false;     ///< as a failed write showed
  bool missed_echo_ = false;
  bool missed_greeting_ = false;
  echo_rounds rounds_;
  net::steady_time asked_;
  handshake_evidence evidence_;
};

}  // namespace natcheck::client
