// Whom the owner test asks, and when it is decided. Pure; polled.
#pragma once

#include <natcheck/evidence.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/drive.hpp"
#include "outside/ttl_probes.hpp"

namespace natcheck::outside {

/// Each socket sends one kind of packet, and is connected to the target.
class owner_schedule {
 public:
  using time_point = probe_rounds::time_point;

  struct packet {
    std::string bytes;
    bool is_echo = false;  ///< an ICMP echo request; else UDP, to a port that no one uses
  };
  /// An echo request with that payload; the kernel fills in the rest.
  static packet echo_request(const std::string& payload);

  /// `gateway` may answer in the stead of the target, `local` is this host. Writes into `seen`,
  /// whose target is set, as the answers come in; `seen` outlives it.
  owner_schedule(address gateway, address local, std::vector<packet> packets, owner_evidence& seen,
                 time_point start);

  std::optional<net::outgoing> poll_transmit(time_point now);
  void handle_sent(std::size_t number, const net::error_code& error);
  void handle_packet(time_point now, std::size_t number, const endpoint& from,
                     std::string_view bytes);
  void handle_error(time_point now, std::size_t number, const net::socket_error& error);
  time_point next_timeout() const;
  /// It is decided, the schedule is over, or nothing can be sent.
  bool finished(time_point now) const;

  /// What to say of a run that came to its end.
  void conclude();

 private:
  void note(time_point now, const address& from, bool expired);
  bool is_decided() const {
    return seen_.answered_by == seen_.target || (seen_.answered_by == gateway_ && seen_.expired);
  }

  address gateway_;
  address local_;
  std::vector<packet> packets_;
  owner_evidence& seen_;
  time_point start_;
  probe_rounds rounds_;
  net::error_code send_error_;
};

}  // namespace natcheck::outside
