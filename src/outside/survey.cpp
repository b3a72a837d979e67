#include "outside/survey.hpp"

#include <algorithm>
#include <natcheck/causes.hpp>

#include "core/text.hpp"
#include "core/units.hpp"

namespace natcheck::outside {
namespace {

using time_point = survey_schedule::time_point;

/// A reason phrase is for people, and comes from a stranger: RFC 8489 allows 763 bytes.
constexpr std::size_t shown_text = 64;

const address* when_any(const std::vector<address>& addresses, unsigned family) {
  const auto fits = [=](const address& ip) { return ip.is_v6() == (family == 6); };
  const auto found = std::find_if(addresses.begin(), addresses.end(), fits);
  return found == addresses.end() ? nullptr : &*found;
}

const address* address_of(const stun_server& server, unsigned family) {
  return when_any(server.addresses, family);
}

cause rejection(const stun::binding_answer& answer) {
  const unsigned error = answer.error.value_or(0);
  if (answer.error_text.empty()) return {cause_code::stun_rejected, error};
  return {cause_code::stun_rejected_saying, error, answer.error_text.substr(0, shown_text)};
}

}  // namespace

bool is_credible_other(const endpoint& primary, const endpoint& other) {
  return other.ip.is_v4() && other.ip != primary.ip && other.port != primary.port &&
         other.port != 0 && !other.ip.is_unspecified() &&
         (is_public(other.ip) || !is_public(primary.ip));
}

service_state state_of(const failure& why) {
  switch (why.kind) {
    case outcome::refused:
    case outcome::reset:
    case outcome::unreachable:
      return service_state::refused;
    case outcome::timed_out:
      return service_state::silent;
    default:
      return service_state::not_tried;
  }
}

survey_schedule::survey_schedule(const std::vector<stun_server>& servers, bool ipv4, bool ipv6,
                                 survey_options options, time_point start)
    : options_(options), start_(start) {
  for (const stun_server& server : servers) {
    if (server.addresses.empty() && server.diverted_to.empty()) {
      add_entry(server, 4, transport::udp);
      end(asks_.size() - 1, service_state::not_tried, server.why_not);
    }
    add(server, 4, ipv4);
    add(server, 6, ipv6);
  }
}

void survey_schedule::add(const stun_server& server, unsigned family, bool has_egress_route) {
  if (address_of(server, family) == nullptr) return add_diverted(server, family);
  add_entry(server, family, transport::udp);
  const std::size_t over_udp = asks_.size() - 1;
  if (!has_egress_route) {
    return end(over_udp, service_state::not_tried, {cause_code::no_route_to_internet, family});
  }
  if (is_in_own_network(*address_of(server, family))) {
    return end(over_udp, service_state::not_tried, cause_code::in_own_network);
  }
  add_entry(server, family, transport::tcp);
}

bool survey_schedule::is_in_own_network(const address& ip) const {
  const auto& networks = options_.own_networks;
  return is_public(ip) &&
         std::any_of(networks.begin(), networks.end(), [&](const own_network& each) {
           return each.prefix_length > 0 && same_prefix(ip, each.local, each.prefix_length);
         });
}

void survey_schedule::add_diverted(const stun_server& server, unsigned family) {
  const address* ip = when_any(server.diverted_to, family);
  if (ip == nullptr) return;
  add_entry(server, family, transport::udp);
  asks_.back().seen.diverted_to = *ip;
  end(asks_.size() - 1, service_state::not_tried, describe_diversion(*ip));
}

void survey_schedule::add_entry(const stun_server& server, unsigned family, transport protocol) {
  entry added;
  added.seen.server = server.name;
  added.seen.protocol = protocol;
  added.seen.family = family;
  if (const address* ip = address_of(server, family)) {
    added.seen.address = endpoint{*ip, server.port};
  }
  asks_.push_back(std::move(added));
}

std::optional<std::size_t> survey_schedule::poll_transmit(time_point now) {
  for (std::size_t i = 0; i < asks_.size(); ++i) {
    entry& asked = asks_[i];
    if (!asked.open || asked.seen.protocol != transport::udp) continue;
    if (now < asked.due) continue;
    const auto sent = static_cast<std::size_t>(asked.seen.attempts);
    if (sent == waits.size()) {
      end_silent(asked);
      continue;
    }
    if (sent == 0) asked.sent_first = now;
    asked.due = now + waits[sent];
    ++asked.seen.attempts;
    return i;
  }
  return std::nullopt;
}

void survey_schedule::end_silent(entry& silent) {
  silent.open = false;
  silent.seen.state = silent.fault.empty() ? service_state::silent : service_state::malformed;
  silent.seen.detail = silent.fault.empty() ? cause(cause_code::no_answer_to_requests,
                                                    silent.seen.attempts, whole_schedule.count())
                                            : silent.fault;
}

bool survey_schedule::begin_tcp(std::size_t number, time_point now) {
  entry& asked = asks_[number];
  if (!asked.open) return false;
  asked.sent_first = now;
  asked.seen.attempts = 1;
  return true;
}

void survey_schedule::handle_answer(std::size_t number, const stun::binding_answer& answer,
                                    time_point now) {
  entry& asked = asks_[number];
  if (!asked.open) return;
  // With the same transaction id in every request, only the answer to a single one has a known
  // round trip (RFC 6298 section 3, after Karn).
  if (asked.seen.attempts == 1) asked.seen.rtt = now - asked.sent_first;
  if (!answer.success) return end(number, service_state::refused, rejection(answer));
  end(number, service_state::answered, {});
  asked.seen.seen_as = answer.seen_as();
  if (answer.mapped && answer.xor_mapped && *answer.mapped != *answer.xor_mapped) {
    asked.seen.rewritten_as = answer.mapped;
  }
  asked.seen.other_address = answer.other;
  note_first_answer(asked, now);
}

void survey_schedule::note_first_answer(const entry& answered, time_point now) {
  auto& first = first_[answered.seen.family == 6];
  const bool is_udp = answered.seen.protocol == transport::udp;
  // TCP stands in where UDP does not get through: it counts for nothing once UDP has answered.
  if (first && (!is_udp || first->protocol == transport::udp)) return;
  const auto grace = std::max<time_point::duration>(now - answered.sent_first, least_grace);
  first = first_answer{answered.seen.protocol, now + grace};
  if (!is_udp) return;
  for (std::size_t i = 0; i < asks_.size(); ++i) {
    const stun_evidence& other = asks_[i].seen;
    if (other.family != answered.seen.family || other.protocol == transport::udp) continue;
    end(i, service_state::not_tried, cause_code::udp_answered);
  }
}

void survey_schedule::handle_fault(std::size_t number, cause reason) {
  asks_[number].fault = std::move(reason);
}

void survey_schedule::end(std::size_t number, service_state state, cause detail) {
  entry& ended = asks_[number];
  if (!ended.open) return;
  ended.open = false;
  ended.seen.state = state;
  ended.seen.detail = std::move(detail);
}

void survey_schedule::end_unsent(std::size_t number, cause detail) {
  if (!is_open(number)) return;
  end(number, service_state::not_tried, std::move(detail));
  stun_evidence& seen = asks_[number].seen;
  seen.local_fault = true;
  seen.attempts = std::max(seen.attempts - 1, 0);
}

bool survey_schedule::any_open(unsigned family, transport protocol) const {
  return std::any_of(asks_.begin(), asks_.end(), [=](const entry& each) {
    return each.open && each.seen.family == family && each.seen.protocol == protocol;
  });
}

bool survey_schedule::wants_more_servers() const {
  if (!options_.wants_other_address || !any_open(4, transport::udp)) return false;
  return std::none_of(asks_.begin(), asks_.end(), [](const entry& each) {
    return each.seen.protocol == transport::udp && each.seen.family == 4 &&
           each.seen.other_address &&
           is_credible_other(*each.seen.address, *each.seen.other_address);
  });
}

bool survey_schedule::grace_over(unsigned family, time_point now) const {
  return first(family) && now >= first(family)->grace_end;
}

bool survey_schedule::family_finished(unsigned family, time_point now) const {
  const bool udp_open = any_open(family, transport::udp);
  if (!udp_open && !any_open(family, transport::tcp)) return true;
  if (family == 4 && wants_more_servers()) return false;
  // While TCP alone has answered, UDP is still to be proven silent.
  if (udp_open && first(family) && first(family)->protocol == transport::tcp) return false;
  return grace_over(family, now);
}

bool survey_schedule::finished(time_point now) const {
  // IPv6 is not waited for longer than others of IPv4; IPv4 is what matters, and is waited for.
  return ipv4_done(now) &&
         (family_finished(6, now) || (grace_over(4, now) && !options_.whole_ipv6));
}

time_point survey_schedule::next_timeout(time_point now) const {
  auto next = now + whole_schedule;  // what TCP is waiting for ends by itself
  for (const auto& answered : first_) {
    if (answered && answered->grace_end > now) next = std::min(next, answered->grace_end);
  }
  for (const entry& each : asks_) {
    if (each.open && each.seen.protocol == transport::udp) next = std::min(next, each.due);
  }
  return next;
}

std::vector<stun_evidence> survey_schedule::so_far() const {
  std::vector<stun_evidence> evidence;
  for (const entry& each : asks_) {
    evidence.push_back(each.seen);
    if (each.open) evidence.back().detail = cause_code::another_server_answered;
  }
  return evidence;
}

std::vector<stun_evidence> survey_schedule::take(time_point now) {
  const auto reason =
      finished(now) ? cause_code::another_server_answered : cause_code::not_answered_in_time;
  std::vector<stun_evidence> evidence;
  for (std::size_t i = 0; i < asks_.size(); ++i) {
    end(i, service_state::not_tried, reason);
    evidence.push_back(std::move(asks_[i].seen));
  }
  return evidence;
}

}  // namespace natcheck::outside
