// Whom to ask when, and how long to wait for whom: the schedule of a survey. Pure; polled.
#pragma once

#include <array>
#include <chrono>
#include <natcheck/evidence.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outside/stun.hpp"
#include "protocols/stun/codec.hpp"

namespace natcheck::outside {

/// True when that may be the second address of a server at `primary` (RFC 5780 section 4): another
/// address and another port, IPv4, and as public as the first.
bool is_credible_other(const endpoint& primary, const endpoint& other);

/// How a transaction over a socket that failed is told of: a refusal that came from the network,
/// silence, or nothing that anyone outside has to do with.
service_state state_of(const failure& why);

class survey_schedule {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// How long to wait for an answer after each request over UDP: so the requests go out after 0,
  /// 250 and 750 ms (RFC 8489 section 6.2.1 with half the time between them).
  static constexpr std::array<std::chrono::milliseconds, 3> waits{std::chrono::milliseconds{250},
                                                                  std::chrono::milliseconds{500},
                                                                  std::chrono::milliseconds{1000}};
  static constexpr std::chrono::milliseconds whole_schedule{1750};
  /// Of TCP, which begins later: time for the kernel's second SYN, after 1 s.
  static constexpr std::chrono::milliseconds tcp_schedule{1500};
  /// TCP is asked when UDP was silent for so long.
  static constexpr std::chrono::milliseconds tcp_delay{250};
  /// Others than the first to answer have as long again as that one took, and at least this.
  static constexpr std::chrono::milliseconds least_grace{50};

  /// `ipv4`, `ipv6`: whether packets of the family leave this host.
  survey_schedule(const std::vector<stun_server>& servers, bool ipv4, bool ipv6,
                  survey_options options, time_point start);

  std::size_t size() const { return asks_.size(); }
  const stun_evidence& ask(std::size_t number) const { return asks_[number].seen; }
  bool is_open(std::size_t number) const { return asks_[number].open; }

  /// The next question over UDP that is due, which is counted as sent.
  std::optional<std::size_t> poll_transmit(time_point now);
  /// Whether this question over TCP is to be asked, when its time has come; it then counts as sent.
  bool begin_tcp(std::size_t number, time_point now);
  time_point tcp_start() const { return start_ + tcp_delay; }

  void note_local(std::size_t number, endpoint local) { asks_[number].seen.local = local; }
  void handle_answer(std::size_t number, const stun::binding_answer& answer, time_point now);
  /// What came from there and is no answer. Sense may still follow.
  void handle_fault(std::size_t number, cause reason);
  /// Nothing more will come of this one.
  void end(std::size_t number, service_state state, cause detail);
  /// This machine did not send the last request, for a reason of its own.
  void end_unsent(std::size_t number, cause detail);

  bool finished(time_point now) const;
  /// No one is waited for by IPv4 any more.
  bool ipv4_done(time_point now) const { return family_finished(4, now); }
  /// When to poll again at the latest.
  time_point next_timeout(time_point now) const;

  /// The evidence up to now. What is open is `not_tried`.
  std::vector<stun_evidence> so_far() const;
  /// The evidence. What is open is not waited for any more, or cut off by the caller's deadline.
  std::vector<stun_evidence> take(time_point now);

 private:
  struct entry {
    stun_evidence seen;
    bool open = true;
    time_point sent_first{};
    time_point due{};  ///< of the next request, or of the end of the schedule
    cause fault;
  };
  /// The first answer over one family, and until when others are waited for.
  struct first_answer {
    transport protocol = transport::udp;
    time_point grace_end;
  };

  void add(const stun_server& server, unsigned family, bool has_egress_route);
  bool is_in_own_network(const address& ip) const;
  void add_diverted(const stun_server& server, unsigned family);
  void add_entry(const stun_server& server, unsigned family, transport protocol);
  void note_first_answer(const entry& answered, time_point now);
  void end_silent(entry& silent);
  bool any_open(unsigned family, transport protocol) const;
  bool wants_more_servers() const;
  bool family_finished(unsigned family, time_point now) const;
  bool grace_over(unsigned family, time_point now) const;
  const std::optional<first_answer>& first(unsigned family) const { return first_[family == 6]; }

  survey_options options_;
  time_point start_;
  std::vector<entry> asks_;
  std::array<std::optional<first_answer>, 2> first_;  ///< of IPv4 and IPv6
};

}  // namespace natcheck::outside
