#include "server/greeting_session.hpp"

#include <algorithm>
#include <natcheck/causes.hpp>
#include <string_view>

#include "core/text.hpp"
#include "diagnosis/visitor_location.hpp"
#include "protocols/greeting/codec.hpp"
#include "server/http_session.hpp"

namespace natcheck::serving {
namespace {

using greeting::reading;
using net::asio::awaitable;

/// How long the rest of natcheck's line may take after the plain answer.
constexpr std::chrono::seconds linger{2};
/// What a plain visitor may still send after its greeting before it is hung up on.
constexpr std::size_t chatter_limit = 4096;

class visit {
 public:
  visit(connection& line, const server_identity& identity, std::function<void()> on_greeted)
      : line_(line), identity_(identity), on_greeted_(std::move(on_greeted)) {}

  awaitable<session_result> run();

 private:
  net::steady_time patience() const;
  reading take();
  awaitable<bool> read_greeting();
  awaitable<bool> answer_plainly();
  awaitable<void> answer_and_echo();
  std::string_view echoable(std::string_view bytes);
  greeting::reply make_reply();
  std::uint64_t echo_limit() const { return reader_.value().echo.value_or(greeting::max_echo); }
  events::rejected rejection() const;
  events::greeted greeted() const;

  connection& line_;
  const server_identity& identity_;
  std::function<void()> on_greeted_;
  greeting::question_reader reader_;
  std::string opening_;                               ///< all that came, where it may be HTTP
  std::optional<net::steady_time> answered_plainly_;  ///< when the plain answer went out
  std::uint64_t echoed_ = 0;
};

/// The plain answer goes out as soon as the plain question is complete, even though the rest of
/// natcheck's own line may still be on its way.
awaitable<bool> visit::answer_plainly() {
  if (answered_plainly_) co_return true;
  answered_plainly_ = std::chrono::steady_clock::now();
  on_greeted_();
  const bool sent = co_await line_.send(greeting::plain_reply);
  line_.mark();
  co_return sent;
}

/// A stranger is given time for every byte. Whoever has the plain answer has what it came for: the
/// rest of natcheck's line has its time, anything else has little, however steadily it drips.
net::steady_time visit::patience() const {
  if (!answered_plainly_) return from_now(connection::idle_limit);
  const auto& more = reader_.state() == reading::plain_more ? connection::idle_limit : linger;
  return *answered_plainly_ + more;
}

/// Feeds what was received to the reader, and keeps it if it may be HTTP.
reading visit::take() {
  std::string before(reader_.seen_bytes());
  const reading state = reader_.feed(line_.received());
  if (state != reading::foreign) return state;
  before += line_.received();
  if (may_be_http(before)) opening_ = std::move(before);
  return state;
}

/// Reads until the question is decided. False when nothing more is to be expected.
awaitable<bool> visit::read_greeting() {
  std::size_t after_plain = 0;
  for (;;) {
    const bool received = co_await line_.receive(patience());
    if (!received) co_return false;
    const std::size_t length = line_.received().size();
    const reading state = take();
    if (state == reading::extended) co_return true;
    if (state == reading::foreign) co_return false;
    if (state == reading::incomplete) continue;
    // Also when what follows the first 14 bytes breaks the rules: those are a plain question.
    const bool answered = co_await answer_plainly();
    if (!answered || state == reading::malformed) co_return false;
    if (state == reading::plain) after_plain += length;
    if (after_plain > chatter_limit) co_return false;
  }
}

greeting::reply visit::make_reply() {
  const greeting::question& asked = reader_.value();
  greeting::reply reply;
  reply.session = asked.session;
  reply.nonce = asked.nonce;
  reply.seen = line_.peer();
  reply.instance = identity_.instance;
  reply.version = identity_.version;
  if (identity_.vicinity) reply.near = identity_.vicinity->of(line_.peer().ip);
  reply.ttl = line_.ttl_of_request();
  if (asked.to) reply.path = greeting::path_between(*asked.to, line_.local());
  return reply;
}

/// As much of `bytes` as the announced payload still allows; counted as echoed.
std::string_view visit::echoable(std::string_view bytes) {
  const auto wanted = bytes.substr(0, static_cast<std::size_t>(echo_limit() - echoed_));
  echoed_ += wanted.size();
  return wanted;
}

/// What has come of the payload goes out with the line: its bytes are still in the shared buffer.
awaitable<void> visit::answer_and_echo() {
  const greeting::reply reply = make_reply();
  auto answer = answered_plainly_ ? greeting::encode_extension(reply) : greeting::encode(reply);
  answer += echoable(reader_.surplus());
  on_greeted_();
  bool going_on = co_await line_.send(answer);
  line_.mark();
  while (going_on && echoed_ < echo_limit()) {
    const bool received = co_await line_.receive(from_now(connection::idle_limit));
    if (!received) break;
    going_on = co_await line_.send(echoable(line_.received()));
  }
}

events::rejected visit::rejection() const {
  const std::string said = escape_bytes(reader_.seen_bytes());
  cause reason(said.empty() ? cause_code::sent_nothing_for : cause_code::sent_nothing_more_for,
               connection::idle_limit.count());
  if (reader_.state() == reading::foreign) {
    reason = {cause_code::unknown_protocol, said};
  } else if (line_.hung_up()) {
    reason = cause_code::evicted;
  } else if (line_.ended()) {
    reason = said.empty() ? cause(cause_code::closed_without_data)
                          : cause(cause_code::closed_after, said);
  }
  return {transport::tcp, line_.peer(), reason};
}

events::greeted visit::greeted() const {
  const bool natcheck = reader_.state() == reading::extended;
  return {transport::tcp,
          line_.peer(),
          natcheck ? dialect::natcheck : dialect::plain,
          natcheck ? reader_.value().session : std::string{},
          echoed_,
          net::since(line_.opened()),
          facts_of(line_, identity_).location};
}

awaitable<session_result> visit::run() {
  const bool spoke_natcheck = co_await read_greeting();
  if (!opening_.empty()) {
    co_return co_await attend_http(line_, identity_, std::move(opening_), std::move(on_greeted_));
  }
  if (!spoke_natcheck && !answered_plainly_) co_return rejection();
  if (spoke_natcheck) co_await answer_and_echo();
  const events::greeted summary = greeted();
  co_await line_.part(chatter_limit);
  const bool acknowledged = co_await line_.acknowledged();
  if (!acknowledged) co_return never_acknowledged(line_);
  co_return summary;
}

}  // namespace

events::rejected never_acknowledged(const connection& line) {
  return {transport::tcp, line.peer(), cause_code::answer_not_acknowledged};
}

page_facts facts_of(const connection& line, const server_identity& identity) {
  page_facts facts{line.peer(),       line.local(),     identity.outside,     identity.version,
                   identity.instance, identity.gateway, line.ttl_of_request()};
  facts.location = judging::location_of(facts);
  return facts;
}

awaitable<session_result> attend(connection& line, const server_identity& identity,
                                 std::function<void()> on_greeted) {
  visit visiting(line, identity, std::move(on_greeted));
  co_return co_await visiting.run();
}

}  // namespace natcheck::serving
