// Clients whose packets have come in: who still waits for the server, and whom it has. Pure.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <map>
#include <natcheck/server_evidence.hpp>
#include <tuple>
#include <utility>
#include <vector>

#include "arrivals/packets.hpp"

namespace natcheck::arrivals {

using arrival_time = std::chrono::steady_clock::time_point;

/// Someone who came in by `peer`, and the transport.
struct arrival_key {
  transport protocol = transport::tcp;
  endpoint peer;

  friend bool operator<(const arrival_key& a, const arrival_key& b) {
    return std::tie(a.protocol, a.peer.ip, a.peer.port) <
           std::tie(b.protocol, b.peer.ip, b.peer.port);
  }
};

/// What is known of up to 1024 clients; a newer one pushes out the oldest.
template <class Value>
class arrival_memory {
 public:
  Value* find(const arrival_key& key) {
    const auto found = places_.find(key);
    return found == places_.end() ? nullptr : &found->second->second;
  }
  /// The key must not be there.
  Value& add(const arrival_key& key, Value value) {
    if (places_.size() == most) erase(entries_.front().first);
    entries_.emplace_back(key, std::move(value));
    places_.emplace(key, std::prev(entries_.end()));
    return entries_.back().second;
  }
  void erase(const arrival_key& key) {
    const auto found = places_.find(key);
    if (found == places_.end()) return;
    entries_.erase(found->second);
    places_.erase(found);
  }
  /// Oldest first.
  std::list<std::pair<arrival_key, Value>>& entries() { return entries_; }
  /// Forgets the oldest ones, as long as `is_over` is true of them.
  template <class Over>
  void forget_oldest(const Over& is_over) {
    while (!entries_.empty() && is_over(entries_.front().second)) {
      erase(entries_.front().first);
    }
  }

 private:
  static constexpr std::size_t most = 1024;

  std::list<std::pair<arrival_key, Value>> entries_;
  std::map<arrival_key, typename std::list<std::pair<arrival_key, Value>>::iterator> places_;
};

/// Whom no one has accepted for 3 s.
struct overdue_client {
  arrival_evidence seen;  ///< `interface` and `firewall` are left empty
  unsigned interface_index = 0;
};

class arrival_table {
 public:
  void note(const seen_packet& packet, unsigned interface_index, arrival_time now);

  /// The server has that client: now it cannot be blocked. Its packets may be noted later than
  /// this is called.
  void accepted(transport protocol, const endpoint& peer, arrival_time now);

  /// That client was this machine itself, come back by way of the router: not someone who arrived.
  void was_ourselves(transport protocol, const endpoint& peer);

  /// Those who have waited long enough, each once.
  std::vector<overdue_client> take_overdue(arrival_time now);

  /// Something disturbed what is seen or what comes through: what is known of those who wait proves
  /// nothing. They wait from their next request on, but for those that `is_explained`, where given,
  /// knows another reason for.
  void wait_anew(transport protocol,
                 const std::function<bool(const arrival_evidence&)>& is_explained = {});

  /// The kernel's reverse path filter, which is for IPv4, dropped something: it may have been of
  /// those who wait.
  void mark_reverse_path();

  /// Clients who asked, however that ended.
  std::uint64_t arrived() const { return arrived_; }

 private:
  struct waiting {
    arrival_evidence seen;
    unsigned interface_index = 0;
    arrival_time came;           ///< with the first request of all
    arrival_time waiting_since;  ///< with the first request in `seen`
    arrival_time latest_request, latest_answer, latest_refusal;
    bool judged = false;
  };
  struct known {
    arrival_time since;
    bool counted = false;  ///< its request was seen
  };

  void note_request(const arrival_key& key, const seen_packet& packet, unsigned interface_index,
                    arrival_time now);
  void forget_old(arrival_time now);

  arrival_memory<waiting> waiting_;
  arrival_memory<known> accepted_;
  std::uint64_t arrived_ = 0;
};

/// Whom to report: a source (an IPv6 /64 is one) once in ten minutes, and ten in an hour. Forged
/// sources are as many as someone likes.
class report_limit {
 public:
  bool allows(const address& source, arrival_time now);

 private:
  std::deque<std::pair<arrival_time, address>> reports_;  ///< of the last hour
};

}  // namespace natcheck::arrivals
