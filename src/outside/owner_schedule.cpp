#include "outside/owner_schedule.hpp"

#include <spdlog/spdlog.h>

#include <natcheck/causes.hpp>

namespace natcheck::outside {
namespace {

constexpr std::uint16_t unused_port = 33434;  // traceroute's
constexpr std::size_t icmp_header = 8;
constexpr char echo_reply_type = 0;
constexpr char echo_request_type = 8;

/// Whether it has the payload of the request. The header differs, and the kernel has checked it.
bool is_reply(std::string_view bytes, std::string_view request) {
  return bytes.size() > icmp_header && bytes.front() == echo_reply_type &&
         bytes.substr(icmp_header) == request.substr(icmp_header);
}

}  // namespace

owner_schedule::packet owner_schedule::echo_request(const std::string& payload) {
  std::string header(icmp_header, '\0');
  header.front() = echo_request_type;
  return {header + payload, true};
}

owner_schedule::owner_schedule(address gateway, address local, std::vector<packet> packets,
                               owner_evidence& seen, time_point start)
    : gateway_(std::move(gateway)),
      local_(std::move(local)),
      packets_(std::move(packets)),
      seen_(seen),
      start_(start),
      rounds_(packets_.size(), start) {}

std::optional<net::outgoing> owner_schedule::poll_transmit(time_point now) {
  if (is_decided()) return std::nullopt;
  const auto number = rounds_.next(now);
  if (!number) return std::nullopt;
  const packet& due = packets_[*number];
  return net::outgoing{
      *number, {*seen_.target, due.is_echo ? std::uint16_t{0} : unused_port}, due.bytes};
}

void owner_schedule::handle_sent(std::size_t /*number*/, const net::error_code& error) {
  if (error) {
    send_error_ = error;
  } else {
    ++seen_.attempts;
  }
}

void owner_schedule::handle_packet(time_point now, std::size_t number, const endpoint& from,
                                   std::string_view bytes) {
  const packet& sent = packets_[number];
  const bool ours = !sent.is_echo || is_reply(bytes, sent.bytes);
  if (ours && from.ip == seen_.target) note(now, *seen_.target, false);
}

void owner_schedule::handle_error(time_point now, std::size_t /*number*/,
                                  const net::socket_error& error) {
  if (const auto answer = hop_answer_of(error, local_)) note(now, answer->from, answer->expired);
}

owner_schedule::time_point owner_schedule::next_timeout() const {
  return rounds_.all_are_over() ? rounds_.end(probe_rounds::least_wait) : rounds_.due();
}

bool owner_schedule::finished(time_point now) const {
  const bool cannot_send = rounds_.first_is_over() && seen_.attempts == 0;
  return is_decided() || cannot_send ||
         (rounds_.all_are_over() && now >= rounds_.end(probe_rounds::least_wait));
}

void owner_schedule::note(time_point now, const address& from, bool expired) {
  if (is_decided()) return;
  seen_.state = service_state::answered;
  seen_.detail = {};
  seen_.answered_by = from;
  seen_.expired = expired;
  // After a repetition no one knows which of the two was answered (RFC 6298 section 3).
  if (seen_.attempts <= static_cast<int>(packets_.size())) seen_.rtt = now - start_;
  spdlog::debug("owner test of {}: {} from {}", seen_.target->to_string(),
                expired ? "time exceeded" : "an answer", from.to_string());
}

void owner_schedule::conclude() {
  if (seen_.state == service_state::answered) return;
  if (seen_.attempts == 0) {
    seen_.detail = net::failure_from({}, send_error_).detail;
    return;
  }
  seen_.state = service_state::silent;
  seen_.detail = {cause_code::hops_silent, seen_.attempts,
                  (probe_rounds::times.back() + probe_rounds::least_wait).count()};
}

}  // namespace natcheck::outside
