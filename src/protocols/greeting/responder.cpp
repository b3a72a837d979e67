#include "protocols/greeting/responder.hpp"

#include <algorithm>
#include <array>
#include <natcheck/causes.hpp>

#include "core/canonical.hpp"
#include "protocols/greeting/datagram.hpp"

namespace natcheck::greeting {
namespace {

/// What answers whatever comes (RFC 862, RFC 864). No answer of ours is a question, so no two
/// servers ever talk to each other; but a question that was forged to come from there would still
/// have them send once more, and fill the log with it.
constexpr std::array<std::uint16_t, 2> answering_ports{7, 19};

/// Why this sender gets no answer; empty: it does.
cause unanswerable(const arrival& datagram) {
  const std::uint16_t port = datagram.peer.port;
  if (port == 0) return cause_code::datagram_from_port_zero;
  if (canonical(datagram.peer) == canonical(datagram.local)) {
    return cause_code::datagram_source_forged;
  }
  if (std::find(answering_ports.begin(), answering_ports.end(), port) != answering_ports.end()) {
    return {cause_code::datagram_from_echo_port, port};
  }
  return {};
}

std::string answer_to(const datagram_question& read, const arrival& datagram,
                      const responder_name& name) {
  if (read.plain) return std::string(plain_reply);
  reply value;
  value.session = read.asked.session;
  value.nonce = read.asked.nonce;
  value.seq = read.asked.seq;
  value.seen = datagram.peer;
  value.instance = name.instance;
  value.version = name.version;
  value.near = datagram.near;
  value.ttl = datagram.ttl;
  if (read.asked.to) value.path = path_between(*read.asked.to, datagram.local);
  const std::size_t line = datagram.bytes.size() - read.payload.size();
  return encode_within(std::move(value), line).append(read.payload);
}

}  // namespace

bool responder::admit(time_point now, const address& site) {
  if (now - second_ >= std::chrono::seconds(1)) {
    second_ = now;
    answered_ = 0;
    answered_site_.clear();
  }
  if (answered_ >= answers_in_all) return false;
  unsigned& of_site = answered_site_[site];
  if (of_site >= answers_to_site) return false;
  ++of_site;
  ++answered_;
  return true;
}

bool responder::is_first(time_point now, const endpoint& peer, const std::string& session) {
  const std::pair key{to_string(canonical(peer)), session};
  sessions_.forget_old(now);
  if (sessions_.has(key)) return false;
  if (sessions_.size() >= sessions_known) sessions_.forget_oldest();
  sessions_.add(key, now);
  return true;
}

/// Says so once a minute for each site; when there are too many of them, not at all.
response responder::turn_away(time_point now, const arrival& datagram, cause reason) {
  response out;
  const address site = site_of(datagram.peer.ip);
  rejected_.forget_old(now);
  if (rejected_.has(site) || rejected_.size() >= rejections_told) return out;
  rejected_.add(site, now);
  out.rejected = std::move(reason);
  return out;
}

response responder::reject(time_point now, const arrival& datagram, const cause& reason) {
  return turn_away(now, datagram, {cause_code::datagram_rejected, reason});
}

response responder::unsent(time_point now, const arrival& datagram, const response& lost,
                           const cause& why) {
  if (lost.greeted) {
    sessions_.forget({to_string(canonical(datagram.peer)), lost.greeted->session.value_or("")});
  }
  return turn_away(now, datagram, {cause_code::answer_not_sent, why});
}

response responder::handle(time_point now, const arrival& datagram) {
  if (!datagram.whole) {
    return reject(now, datagram, {cause_code::longer_than, max_read_datagram});
  }
  if (datagram.bytes.empty()) return {};
  const auto read = parse_question(datagram.bytes);
  if (!read) return reject(now, datagram, read.error().reason);
  cause why_not = unanswerable(datagram);
  if (why_not.empty() && !admit(now, site_of(datagram.peer.ip))) {
    why_not = cause_code::rate_limit_exceeded;
  }
  response out;
  if (why_not.empty()) {
    out.answer = answer_to(*read, datagram, name_);
    if (is_first(now, datagram.peer, read->asked.session)) {
      out.greeted = first_greeting{{}, read->payload.size()};
      if (!read->plain) out.greeted->session = read->asked.session;
    }
  } else {
    out = reject(now, datagram, why_not);
  }
  return out;
}

}  // namespace natcheck::greeting
