#include "client/conversation.hpp"

#include <algorithm>
#include <boost/asio/write.hpp>
#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>
#include <numeric>

#include "core/text.hpp"
#include "net/random.hpp"
#include "net/route_refusal.hpp"
#include "net/socket_errors.hpp"

namespace natcheck::client {
namespace {

using greeting::reading;
using net::tcp;
using net::asio::awaitable;

/// A server that was connected to and says nothing for this long says nothing: TCP itself has
/// resent several times by then.
constexpr std::chrono::seconds answer_limit{3};

double seconds(std::chrono::duration<double> value) { return value.count(); }

/// How long a plain "Hello, client!" may be the beginning of natcheck's longer answer.
millis grace_after_plain(millis connect) {
  return std::clamp<millis>(2 * connect, std::chrono::milliseconds(100), std::chrono::seconds(1));
}

/// Whether this machine has a way to the target at all; nothing is sent to find out.
bool has_route(const net::asio::any_io_executor& executor, const handshake_options& options) {
  const auto& target = options.target;
  net::udp::socket socket(executor);
  net::error_code error;
  socket.open(target.ip.is_v6() ? net::udp::v6() : net::udp::v4(), error);
  if (!error) net::keep_on_interface(socket.native_handle(), options.interface);
  if (!error) socket.connect({target.ip, target.port}, error);
  return !error;
}

}  // namespace

std::size_t bytes_of(const echo_rounds& rounds) {
  return std::accumulate(rounds.begin(), rounds.end(), std::size_t{0});
}

net::steady_time after(millis delay) {
  return std::chrono::steady_clock::now() +
         std::chrono::duration_cast<std::chrono::steady_clock::duration>(delay);
}

void conversation::finish(probe_result result, cause detail) {
  evidence_.result = result;
  evidence_.detail = std::move(detail);
}

net::steady_time conversation::greeting_deadline() const {
  return std::min(options_.deadline, asked_ + answer_limit);
}

void conversation::finish_unconnected(const net::error_code& error) {
  const failure failed =
      net::connect_failure(operation_code::connecting, options_.target.ip, error);
  while (const auto told = net::next_error(socket_->native_handle())) {
    if (told->icmp) evidence_.icmp = told->icmp;
  }
  switch (failed.kind) {
    case outcome::refused:
      return finish(probe_result::refused, failed.detail);
    case outcome::reset:
      return finish(probe_result::reset, failed.detail);
    case outcome::timed_out:
      return finish(probe_result::timed_out, failed.detail);
    default:
      break;
  }
  // Whatever the kernel makes of it, a message came, and something was sent.
  if (evidence_.icmp) return finish(probe_result::unreachable, {});
  const bool from_network =
      failed.kind == outcome::unreachable && has_route(socket_->get_executor(), options_);
  if (from_network) return finish(probe_result::unreachable, failed.detail);
  end_unsent(net::route_failure(operation_code::connecting, options_.target.ip, error));
}

void conversation::end_unsent(const failure& why) {
  evidence_.local_fault = true;
  evidence_.machine_fault = why.kind == outcome::unavailable;
  finish(probe_result::unreachable, why.detail);
}

awaitable<bool> conversation::connect() {
  const auto& target = options_.target;
  const address any = target.ip.is_v6() ? address(boost::asio::ip::address_v6::any())
                                        : address(boost::asio::ip::address_v4::any());
  const auto executor = co_await net::asio::this_coro::executor;
  const net::source from{any, options_.interface};
  // A socket that is kept on no interface is told by the kernel itself.
  const auto refused = from.interface.empty() ? std::nullopt
                                              : net::route_refusal(operation_code::connecting, from,
                                                                   transport::tcp, target);
  if (refused) {
    end_unsent(*refused);
    co_return false;
  }
  auto opened = net::open_tcp(executor, from, operation_code::connecting);
  if (!opened) {
    end_unsent(opened.error());
    co_return false;
  }
  socket_.emplace(std::move(*opened));
  net::keep_errors(socket_->native_handle());
  const auto start = std::chrono::steady_clock::now();
  const net::tcp::endpoint remote(target.ip, target.port);
  const auto connected = co_await net::with_deadline(
      options_.deadline, socket_->async_connect(remote, net::as_result));
  if (!connected) {
    finish(probe_result::timed_out, {cause_code::no_connection_in, seconds(net::since(start))});
    co_return false;
  }
  if (const auto error = std::get<0>(*connected)) {
    evidence_.timing.connect = net::since(start);
    finish_unconnected(error);
    co_return false;
  }
  evidence_.timing.connect = net::since(start);
  net::keep_errors(socket_->native_handle(), false);
  if (options_.on_connected) options_.on_connected();
  net::error_code ignored;
  socket_->set_option(tcp::no_delay(true), ignored);
  co_return true;
}

/// A failed write is no verdict of its own: what the server said before is still to be read. But it
/// uses up the news of a reset, and reading then sees nothing but an end.
awaitable<void> conversation::send(std::string_view bytes) {
  const auto written = co_await net::with_deadline(
      options_.deadline,
      net::asio::async_write(*socket_, net::asio::buffer(bytes), net::as_result));
  if (written && std::get<0>(*written)) torn_down_ = true;
}

/// False when nothing more comes before `deadline`, or ever: then ended_ says why.
awaitable<bool> conversation::receive(net::steady_time deadline) {
  received_ = {};
  const auto read = co_await net::with_deadline(
      deadline, socket_->async_read_some(net::asio::buffer(buffer_), net::as_result));
  if (!read) co_return false;
  const auto [error, length] = *read;
  ended_ = error;
  received_ = std::string_view(buffer_.data(), length);
  co_return !error;
}

/// Sends the question and reads until the answer is decided; true when it is natcheck's.
///
/// The question is a segment of its own, for servers that read just once; the payload follows
/// without waiting, so that greeting and echo share one round trip.
awaitable<bool> conversation::greet(std::string_view question, std::string_view payload) {
  asked_ = std::chrono::steady_clock::now();
  co_await send(question);
  co_await send(payload);
  while (reader_.state() == reading::incomplete || reader_.state() == reading::plain_more) {
    const bool received = co_await receive(greeting_deadline());
    if (!received) break;
    reader_.feed(received_);
  }
  evidence_.timing.greeting = net::since(asked_);
  if (reader_.state() == reading::plain) co_await await_rest_of_answer();
  judge_greeting();
  co_return reader_.state() == reading::extended;
}

awaitable<void> conversation::await_rest_of_answer() {
  const auto deadline =
      std::min(greeting_deadline(), after(grace_after_plain(*evidence_.timing.connect)));
  const bool more = co_await receive(deadline);
  if (!more) co_return;
  reader_.feed(received_);
  while (reader_.state() == reading::plain_more) {
    const bool received = co_await receive(greeting_deadline());
    if (!received) co_return;
    reader_.feed(received_);
  }
  // The answer came in pieces; a plain one was complete before the wait.
  if (reader_.state() == reading::extended) evidence_.timing.greeting = net::since(asked_);
}

void conversation::judge_greeting() {
  const std::string said = escape_bytes(reader_.seen_bytes());
  switch (reader_.state()) {
    case reading::extended:
      return;
    case reading::plain:
      return finish(probe_result::reached_plain, {});
    case reading::plain_more:
      return finish(probe_result::corrupted, {cause_code::greeting_incomplete, said});
    case reading::malformed:
      return finish(probe_result::corrupted,
                    {cause_code::greeting_malformed, reader_.fault(), said});
    case reading::foreign:
      return finish(probe_result::other_service, {cause_code::quoted, said});
    case reading::incomplete:
      break;
  }
  if (!reader_.seen_bytes().empty())
    return finish(probe_result::other_service, {cause_code::quoted, said});
  if (ended_ && (torn_down_ || ended_ != net::asio::error::eof)) {
    return finish(probe_result::reset, cause_code::connection_reset_first);
  }
  if (ended_) return finish(probe_result::silent, cause_code::server_closed_without_data);
  missed_greeting_ = true;
  const cause missed(cause_code::no_greeting_in, seconds(net::since(asked_)));
  finish(probe_result::silent, out_of_time() ? cause(cause_code::cut_short, missed) : missed);
}

bool conversation::check_identity(const greeting::question& asked) {
  const greeting::reply& reply = reader_.value();
  greeting::copy_facts(reply, evidence_);
  if (reply.session == asked.session && reply.nonce == asked.nonce) return true;
  evidence_.wrong_identity = true;
  finish(probe_result::other_service, {cause_code::quoted, escape_bytes(reader_.seen_bytes())});
  return false;
}

/// Notes a round trip for every round whose last byte has come with the latest bytes.
void conversation::note_rounds(std::size_t before, std::size_t now) {
  std::size_t end = 0;
  for (const std::size_t size : rounds_) {
    end += size;
    if (before < end && end <= now) evidence_.echo_rtts.push_back(net::since(asked_));
  }
}

/// Leaves some time to find out why it does not come.
net::steady_time conversation::echo_deadline() const {
  const auto now = std::chrono::steady_clock::now();
  return std::min(now + (options_.deadline - now) * 3 / 4, now + answer_limit);
}

/// What does not come was not altered: it was lost, or the other side has gone.
void conversation::judge_missing_echo(std::size_t came, std::size_t sent, net::steady_time since) {
  if (ended_) return finish(probe_result::reset, {cause_code::echo_closed_after, came, sent});
  const auto waited = std::chrono::steady_clock::now() - since;
  missed_echo_ = waited >= least_wait_for_echo;
  finish(probe_result::timed_out, {cause_code::echo_lost_in, came, sent, seconds(waited)});
}

awaitable<void> conversation::compare_echo(std::string_view payload) {
  std::size_t matched = 0;
  std::string_view fresh = reader_.surplus();
  for (;;) {
    if (payload.substr(matched, fresh.size()) != fresh) {
      finish(probe_result::corrupted, {cause_code::echo_altered_after, matched});
      co_return;
    }
    note_rounds(matched, matched + fresh.size());
    matched += fresh.size();
    if (matched == payload.size()) break;
    const auto waiting_since = std::chrono::steady_clock::now();
    const bool more = co_await receive(echo_deadline());
    if (!more) {
      judge_missing_echo(matched, payload.size(), waiting_since);
      co_return;
    }
    fresh = received_;
  }
  evidence_.timing.echo = net::since(asked_);
  finish(probe_result::reached, {});
}

awaitable<handshake_evidence> conversation::speak(const echo_rounds& rounds) {
  const auto start = std::chrono::steady_clock::now();
  rounds_ = rounds;
  const std::string payload = random_bytes(bytes_of(rounds));
  const greeting::question question{options_.session, random_hex(16), options_.target,
                                    static_cast<std::uint32_t>(payload.size())};
  const bool connected = co_await connect();
  if (connected) {
    const std::string line = greeting::encode(question);
    const bool greeted = co_await greet(line, payload);
    if (greeted && check_identity(question)) co_await compare_echo(payload);
  }
  evidence_.timing.total = net::since(start);
  co_return std::move(evidence_);
}

awaitable<handshake_evidence> conversation::speak_plainly() {
  const auto start = std::chrono::steady_clock::now();
  const bool connected = co_await connect();
  if (connected) {
    co_await greet(greeting::plain_question, "");
  }
  evidence_.timing.total = net::since(start);
  co_return std::move(evidence_);
}

}  // namespace natcheck::client
