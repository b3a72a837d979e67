#include "arrivals/arrival_table.hpp"

#include <algorithm>

#include "core/canonical.hpp"

namespace natcheck::arrivals {
namespace {

using namespace std::chrono_literals;

/// Linux, macOS and Windows repeat a connection request after 1 s: by then the second is in.
constexpr auto patience = 3s;

/// Packets of one kind that come closer together than this are one packet, seen on several
/// interfaces.
constexpr auto apart = 500ms;

/// An accepted client's packets may be read a little later than the server learns of it.
constexpr auto lag = 5s;

/// As long as a client tries (tcp_syn_retries of Linux: 127 s), it is the same attempt.
constexpr auto attempt = 130s;

constexpr auto per_source = 10min;
constexpr auto window = 1h;
constexpr std::size_t most_reports = 10;

void count(unsigned& counter, arrival_time& latest, arrival_time now) {
  if (counter > 0 && now - latest < apart) return;
  ++counter;
  latest = now;
}

/// An answer that no one acknowledges is repeated after a second. A single one was acknowledged,
/// and the server is about to accept the connection.
bool may_be_connected(const arrival_evidence& seen) {
  return seen.answers == 1 && seen.refusals == 0;
}

}  // namespace

void arrival_table::note(const seen_packet& packet, unsigned interface_index, arrival_time now) {
  forget_old(now);
  const arrival_key key{packet.protocol, packet.peer};
  waiting* const who = waiting_.find(key);
  switch (packet.kind) {
    case packet_kind::request:
      return note_request(key, packet, interface_index, now);
    case packet_kind::abandoned:
      return waiting_.erase(key);
    case packet_kind::answer:
      // Over UDP no one but the server answers.
      if (packet.protocol == transport::udp) return accepted(packet.protocol, packet.peer, now);
      if (who != nullptr) count(who->seen.answers, who->latest_answer, now);
      return;
    case packet_kind::refusal:
      if (who != nullptr) count(who->seen.refusals, who->latest_refusal, now);
      return;
  }
}

void arrival_table::note_request(const arrival_key& key, const seen_packet& packet,
                                 unsigned interface_index, arrival_time now) {
  if (known* const one = accepted_.find(key)) {
    if (!std::exchange(one->counted, true)) ++arrived_;
    return;
  }
  waiting* who = waiting_.find(key);
  if (who == nullptr) {
    ++arrived_;
    who = &waiting_.add(key, {});
    who->seen.protocol = packet.protocol;
    who->seen.peer = packet.peer;
    who->seen.local = packet.local;
    who->interface_index = interface_index;
    who->came = now;
  }
  if (who->seen.requests == 0) who->waiting_since = now;
  count(who->seen.requests, who->latest_request, now);
}

void arrival_table::accepted(transport protocol, const endpoint& peer, arrival_time now) {
  const arrival_key key{protocol, canonical(peer)};
  const known* const before = accepted_.find(key);
  const bool counted = waiting_.find(key) != nullptr || (before != nullptr && before->counted);
  waiting_.erase(key);
  accepted_.erase(key);
  accepted_.add(key, {now, counted});
}

void arrival_table::was_ourselves(transport protocol, const endpoint& peer) {
  known* const one = accepted_.find({protocol, canonical(peer)});
  // Where its request is yet to be noted, it is not to be counted then.
  if (one != nullptr && std::exchange(one->counted, true)) --arrived_;
}

std::vector<overdue_client> arrival_table::take_overdue(arrival_time now) {
  std::vector<overdue_client> overdue;
  for (auto& [key, who] : waiting_.entries()) {
    if (who.judged || who.seen.requests == 0 || now - who.waiting_since < patience) continue;
    if (may_be_connected(who.seen)) continue;
    who.judged = true;
    who.seen.waited = now - who.waiting_since;
    overdue.push_back({who.seen, who.interface_index});
  }
  return overdue;
}

void arrival_table::wait_anew(transport protocol,
                              const std::function<bool(const arrival_evidence&)>& is_explained) {
  for (auto& [key, who] : waiting_.entries()) {
    if (key.protocol != protocol) continue;
    if (is_explained && who.seen.requests > 0 && is_explained(who.seen)) continue;
    who.seen.requests = who.seen.answers = who.seen.refusals = 0;
    who.seen.reverse_path = false;
  }
}

void arrival_table::mark_reverse_path() {
  for (auto& [key, who] : waiting_.entries()) {
    who.seen.reverse_path = who.seen.reverse_path || key.peer.ip.is_v4();
  }
}

void arrival_table::forget_old(arrival_time now) {
  accepted_.forget_oldest([&](const known& one) { return now - one.since >= lag; });
  waiting_.forget_oldest([&](const waiting& one) { return now - one.came >= attempt; });
}

bool report_limit::allows(const address& source, arrival_time now) {
  while (!reports_.empty() && now - reports_.front().first >= window) reports_.pop_front();
  const address site = site_of(source);
  const bool told = std::any_of(reports_.begin(), reports_.end(), [&](const auto& report) {
    return report.second == site && now - report.first < per_source;
  });
  if (told || reports_.size() >= most_reports) return false;
  reports_.emplace_back(now, site);
  return true;
}

}  // namespace natcheck::arrivals
