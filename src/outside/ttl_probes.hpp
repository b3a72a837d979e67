// What the path and the owner test have in common: datagrams that a router ends by their TTL, sent
// in rounds, and what comes back. Pure, but for limit_hops().
#pragma once

#include <array>
#include <chrono>
#include <natcheck/evidence.hpp>
#include <optional>

#include "net/socket_errors.hpp"

namespace natcheck::outside {

/// Lets packets of this socket travel `ttl` hops, and keeps the ICMP errors about them.
net::error_code limit_hops(net::udp::socket& socket, int ttl);

/// How an ICMP error of IPv4 (RFC 792) ended a datagram.
struct hop_answer {
  address from;
  bool expired = false;  ///< at a router on the way; else its destination is unreachable
  unsigned code = 0;
};

/// Empty for other errors, and for those that this host itself, at `local`, says of a next hop that
/// is not there.
std::optional<hop_answer> hop_answer_of(const net::socket_error& error, const address& local);

/// When those that are silent are asked. A router may well drop one: most limit how many ICMP
/// errors they send (RFC 1812 section 4.3.2.8). Linux sends one of them a second to each host,
/// after a burst of six: the last round outlasts that.
class probe_rounds {
 public:
  using time_point = std::chrono::steady_clock::time_point;
  static constexpr std::array<std::chrono::milliseconds, 4> times{
      std::chrono::milliseconds{0}, std::chrono::milliseconds{150}, std::chrono::milliseconds{400},
      std::chrono::milliseconds{1000}};
  static constexpr std::chrono::milliseconds least_wait{200};  ///< after the last round

  probe_rounds(std::size_t count, time_point start) : count_(count), start_(start) {}

  /// Whose turn it is, of `count`; everyone has one turn in each round.
  std::optional<std::size_t> next(time_point now);

  bool first_is_over() const { return round_ > 0; }
  bool all_are_over() const { return round_ == times.size(); }
  /// When the next round begins; only before all are over.
  time_point due() const { return start_ + times[round_]; }
  /// So long after the last round, rounded to the clock.
  time_point end(millis wait) const;

 private:
  std::size_t count_;
  time_point start_;
  std::size_t round_ = 0;
  std::size_t next_ = 0;
};

}  // namespace natcheck::outside
