#include "protocols/greeting/udp_prober.hpp"

#include <algorithm>
#include <natcheck/causes.hpp>

#include "core/text.hpp"
#include "protocols/greeting/datagram.hpp"

namespace natcheck::greeting {
namespace {

/// The longest line with which natcheck's server can answer this client.
constexpr std::size_t room_for_answer = 320;
static_assert(room_for_answer + 8 + udp_prober::payload_size <= max_sent_datagram);

/// The least time that an answer is waited for: a mobile network that wakes up takes that long.
constexpr std::chrono::seconds least_answer_limit{1};

/// Of the larger questions, so many without an answer are no coincidence where a smaller one has
/// one.
constexpr std::size_t least_lost = 3;

/// What a datagram is that is no natcheck answer.
handshake_evidence evidence_of_stray(const reply_reader& read) {
  handshake_evidence stray;
  const std::string said = escape_bytes(read.seen_bytes());
  switch (read.state()) {
    case reading::plain:
      stray.result = probe_result::reached_plain;
      break;
    case reading::plain_more:
      stray.result = probe_result::corrupted;
      stray.detail = {cause_code::greeting_incomplete, said};
      break;
    case reading::malformed:
      stray.result = probe_result::corrupted;
      stray.detail = {cause_code::greeting_malformed, read.fault(), said};
      break;
    default:
      stray.result = probe_result::other_service;
      stray.detail = {cause_code::quoted, said};
      break;
  }
  return stray;
}

/// Compares what came back with what was sent.
void judge_payload(handshake_evidence& evidence, std::string_view sent, std::string_view back) {
  if (back == sent) {
    evidence.result = probe_result::reached;
    return;
  }
  evidence.result = probe_result::corrupted;
  const auto same = std::mismatch(sent.begin(), sent.end(), back.begin(), back.end()).first;
  evidence.detail = {cause_code::payload_altered, back.size(), sent.size(), same - sent.begin()};
}

double in_seconds(udp_prober::duration value) {
  return std::chrono::duration<double>(value).count();
}

}  // namespace

// --- when to send, and how long to wait ------------------------------------------------------

/// Four times the slowest round trip: whoever is slower than that is lost, for all purposes.
udp_prober::duration udp_prober::answer_limit() const {
  return std::max<duration>(least_answer_limit, 4 * slowest_);
}

bool udp_prober::all_closed() const {
  return asked_.size() == count_ &&
         std::all_of(asked_.begin(), asked_.end(), [](const asked& one) { return one.closed; });
}

/// Empty when everything was sent.
std::optional<udp_prober::time_point> udp_prober::next_send() const {
  if (refused_ || smaller_answer_) return std::nullopt;
  if (asked_.empty()) return last_sent_;
  if (asked_.size() < count_) return last_sent_ + pace;
  if (anything_came_ || smaller_sent_.size() == smaller_tries) return std::nullopt;
  return last_sent_ + (smaller_sent_.empty() ? answer_limit() : duration(pace));
}

bool udp_prober::is_due(time_point now) const {
  const auto next = next_send();
  return next && *next <= now;
}

bool udp_prober::finished(time_point now) const {
  if (refused_ || smaller_answer_ || all_closed()) return true;
  return !next_send() && now >= last_sent_ + answer_limit();
}

udp_prober::time_point udp_prober::next_timeout() const {
  return next_send().value_or(last_sent_ + answer_limit());
}

question udp_prober::question_of(const asked& one, std::size_t number) const {
  question value;
  value.session = session_;
  value.nonce = one.nonce;
  value.to = target_;
  value.echo = static_cast<std::uint32_t>(one.payload.size());
  value.seq = static_cast<std::uint32_t>(number);
  return value;
}

std::string udp_prober::smaller_datagram(time_point now, fresh anew) {
  smaller_sent_.push_back(now);
  if (small_) return std::string(plain_question);
  anew.payload.resize(std::min(anew.payload.size(), small_payload_size));
  small_ = asked{std::move(anew.nonce), std::move(anew.payload), now, {}, false};
  const question value = question_of(*small_, asked_.size() + 1);
  return encode_padded(value, room_for_answer) + small_->payload;
}

std::string udp_prober::next_datagram(time_point now, fresh anew) {
  last_sent_ = now;
  if (asked_.size() == count_) return smaller_datagram(now, std::move(anew));
  asked_.push_back({std::move(anew.nonce), std::move(anew.payload), now, {}, false});
  const asked& one = asked_.back();
  return encode_padded(question_of(one, asked_.size()), room_for_answer) + one.payload;
}

// --- what comes back -------------------------------------------------------------------------

void udp_prober::settle(asked& question, time_point now, handshake_evidence answer) {
  const millis rtt = now - question.at;
  answer.timing.greeting = answer.timing.total = rtt;
  if (answer.result == probe_result::reached) {
    answer.echo_rtts = {rtt};
    slowest_ = std::max(slowest_, now - question.at);
  }
  question.closed =
      answer.result == probe_result::reached || answer.result == probe_result::reached_plain;
  question.answer = std::move(answer);
}

udp_prober::asked* udp_prober::oldest_without_answer() {
  const auto found = std::find_if(asked_.begin(), asked_.end(),
                                  [](const asked& one) { return !one.closed && !one.answer; });
  return found == asked_.end() ? nullptr : &*found;
}

/// It does not say which question it is about; most likely it is the oldest.
void udp_prober::handle_stray(time_point now, handshake_evidence stray) {
  // The first of the smaller ones is not plain.
  if (stray.result == probe_result::reached_plain && smaller_sent_.size() > 1) {
    stray.timing.greeting = stray.timing.total = now - smaller_sent_.at(1);
    stray.detail = {cause_code::only_plain_datagram, asked_.size() + 1};
    smaller_answer_ = std::move(stray);
    return;
  }
  if (asked* question = oldest_without_answer()) settle(*question, now, std::move(stray));
}

void udp_prober::handle_extended(time_point now, const reply_reader& read) {
  const reply& said = read.value();
  const auto own = std::find_if(asked_.begin(), asked_.end(), [&](const asked& one) {
    return one.nonce == said.nonce && session_ == said.session;
  });
  handshake_evidence evidence;
  copy_facts(read.value(), evidence);
  if (small_ && small_->nonce == said.nonce && session_ == said.session) {
    return handle_small(now, std::move(evidence), read.surplus());
  }
  if (own == asked_.end()) {
    evidence.result = probe_result::other_service;
    evidence.wrong_identity = true;
    evidence.detail = {cause_code::quoted, escape_bytes(read.seen_bytes())};
    return handle_stray(now, std::move(evidence));
  }
  const bool reached = own->answer && own->answer->result == probe_result::reached;
  const bool reported = static_cast<std::size_t>(own - asked_.begin()) < reported_;
  if (reached || reported) return;  // the network doubled it, or it comes when it counts as lost
  judge_payload(evidence, own->payload, read.surplus());
  settle(*own, now, std::move(evidence));
}

/// An intact answer shows that the larger questions, or their answers, are lost for their size, if
/// there were some: one or two are lost on any bad line.
void udp_prober::handle_small(time_point now, handshake_evidence answer, std::string_view payload) {
  judge_payload(answer, small_->payload, payload);
  if (answer.result != probe_result::reached) return handle_stray(now, std::move(answer));
  answer.timing.greeting = answer.timing.total = now - small_->at;
  if (asked_.size() < least_lost) {
    answer.echo_rtts = {now - small_->at};
    smaller_answer_ = std::move(answer);
    return;
  }
  answer.result = probe_result::timed_out;
  answer.large_lost = true;
  answer.detail = {cause_code::only_smaller_datagram, asked_.size(), payload_size, payload.size()};
  smaller_answer_ = std::move(answer);
}

void udp_prober::handle_datagram(time_point now, std::string_view bytes) {
  anything_came_ = true;
  reply_reader read;
  if (read.feed(bytes) == reading::extended) return handle_extended(now, read);
  handle_stray(now, evidence_of_stray(read));
}

void udp_prober::handle_refusal(time_point now, refusal why) {
  handshake_evidence evidence;
  evidence.result = why.result;
  evidence.detail = std::move(why.detail);
  evidence.icmp = std::move(why.icmp);
  evidence.local_fault = why.local;
  evidence.machine_fault = why.machine;
  refused_ = refused_ || !anything_came_;
  asked* question = oldest_without_answer();
  if (question == nullptr) return;
  settle(*question, now, std::move(evidence));
  question->closed = true;
  question->answer->timing.greeting.reset();
}

// --- what became of it -----------------------------------------------------------------------

handshake_evidence udp_prober::outcome_of(const asked& question, time_point now) const {
  if (question.answer) return *question.answer;
  handshake_evidence lost;
  lost.result = probe_result::timed_out;
  lost.timing.total = now - question.at;
  lost.detail = anything_came_ ? cause(cause_code::no_answer_within, in_seconds(now - question.at))
                               : silence(now);
  return lost;
}

cause udp_prober::silence(time_point now) const {
  const double waited = in_seconds(now - asked_.front().at);
  cause silent(cause_code::no_answer_to_datagrams_in, asked_.size(), waited);
  if (asked_.size() == 1) silent = {cause_code::no_answer_to_datagram_in, waited};
  if (!smaller_sent_.empty()) {
    silent = {cause_code::no_answer_to_smaller_in, asked_.size(), smaller_sent_.size(), waited};
  }
  return now < last_sent_ + answer_limit() ? cause(cause_code::cut_short, silent) : silent;
}

std::optional<handshake_evidence> udp_prober::poll_settled(time_point now) {
  if (!anything_came_ || reported_ == asked_.size()) return std::nullopt;
  const asked& next = asked_[reported_];
  const auto rest = asked_.begin() + static_cast<std::ptrdiff_t>(reported_);
  // An answer to a later one shows that the way is open, and how long it takes.
  const bool overtaken =
      std::any_of(rest, asked_.end(), [](const asked& one) { return one.closed; });
  const bool lost = overtaken && now >= next.at + answer_limit();
  if (!next.closed && !lost) return std::nullopt;
  ++reported_;
  return outcome_of(next, now);
}

std::vector<handshake_evidence> udp_prober::finish(time_point now) {
  std::vector<handshake_evidence> rest;
  const bool any = std::any_of(asked_.begin(), asked_.end(),
                               [](const asked& one) { return one.answer.has_value(); });
  const bool is_another = smaller_answer_ && smaller_answer_->result == probe_result::reached;
  if (smaller_answer_ && !is_another && !any) return {*smaller_answer_};
  for (; reported_ < asked_.size(); ++reported_) {
    const asked& one = asked_[reported_];
    const bool had_its_time = one.answer || now >= one.at + answer_limit();
    if (had_its_time || !any) rest.push_back(outcome_of(one, now));
  }
  if (is_another && !any) rest.push_back(*smaller_answer_);
  return rest;
}

}  // namespace natcheck::greeting
