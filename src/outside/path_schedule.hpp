// Whom to ask on the path, and when its hops are known. Pure; polled.
#pragma once

#include <natcheck/evidence.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/drive.hpp"
#include "outside/ttl_probes.hpp"

namespace natcheck::outside {

/// Socket N asks with a TTL of N + 1, and is connected to the target.
class path_schedule {
 public:
  using time_point = probe_rounds::time_point;
  static constexpr std::size_t highest_ttl = 8;

  /// Sends `payload` from `local`. Writes into `seen` as the answers come in; `seen` outlives it.
  path_schedule(endpoint target, address local, std::string payload, path_evidence& seen,
                time_point start);

  std::optional<net::outgoing> poll_transmit(time_point now);
  void handle_sent(std::size_t number, const net::error_code& error);
  void handle_packet(time_point now, std::size_t number, const endpoint& from,
                     std::string_view bytes);
  void handle_error(time_point now, std::size_t number, const net::socket_error& error);
  time_point next_timeout() const;
  /// The path is complete, the schedule is over, or nothing can be sent.
  bool finished(time_point now) const;

  /// What to say of a run that came to its end.
  void conclude();

 private:
  /// One TTL.
  struct probe {
    path_hop hop;
    time_point first_sent{};
    int sent = 0;
    bool is_end = false;  ///< nothing got further: the target, or who sent the datagram back
    cause sent_back{};    ///< where it is not the target
  };

  time_point end() const;
  void note(time_point now, probe& asked, const address& from, bool is_end);
  void publish();
  void leave_out_unasked();
  bool complete() const;

  endpoint target_;
  address local_;
  std::string payload_;
  path_evidence& seen_;
  probe_rounds rounds_;
  std::vector<probe> probes_;
  millis slowest_{0};  ///< of those that answered
  int sent_ = 0;
  net::error_code send_error_;
};

}  // namespace natcheck::outside
