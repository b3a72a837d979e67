// One request to a gateway by PCP or NAT-PMP, sent until it is answered. Pure: no socket, no clock.
#pragma once

#include <boost/system/error_code.hpp>
#include <chrono>
#include <string>
#include <string_view>

#include "protocols/lease/messages.hpp"

namespace natcheck::lease {

using time_point = std::chrono::steady_clock::time_point;

/// Requests are sent at these times, and the last is when it ends. RFC 6887 section 8.1.1 begins at
/// 3 s and has no end, RFC 6886 section 3.1 sends nine requests in 127 s; on one's own network this
/// says as much.
inline constexpr std::array<std::chrono::milliseconds, 4> schedule{
    std::chrono::milliseconds(0), std::chrono::milliseconds(250), std::chrono::milliseconds(750),
    std::chrono::milliseconds(1750)};

struct transmission {
  endpoint to;
  std::string payload;
};

/// Ends with the first answer, an error of the socket, an answer of another version, the schedule,
/// or the deadline. Other datagrams are passed over: garbage may be followed by sense.
class transaction {
 public:
  transaction(const codec& by, request asked, endpoint gateway, time_point start,
              time_point deadline);

  std::optional<transmission> poll_transmit(time_point now);
  void handle_sent(const boost::system::error_code& error);
  /// A datagram from the gateway and its port.
  void handle_packet(time_point now, const endpoint& from, std::string_view datagram);
  /// An ICMP message about something that was sent, as the socket tells it.
  void handle_error(const boost::system::error_code& error) { error_ = error; }
  std::optional<time_point> next_timeout() const;
  bool finished(time_point now) const;

  // How it ended.
  const std::optional<lease::answer>& answer() const { return answer_; }
  /// What was wrong with the last datagram that was no answer.
  const std::optional<lease::fault>& fault() const { return fault_; }
  const boost::system::error_code& error() const { return error_; }
  /// From the request that was answered to its answer.
  millis rtt() const { return answered_ - sent_; }
  int attempts() const { return attempts_; }
  /// The deadline came before the end of the schedule.
  bool cut_short() const { return deadline_ < start_ + schedule.back(); }
  millis waited(time_point now) const { return now - start_; }

 private:
  bool is_decided() const;
  time_point end() const { return std::min(deadline_, start_ + schedule.back()); }

  const codec& codec_;
  request asked_;
  endpoint gateway_;
  time_point start_;
  time_point deadline_;
  time_point sent_;
  time_point answered_;
  std::size_t requests_ = 0;  ///< given out
  int attempts_ = 0;          ///< of those, sent
  std::optional<lease::answer> answer_;
  std::optional<lease::fault> fault_;
  boost::system::error_code error_;
};

}  // namespace natcheck::lease
