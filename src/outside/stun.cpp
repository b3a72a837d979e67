#include "outside/stun.hpp"

#include <spdlog/spdlog.h>

#include <array>
#include <boost/asio/write.hpp>
#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>
#include <span>

#include "net/drive.hpp"
#include "net/route_refusal.hpp"
#include "outside/stun_transactions.hpp"
#include "outside/survey.hpp"

namespace natcheck::outside {
namespace {

using net::error_code;
using net::tcp;
using net::udp;
using net::asio::awaitable;

net::steady_time now() { return std::chrono::steady_clock::now(); }

std::string_view text_of(const stun::bytes& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const std::uint8_t> bytes_of(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Carries out the schedule: one UDP socket a family, so that what the servers saw of it can be
/// compared, and one TCP connection a server. For the UDP sockets it is the machine of
/// net::drive().
class surveyor {
 public:
  surveyor(net::asio::any_io_executor executor, const std::vector<stun_server>& servers,
           egress_routes from, survey_options options, net::steady_time deadline);

  awaitable<std::vector<stun_evidence>> run();

  std::optional<net::outgoing> poll_transmit(net::steady_time at);
  void handle_sent(std::size_t socket, const error_code& error);
  void handle_packet(net::steady_time at, std::size_t socket, const endpoint& from,
                     std::string_view datagram);
  void handle_error(net::steady_time at, std::size_t socket, const net::socket_error& error);
  net::steady_time next_timeout() const;
  bool finished(net::steady_time at);

 private:
  const std::optional<net::source>& egress_route(unsigned family) const {
    return family == 4 ? from_.ipv4 : from_.ipv6;
  }
  natcheck::operation operation(std::size_t number) const;

  void open_udp(unsigned family);
  bool is_refused_here(std::size_t number);

  awaitable<void> ask_all_over_tcp();
  awaitable<void> ask_over_tcp(std::size_t number);
  awaitable<void> converse(std::size_t number);
  awaitable<void> read_answer(std::size_t number, const stun_transactions& asked,
                              tcp::socket& socket);
  void end_failed(std::size_t number, const error_code& error);

  net::asio::any_io_executor executor_;
  egress_routes from_;
  net::steady_time deadline_;
  std::function<void(std::vector<stun_evidence>, bool)> on_news_;
  survey_schedule schedule_;
  stun_transactions transactions_;      ///< over UDP
  std::vector<std::size_t> questions_;  ///< of those that are asked over UDP
  std::size_t sending_ = 0;
  std::vector<udp::socket> sockets_;
  std::array<std::size_t, 2> socket_of_{};  ///< for IPv4 and IPv6
  net::event tcp_news_;
};

surveyor::surveyor(net::asio::any_io_executor executor, const std::vector<stun_server>& servers,
                   egress_routes from, survey_options options, net::steady_time deadline)
    : executor_(executor),
      from_(std::move(from)),
      deadline_(deadline),
      on_news_(options.on_news),
      schedule_(servers, from_.ipv4.has_value(), from_.ipv6.has_value(), std::move(options), now()),
      tcp_news_(executor) {
  for (std::size_t i = 0; i < schedule_.size(); ++i) {
    const stun_evidence& ask = schedule_.ask(i);
    const bool over_udp = ask.protocol == transport::udp && ask.address;
    questions_.push_back(over_udp ? transactions_.begin(*ask.address, now()) : 0);
  }
  open_udp(4);
  open_udp(6);
}

natcheck::operation surveyor::operation(std::size_t number) const {
  const stun_evidence& ask = schedule_.ask(number);
  return {ask.protocol == transport::udp ? operation_code::asking_stun_over_udp
                                         : operation_code::asking_stun_over_tcp,
          ask.server, ask.address.value_or(endpoint{})};
}

void surveyor::open_udp(unsigned family) {
  if (!egress_route(family)) return;
  auto opened =
      net::open_udp(executor_, *egress_route(family), operation_code::asking_stun_servers);
  if (opened) {
    net::keep_errors(opened->native_handle());
    socket_of_[family == 6] = sockets_.size();
    sockets_.push_back(std::move(*opened));
    return;
  }
  for (std::size_t i = 0; i < schedule_.size(); ++i) {
    if (schedule_.ask(i).family == family) schedule_.end_unsent(i, opened.error().detail);
  }
}

std::optional<net::outgoing> surveyor::poll_transmit(net::steady_time at) {
  while (const auto number = schedule_.poll_transmit(at)) {
    if (is_refused_here(*number)) continue;
    const stun_evidence& ask = schedule_.ask(*number);
    sending_ = *number;
    return net::outgoing{socket_of_[ask.family == 6], *ask.address,
                         text_of(transactions_.request(questions_[*number]))};
  }
  return std::nullopt;
}

void surveyor::handle_sent(std::size_t socket, const error_code& error) {
  const auto local = sockets_[socket].local_endpoint();
  schedule_.note_local(sending_, {local.address(), local.port()});
  if (!error) return;
  const failure why = net::failure_from(operation(sending_), error);
  spdlog::debug("{}", to_string(why));
  schedule_.end_unsent(sending_, why.detail);
}

/// Asked before the first packet; then the question ends.
bool surveyor::is_refused_here(std::size_t number) {
  const stun_evidence& ask = schedule_.ask(number);
  if (ask.attempts > 1) return false;
  const auto why =
      net::route_refusal(operation(number), *egress_route(ask.family), ask.protocol, *ask.address);
  if (!why) return false;
  spdlog::debug("{}", to_string(*why));
  schedule_.end_unsent(number, why->detail);
  return true;
}

void surveyor::handle_error(net::steady_time /*at*/, std::size_t /*socket*/,
                            const net::socket_error& error) {
  for (std::size_t i = 0; i < schedule_.size(); ++i) {
    const stun_evidence& ask = schedule_.ask(i);
    if (ask.protocol != transport::udp || ask.address != error.to) continue;
    const failure why = net::failure_from(operation(i), error.error);
    spdlog::debug("{}", to_string(why));
    schedule_.end(i, state_of(why), why.detail);
  }
}

void surveyor::handle_packet(net::steady_time at, std::size_t /*socket*/, const endpoint& from,
                             std::string_view datagram) {
  const auto read = transactions_.judge(from, bytes_of(datagram), at);
  for (std::size_t i = 0; i < schedule_.size(); ++i) {
    const stun_evidence& ask = schedule_.ask(i);
    if (ask.protocol != transport::udp || ask.address != from) continue;
    if (!read) {
      spdlog::debug("{}: {}", to_string(operation(i)), to_string(read.error().reason));
      schedule_.handle_fault(i, read.error().reason);
    } else if (read->question == questions_[i]) {
      schedule_.handle_answer(i, read->said, at);
    }
  }
}

net::steady_time surveyor::next_timeout() const {
  return std::min(schedule_.next_timeout(now()), deadline_);
}

/// Asked after everything that happens.
bool surveyor::finished(net::steady_time at) {
  if (on_news_) on_news_(schedule_.so_far(), schedule_.ipv4_done(at));
  return schedule_.finished(at) || at >= deadline_;
}

awaitable<void> surveyor::ask_over_tcp(std::size_t number) {
  co_await net::wait_until(schedule_.tcp_start());
  if (!schedule_.begin_tcp(number, now())) co_return;
  const auto limit = now() + survey_schedule::tcp_schedule;
  const auto ended = co_await net::with_deadline(std::min(limit, deadline_), converse(number));
  if (!ended && limit <= deadline_) {
    schedule_.end(number, service_state::silent,
                  {cause_code::stun_silent_over_tcp, survey_schedule::tcp_schedule.count()});
  }
  tcp_news_.set();
}

/// Ends this question, unless it is cancelled.
awaitable<void> surveyor::converse(std::size_t number) {
  const stun_evidence& ask = schedule_.ask(number);
  if (is_refused_here(number)) co_return;
  auto socket = net::open_tcp(executor_, *egress_route(ask.family), operation(number));
  if (!socket) {
    schedule_.end_unsent(number, socket.error().detail);
    co_return;
  }
  const tcp::endpoint to(ask.address->ip, ask.address->port);
  const auto [refused] = co_await socket->async_connect(to, net::as_result);
  co_await net::unless_cancelled();
  if (refused) {
    end_failed(number, refused);
    co_return;
  }
  error_code ignored;
  const auto local = socket->local_endpoint(ignored);
  schedule_.note_local(number, {local.address(), local.port()});
  stun_transactions asked;
  const std::size_t question = asked.begin(*ask.address, now());
  const auto request = net::asio::buffer(asked.request(question));
  const auto [broken, sent] = co_await net::asio::async_write(*socket, request, net::as_result);
  co_await net::unless_cancelled();
  if (broken) {
    end_failed(number, broken);
  } else {
    co_await read_answer(number, asked, *socket);
  }
}

awaitable<void> surveyor::read_answer(std::size_t number, const stun_transactions& asked,
                                      tcp::socket& socket) {
  std::array<std::uint8_t, stun::longest_message> buffer;
  std::size_t filled = 0;
  for (;;) {
    const auto free = net::asio::buffer(buffer) + filled;
    const auto [error, length] = co_await socket.async_read_some(free, net::as_result);
    co_await net::unless_cancelled();
    if (error) co_return end_failed(number, error);
    filled += length;
    const auto stream = std::span(buffer).first(filled);
    const auto size = stun::length_of(stream);
    if (!size) co_return schedule_.end(number, service_state::malformed, size.error().reason);
    if (!*size || **size > filled) continue;
    const auto read = asked.judge(*schedule_.ask(number).address, stream.first(**size), now());
    if (!read) co_return schedule_.end(number, service_state::malformed, read.error().reason);
    co_return schedule_.handle_answer(number, read->said, now());
  }
}

void surveyor::end_failed(std::size_t number, const error_code& error) {
  const failure why = net::failure_from(operation(number), error);
  spdlog::debug("{}", to_string(why));
  // Also without a route: this host has a egress route, so it is a router that says so (ICMP code
  // 0).
  const service_state state = state_of(why);
  if (state == service_state::not_tried) return schedule_.end_unsent(number, why.detail);
  schedule_.end(number, state, why.detail);
}

awaitable<void> surveyor::ask_all_over_tcp() {
  net::coroutines works;
  for (std::size_t i = 0; i < schedule_.size(); ++i) {
    if (schedule_.ask(i).protocol == transport::tcp) works.push_back(ask_over_tcp(i));
  }
  co_await net::when_all(std::move(works));
  co_await net::forever();
}

awaitable<std::vector<stun_evidence>> surveyor::run() {
  co_await net::when_any(net::drive(std::span(sockets_), *this, tcp_news_), ask_all_over_tcp());
  co_return schedule_.take(now());
}

}  // namespace

awaitable<std::vector<stun_evidence>> survey(std::vector<stun_server> servers, egress_routes from,
                                             survey_options options, net::steady_time deadline) {
  surveyor asking(co_await net::asio::this_coro::executor, servers, std::move(from),
                  std::move(options), deadline);
  co_return co_await asking.run();
}

}  // namespace natcheck::outside
