#include "outside/path_schedule.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <natcheck/causes.hpp>

namespace natcheck::outside {

path_schedule::path_schedule(endpoint target, address local, std::string payload,
                             path_evidence& seen, time_point start)
    : target_(std::move(target)),
      local_(std::move(local)),
      payload_(std::move(payload)),
      seen_(seen),
      rounds_(highest_ttl, start) {
  for (unsigned ttl = 1; ttl <= highest_ttl; ++ttl) probes_.push_back({{ttl, {}, {}}});
}

std::optional<net::outgoing> path_schedule::poll_transmit(time_point now) {
  while (const auto number = rounds_.next(now)) {
    const auto asked = probes_.begin() + static_cast<std::ptrdiff_t>(*number);
    const bool beyond_end =
        std::any_of(probes_.begin(), asked, [](const probe& each) { return each.is_end; });
    if (beyond_end || asked->hop.ip) continue;
    if (asked->sent == 0) asked->first_sent = now;
    return net::outgoing{*number, target_, payload_};
  }
  return std::nullopt;
}

void path_schedule::handle_sent(std::size_t number, const net::error_code& error) {
  if (error) {
    send_error_ = error;
    return;
  }
  ++probes_[number].sent;
  ++sent_;
}

/// The socket is connected: what it receives bears the target's address.
void path_schedule::handle_packet(time_point now, std::size_t number, const endpoint& /*from*/,
                                  std::string_view /*bytes*/) {
  probe& asked = probes_[number];
  if (!asked.hop.ip) note(now, asked, target_.ip, true);
}

void path_schedule::handle_error(time_point now, std::size_t number,
                                 const net::socket_error& error) {
  probe& asked = probes_[number];
  const auto answer = hop_answer_of(error, local_);
  if (!answer || asked.hop.ip) return;
  if (!answer->expired && answer->from != target_.ip) {
    asked.sent_back = {cause_code::hop_sent_back, answer->from, answer->code};
  }
  note(now, asked, answer->from, !answer->expired);
}

/// The last repetition is given the time of the slowest answer so far, and some more.
path_schedule::time_point path_schedule::end() const {
  return rounds_.end(std::max<millis>(probe_rounds::least_wait, slowest_ + millis{100}));
}

path_schedule::time_point path_schedule::next_timeout() const {
  return rounds_.all_are_over() ? end() : rounds_.due();
}

bool path_schedule::finished(time_point now) const {
  const bool cannot_send = rounds_.first_is_over() && sent_ == 0;
  return complete() || cannot_send || (rounds_.all_are_over() && now >= end());
}

void path_schedule::conclude() {
  if (seen_.state == service_state::answered) return publish();
  if (sent_ == 0) {
    seen_.detail = net::failure_from({}, send_error_).detail;
    return;
  }
  seen_.state = service_state::silent;
  seen_.detail = {cause_code::hops_silent, sent_,
                  (probe_rounds::times.back() + probe_rounds::least_wait).count()};
}

void path_schedule::note(time_point now, probe& asked, const address& from, bool is_end) {
  const millis waited = now - asked.first_sent;
  slowest_ = std::max(slowest_, waited);
  asked.hop.ip = from;
  // After a repetition no one knows which of the two was answered (RFC 6298 section 3).
  if (asked.sent == 1) asked.hop.rtt = waited;
  asked.is_end = is_end;
  spdlog::debug("path to {}: {} at TTL {} after {:.1f} ms", to_string(target_), from.to_string(),
                asked.hop.ttl, waited.count());
  publish();
}

void path_schedule::publish() {
  seen_.state = service_state::answered;
  seen_.hops.clear();
  std::size_t known = 0;
  const probe* last = nullptr;
  for (const probe& each : probes_) {
    seen_.hops.push_back(each.hop);
    if (!each.hop.ip) continue;
    // A router that lets some TTL end and sends the next packet back is one router.
    const bool again = last != nullptr && last->hop.ip == each.hop.ip;
    if (!again) known = seen_.hops.size();
    last = &each;
    if (each.is_end) break;
  }
  seen_.hops.resize(known);
  if (last->is_end) leave_out_unasked();
  seen_.target_answered = last->is_end;
  seen_.detail = last->sent_back;
}

/// Whoever is silent before the end, and may have been lost, is no router yet: the end may be
/// nearer than where it answered first.
void path_schedule::leave_out_unasked() {
  auto& hops = seen_.hops;
  const auto is_unasked = [this](const path_hop& hop) {
    const auto sent = static_cast<std::size_t>(probes_[hop.ttl - 1].sent);
    return !hop.ip && sent < probe_rounds::times.size();
  };
  while (hops.size() > 1 && is_unasked(hops[hops.size() - 2])) hops.erase(hops.end() - 2);
}

bool path_schedule::complete() const {
  for (const probe& each : probes_) {
    if (!each.hop.ip) return false;
    if (each.is_end || is_public(*each.hop.ip)) return true;
  }
  return true;
}

}  // namespace natcheck::outside
