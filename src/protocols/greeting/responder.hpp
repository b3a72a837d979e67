// The server's side of the greeting over UDP as a machine: it is told of each datagram, and knows
// no socket and no clock. docs/protocol.md is its specification.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <natcheck/endpoint.hpp>
#include <natcheck/probe_evidence.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace natcheck::greeting {

using time_point = std::chrono::steady_clock::time_point;

/// What was noted lately: each note is forgotten after a time.
template <class Note>
class recent {
 public:
  explicit recent(std::chrono::steady_clock::duration kept_for) : kept_for_(kept_for) {}

  bool has(const Note& note) const { return notes_.contains(note); }
  std::size_t size() const { return notes_.size(); }
  /// `note` must not be there yet.
  void add(const Note& note, time_point now) {
    order_.emplace_back(now, notes_.insert(note).first);
  }
  void forget(const Note& note) {
    const auto found = notes_.find(note);
    if (found == notes_.end()) return;
    std::erase_if(order_, [&](const auto& each) { return each.second == found; });
    notes_.erase(found);
  }
  /// Does nothing when there is none.
  void forget_oldest() {
    if (order_.empty()) return;
    notes_.erase(order_.front().second);
    order_.pop_front();
  }
  void forget_old(time_point now) {
    while (!order_.empty() && now - order_.front().first >= kept_for_) forget_oldest();
  }

 private:
  std::chrono::steady_clock::duration kept_for_;
  std::set<Note> notes_;
  std::deque<std::pair<time_point, typename std::set<Note>::const_iterator>> order_;
};

/// A datagram as it came.
struct arrival {
  endpoint peer;
  endpoint local;  ///< the endpoint of this host that it was sent to
  std::string_view bytes;
  bool whole = true;                ///< false: it was longer than `bytes`
  std::optional<proximity> near{};  ///< of the peer to this host
  std::optional<unsigned> ttl{};    ///< that was left; IPv6: the hop limit
};

/// The first datagram of a session, or of a plain visitor, that was answered.
struct first_greeting {
  std::optional<std::string> session;  ///< empty: the plain greeting
  std::size_t echoed = 0;              ///< bytes of payload
};

/// What to do about a datagram.
struct response {
  std::string answer;  ///< to be sent back; empty: nothing. Never longer than the datagram
  std::optional<first_greeting> greeted;
  cause rejected;  ///< why it is rejected; empty where that need not be told
};

/// Who the server says it is.
struct responder_name {
  std::string instance;
  std::string version;
};

/// Answers questions, within limits: whoever forges a sender's address shall not be able to drown
/// the owner of that address, nor to fill the memory or the log of this host.
class responder {
 public:
  static constexpr unsigned answers_to_site = 200;    ///< a second, to one address (IPv6: to a /64)
  static constexpr unsigned answers_in_all = 20'000;  ///< a second
  static constexpr std::size_t sessions_known = 1024;   ///< beyond, the oldest is forgotten
  static constexpr std::size_t rejections_told = 1024;  ///< a minute, each of another site

  explicit responder(responder_name name) : name_(std::move(name)) {}

  /// An empty datagram asks for nothing, and is no one's visit: natcheck's own search for the first
  /// router on the way sends one.
  response handle(time_point now, const arrival& datagram);
  /// What to tell instead of `lost`, the response to `datagram`, whose answer did not leave this
  /// host for this reason: no one was greeted by it.
  response unsent(time_point now, const arrival& datagram, const response& lost, const cause& why);

 private:
  /// Whether another answer to this site is within the limits; counts it.
  bool admit(time_point now, const address& site);
  bool is_first(time_point now, const endpoint& peer, const std::string& session);
  response turn_away(time_point now, const arrival& datagram, cause reason);
  response reject(time_point now, const arrival& datagram, const cause& reason);

  responder_name name_;
  time_point second_{};  ///< the one that answers are counted in
  unsigned answered_ = 0;
  std::map<address, unsigned> answered_site_;
  recent<std::pair<std::string, std::string>> sessions_{std::chrono::minutes(10)};
  recent<address> rejected_{std::chrono::minutes(1)};
};

}  // namespace natcheck::greeting
