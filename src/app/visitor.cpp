#include "app/visitor.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/write.hpp>
#include <optional>
#include <string_view>

#include "core/text.hpp"
#include "protocols/greeting/codec.hpp"

namespace natcheck {
namespace {

using greeting::reading;
using net::tcp;
using net::asio::awaitable;

constexpr std::chrono::seconds idle_limit{10};
constexpr std::chrono::seconds visit_limit{60};
/// How long the rest of natcheck's line, or the visitor's goodbye, may take after an answer.
constexpr std::chrono::seconds linger{2};
/// What a plain visitor may still send after its greeting before it is hung up on.
constexpr std::size_t chatter_limit = 4096;

net::steady_time from_now(std::chrono::seconds delay) {
  return std::chrono::steady_clock::now() + delay;
}

/// IPv4 visitors look the same whichever listener they came to.
endpoint endpoint_of(const tcp::endpoint& raw) { return {raw.address(), raw.port()}; }

class visit {
 public:
  visit(tcp::socket& socket, const server_identity& identity, std::function<void()> on_greeted)
      : socket_(socket), identity_(identity), on_greeted_(std::move(on_greeted)) {}

  awaitable<visit_end> run();

 private:
  awaitable<bool> receive(net::steady_time until);
  awaitable<bool> send(std::string_view bytes);
  net::steady_time patience() const;
  awaitable<bool> read_greeting();
  awaitable<bool> answer_plainly();
  awaitable<void> answer_and_echo();
  awaitable<bool> echo(std::string_view bytes);
  awaitable<void> part();
  greeting::reply make_reply() const;
  events::rejected rejection() const;
  events::greeted greeted() const;

  tcp::socket& socket_;
  const server_identity& identity_;
  std::function<void()> on_greeted_;
  net::steady_time start_ = std::chrono::steady_clock::now();
  endpoint peer_, local_;
  greeting::question_reader reader_;
  std::array<char, 2048> buffer_;
  std::string_view received_;  ///< in buffer_: the latest bytes
  net::error_code ended_;      ///< how receiving ended; clear when it was only slow
  std::optional<net::steady_time> answered_plainly_;  ///< when the plain answer went out
  std::uint64_t echoed_ = 0;
};

/// False when the visitor is gone, or silent until then, or here for too long.
awaitable<bool> visit::receive(net::steady_time until) {
  const auto deadline = std::min(until, start_ + visit_limit);
  received_ = {};
  const auto read = co_await net::before(
      deadline, socket_.async_read_some(net::asio::buffer(buffer_), net::as_result));
  if (!read) co_return false;
  const auto [error, length] = *read;
  ended_ = error;
  received_ = std::string_view(buffer_.data(), length);
  co_return !error;
}

awaitable<bool> visit::send(std::string_view bytes) {
  const auto deadline = std::min(from_now(idle_limit), start_ + visit_limit);
  const auto written = co_await net::before(
      deadline, net::asio::async_write(socket_, net::asio::buffer(bytes), net::as_result));
  co_return written && !std::get<0>(*written);
}

/// The plain answer goes out as soon as the plain question is complete, even though the rest of
/// natcheck's own line may still be on its way.
awaitable<bool> visit::answer_plainly() {
  if (answered_plainly_) co_return true;
  answered_plainly_ = std::chrono::steady_clock::now();
  on_greeted_();
  co_return co_await send(greeting::plain_reply);
}

/// A stranger is given time for every byte. Whoever has the plain answer has what it came for: the
/// rest of natcheck's line has its time, anything else has little, however steadily it drips.
net::steady_time visit::patience() const {
  if (!answered_plainly_) return from_now(idle_limit);
  return *answered_plainly_ + (reader_.state() == reading::plain_more ? idle_limit : linger);
}

/// Reads until the question is decided. False when nothing more is to be expected.
awaitable<bool> visit::read_greeting() {
  std::size_t after_plain = 0;
  for (;;) {
    const bool received = co_await receive(patience());
    if (!received) co_return false;
    const reading state = reader_.feed(received_);
    if (state == reading::extended) co_return true;
    if (state == reading::foreign) co_return false;
    if (state == reading::incomplete) continue;
    // Also when what follows the first 14 bytes breaks the rules: those are a plain question.
    const bool answered = co_await answer_plainly();
    if (!answered || state == reading::malformed) co_return false;
    if (state == reading::plain) after_plain += received_.size();
    if (after_plain > chatter_limit) co_return false;
  }
}

greeting::reply visit::make_reply() const {
  const greeting::question& asked = reader_.value();
  greeting::reply reply;
  reply.session = asked.session;
  reply.nonce = asked.nonce;
  reply.seen = peer_;
  reply.instance = identity_.instance;
  reply.version = identity_.version;
  if (asked.to) reply.path = greeting::path_between(*asked.to, local_);
  return reply;
}

/// Sends back what it can of `bytes`; false when the announced payload is complete.
awaitable<bool> visit::echo(std::string_view bytes) {
  const std::uint64_t limit = reader_.value().echo.value_or(greeting::max_echo);
  const auto wanted = bytes.substr(0, static_cast<std::size_t>(limit - echoed_));
  const bool sent = co_await send(wanted);
  if (!sent) co_return false;
  echoed_ += wanted.size();
  co_return echoed_ < limit;
}

awaitable<void> visit::answer_and_echo() {
  const greeting::reply reply = make_reply();
  const auto line = answered_plainly_ ? greeting::encode_extension(reply) : greeting::encode(reply);
  on_greeted_();
  const bool sent = co_await send(line);
  if (!sent) co_return;
  bool more = co_await echo(reader_.surplus());
  while (more) {
    const bool received = co_await receive(from_now(idle_limit));
    if (!received) break;
    more = co_await echo(received_);
  }
}

/// Says that nothing more comes, and lets the visitor go first: closing at once could destroy an
/// answer that is still on its way (RFC 1122 section 4.2.2.13).
awaitable<void> visit::part() {
  net::error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  const auto until = from_now(linger);
  std::size_t drained = 0;
  while (!ended_ && drained <= chatter_limit) {
    const bool received = co_await receive(until);
    if (!received) break;
    drained += received_.size();
  }
}

events::rejected visit::rejection() const {
  const std::string said = escape_bytes(reader_.seen_bytes());
  std::string reason;
  if (reader_.state() == reading::foreign) {
    reason = fmt::format("spoke something else: {}", said);
  } else if (ended_ == net::asio::error::operation_aborted) {
    reason = "hung up on to make room for others";
  } else if (ended_) {
    reason = said.empty() ? "left without a word" : fmt::format("left after \"{}\"", said);
  } else {
    reason = fmt::format("said {} for {} s", said.empty() ? "nothing" : "nothing more",
                         idle_limit.count());
  }
  return {transport::tcp, peer_, reason};
}

events::greeted visit::greeted() const {
  const bool natcheck = reader_.state() == reading::extended;
  return {transport::tcp,
          peer_,
          natcheck ? dialect::natcheck : dialect::plain,
          natcheck ? reader_.value().session : std::string{},
          echoed_,
          net::since(start_)};
}

awaitable<visit_end> visit::run() {
  net::error_code error;
  peer_ = endpoint_of(socket_.remote_endpoint(error));
  local_ = endpoint_of(socket_.local_endpoint(error));
  socket_.set_option(tcp::no_delay(true), error);
  const bool spoke_natcheck = co_await read_greeting();
  if (!spoke_natcheck && !answered_plainly_) co_return rejection();
  if (spoke_natcheck) co_await answer_and_echo();
  const events::greeted summary = greeted();
  co_await part();
  co_return summary;
}

}  // namespace

awaitable<visit_end> attend(tcp::socket& socket, const server_identity& identity,
                            std::function<void()> on_greeted) {
  visit visiting(socket, identity, std::move(on_greeted));
  co_return co_await visiting.run();
}

}  // namespace natcheck
