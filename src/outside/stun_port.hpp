// A UDP port of this host that asks STUN servers, and what comes to it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <span>
#include <vector>

#include "net/sockets.hpp"
#include "outside/stun_transactions.hpp"

namespace natcheck::outside {

/// How fast to ask, after the measured round trip, and how often.
///
/// At 10 % loss each way, 19 % of all tries fail. That all `tries` fail by chance comes to
/// 0.19^8 = 2 in a million. Silence counts while `enough_controls` ordinary questions are answered;
/// once in a thousand times eight of them bring less, and then more are asked: that fewer of
/// `most_tries` are answered by chance comes to 6 in a thousand million.
struct pacing {
  static constexpr int tries = 8;
  static constexpr int most_tries = 16;
  static constexpr int enough_controls = 3;

  /// Whether the `number`th try is the last one that makes sense.
  static constexpr bool is_last(int number, int controls_answered) {
    return number >= most_tries || (number >= tries && controls_answered >= enough_controls);
  }

  explicit pacing(millis round_trip);

  /// The same for a network that lets only some ten packets a second pass, where each try sends
  /// `packets`.
  pacing slowed(int packets) const;

  millis rtt;                ///< what was measured; 100 ms where nothing was
  millis ask_again;          ///< between tries where an answer is expected
  millis open_filter_again;  ///< between tries where silence is as good an answer
  millis last_wait;          ///< for an answer to the last try
};

net::steady_time after(millis delay);

/// Each question is a transaction of its own, so that it is known which one was answered, and after
/// what time.
class stun_port {
 public:
  struct datagram {
    endpoint from;
    std::vector<std::uint8_t> bytes;
  };
  using answer = stun_transactions::answer;

  static result<stun_port> open(const net::asio::any_io_executor& executor,
                                const net::source& from);

  const endpoint& local() const { return local_; }

  /// Sends a binding request, and numbers it. One that cannot be sent counts as lost.
  std::size_t ask(const endpoint& to, stun::change answer_from = stun::change::none,
                  std::optional<std::uint16_t> response_port = {});
  void send(const endpoint& to, std::span<const std::uint8_t> bytes);

  /// The next datagram, whoever sent it. Empty when none came until then.
  net::asio::awaitable<std::optional<datagram>> next(net::steady_time until);
  /// The next answer to a question of this port. Empty when none came until then.
  net::asio::awaitable<std::optional<answer>> next_answer(net::steady_time until);
  /// What the datagram answers; empty when it answers no question of this port.
  std::optional<answer> judge(const datagram& received) const;

 private:
  explicit stun_port(net::udp::socket socket);

  net::udp::socket socket_;
  endpoint local_;
  stun_transactions transactions_;
};

/// How one of a server's addresses saw a port of ours.
struct binding {
  endpoint mapped;
  millis rtt;
};

/// Asks all of `servers` from the same port, until each has answered or all tries are made. In the
/// same order; empty where no answer came.
net::asio::awaitable<std::vector<std::optional<binding>>> find_bindings(
    stun_port& port, std::vector<endpoint> servers, pacing pace);
net::asio::awaitable<std::optional<binding>> find_binding(stun_port& port, endpoint server,
                                                          pacing pace);

}  // namespace natcheck::outside
