// The client's side of the greeting over UDP as a machine: it is polled, and knows no socket, no
// clock and no randomness. docs/protocol.md is its specification.
#pragma once

#include <chrono>
#include <cstdint>
#include <natcheck/endpoint.hpp>
#include <natcheck/probe_evidence.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocols/greeting/codec.hpp"

namespace natcheck::greeting {

/// Fresh for each question, and not guessable.
struct fresh {
  std::string nonce;
  std::string payload;  ///< of `payload_size` bytes
};

/// That, and why, something that was sent is not delivered.
struct refusal {
  probe_result result = probe_result::unreachable;
  cause detail;
  std::optional<icmp_notice> icmp{};
  bool local = false;    ///< this machine says so
  bool machine = false;  ///< beside it: for want of something that every socket needs
};

/// Asks a number of times at a steady pace, whatever is answered, and nothing twice: what is lost
/// is what is measured. Where nothing at all comes, it asks once with little to echo, for a way on
/// which larger datagrams are lost, and then by the plain greeting, for servers that know nothing
/// else.
///
/// Only an intact answer to one's own question closes it. What else comes is kept for the case that
/// no such answer does: over UDP anyone can have sent it.
class udp_prober {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  using duration = std::chrono::steady_clock::duration;

  static constexpr std::chrono::milliseconds pace{100};  ///< from one question to the next
  static constexpr std::size_t payload_size = 512;
  static constexpr std::size_t small_payload_size = 16;
  static constexpr unsigned smaller_tries = 3;  ///< the first has a payload, the others are plain

  /// `count` is above 0.
  udp_prober(endpoint target, std::string session, unsigned count)
      : target_(target), session_(std::move(session)), count_(count) {}

  /// Whether a datagram is to be sent now; then next_datagram() is it.
  bool is_due(time_point now) const;
  std::string next_datagram(time_point now, fresh anew);

  void handle_datagram(time_point now, std::string_view bytes);
  /// The network, or this machine, says that it does not deliver what was sent.
  void handle_refusal(time_point now, refusal why);

  /// Whether all that can come has come.
  bool finished(time_point now) const;
  /// When to look again, if nothing comes.
  time_point next_timeout() const;

  /// The next question, in their order, whose outcome is known by now. None before anything came
  /// back.
  std::optional<handshake_evidence> poll_settled(time_point now);
  /// All that poll_settled() has not told yet. What was not given the time to be answered is left
  /// out, unless nothing was answered at all.
  std::vector<handshake_evidence> finish(time_point now);

 private:
  struct asked {
    std::string nonce, payload;
    time_point at;
    std::optional<handshake_evidence> answer;  ///< intact or not
    bool closed = false;
  };

  question question_of(const asked& one, std::size_t number) const;
  std::string smaller_datagram(time_point now, fresh anew);
  void handle_extended(time_point now, const reply_reader& read);
  void handle_small(time_point now, handshake_evidence answer, std::string_view payload);
  void handle_stray(time_point now, handshake_evidence stray);
  void settle(asked& question, time_point now, handshake_evidence answer);
  asked* oldest_without_answer();
  bool all_closed() const;
  duration answer_limit() const;
  std::optional<time_point> next_send() const;
  handshake_evidence outcome_of(const asked& question, time_point now) const;
  cause silence(time_point now) const;

  endpoint target_;
  std::string session_;
  unsigned count_;
  std::vector<asked> asked_;
  std::optional<asked> small_;
  std::vector<time_point> smaller_sent_;
  std::optional<handshake_evidence> smaller_answer_;  ///< to one of them
  time_point last_sent_{};
  duration slowest_{0};
  bool anything_came_ = false;  ///< anything at all came back
  bool refused_ = false;        ///< and so the rest need not be asked
  std::size_t reported_ = 0;
};

}  // namespace natcheck::greeting
