#include "outside/stun.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <array>
#include <boost/asio/write.hpp>
#include <span>

#include "net/route_refusal.hpp"
#include "net/socket_errors.hpp"
#include "net/when_all.hpp"
#include "outside/stun_id.hpp"
#include "outside/survey.hpp"

namespace natcheck::outside {
namespace {

using net::error_code;
using net::tcp;
using net::udp;
using net::asio::awaitable;

net::steady_time now() { return std::chrono::steady_clock::now(); }

/// Carries out the schedule: one UDP socket a family, so that what the servers saw of it can be
/// compared, and one TCP connection a server.
class surveyor {
 public:
  surveyor(net::asio::any_io_executor executor, const std::vector<stun_server>& servers,
           egress_routes from, survey_options options, net::steady_time deadline);

  awaitable<std::vector<stun_evidence>> run();

 private:
  const std::optional<net::source>& egress_route(unsigned family) const {
    return family == 4 ? from_.ipv4 : from_.ipv6;
  }
  std::optional<udp::socket>& udp_socket(unsigned family) { return sockets_[family == 6]; }
  std::string operation(std::size_t number) const;
  stun::bytes request(std::size_t number) const;

  void open_udp(unsigned family);
  awaitable<void> pace();
  void send(std::size_t number);
  bool is_refused_here(std::size_t number);
  awaitable<void> listen(unsigned family);
  void read_refusals(unsigned family);
  void read_answers(unsigned family);
  void judge(const endpoint& from, std::span<const std::uint8_t> datagram);

  awaitable<void> ask_over_tcp(std::size_t number);
  awaitable<void> converse(std::size_t number);
  awaitable<void> read_answer(std::size_t number, tcp::socket& socket);
  void end_failed(std::size_t number, const error_code& error);

  net::asio::any_io_executor executor_;
  egress_routes from_;
  net::steady_time deadline_;
  std::function<void(std::vector<stun_evidence>, bool)> on_news_;
  survey_schedule schedule_;
  std::vector<stun::transaction_id> ids_;
  std::array<std::optional<udp::socket>, 2> sockets_;
  net::asio::steady_timer wake_;  ///< cancelled when there is news for the schedule
};

surveyor::surveyor(net::asio::any_io_executor executor, const std::vector<stun_server>& servers,
                   egress_routes from, survey_options options, net::steady_time deadline)
    : executor_(executor),
      from_(std::move(from)),
      deadline_(deadline),
      on_news_(options.on_news),
      schedule_(servers, from_.ipv4.has_value(), from_.ipv6.has_value(), std::move(options), now()),
      ids_(schedule_.size()),
      wake_(executor) {
  for (auto& id : ids_) id = new_transaction();
  open_udp(4);
  open_udp(6);
}

std::string surveyor::operation(std::size_t number) const {
  const stun_evidence& ask = schedule_.ask(number);
  return fmt::format("asking {} ({}) over {} (STUN)", ask.server,
                     ask.address ? to_string(*ask.address) : "no address",
                     ask.protocol == transport::udp ? "UDP" : "TCP");
}

stun::bytes surveyor::request(std::size_t number) const {
  stun::binding_request asked;
  asked.id = ids_[number];
  return stun::encode(asked);
}

void surveyor::open_udp(unsigned family) {
  if (!egress_route(family)) return;
  auto opened = net::open_udp(executor_, *egress_route(family), "asking STUN servers");
  if (opened) {
    udp_socket(family).emplace(std::move(*opened));
    net::keep_errors(udp_socket(family)->native_handle());
    return;
  }
  for (std::size_t i = 0; i < schedule_.size(); ++i) {
    if (schedule_.ask(i).family == family) schedule_.end_unsent(i, opened.error().detail);
  }
}

/// Sends what is due, until the schedule is over.
awaitable<void> surveyor::pace() {
  for (;;) {
    while (const auto next = schedule_.poll_transmit(now())) send(*next);
    const auto at = now();
    if (on_news_) on_news_(schedule_.so_far(), schedule_.ipv4_done(at));
    if (schedule_.finished(at) || at >= deadline_) co_return;
    wake_.expires_at(std::min(schedule_.next_timeout(at), deadline_));
    co_await net::wait(wake_);
    co_await net::unless_cancelled();
  }
}

void surveyor::send(std::size_t number) {
  const stun_evidence& ask = schedule_.ask(number);
  auto& socket = *udp_socket(ask.family);
  // An error about an earlier datagram would be taken for one about this.
  read_refusals(ask.family);
  if (!schedule_.is_open(number) || is_refused_here(number)) return;
  error_code error;
  socket.send_to(net::asio::buffer(request(number)), {ask.address->ip, ask.address->port}, 0,
                 error);
  const auto local = socket.local_endpoint();
  schedule_.note_local(number, {local.address(), local.port()});
  if (!error) return;
  const failure why = net::failure_from(operation(number), error);
  spdlog::debug("{}", why.message());
  schedule_.end_unsent(number, why.detail);
}

/// Asked before the first packet; then the question ends.
bool surveyor::is_refused_here(std::size_t number) {
  const stun_evidence& ask = schedule_.ask(number);
  if (ask.attempts > 1) return false;
  const auto why =
      net::route_refusal(operation(number), *egress_route(ask.family), ask.protocol, *ask.address);
  if (!why) return false;
  spdlog::debug("{}", why->message());
  schedule_.end_unsent(number, why->detail);
  return true;
}

awaitable<void> surveyor::listen(unsigned family) {
  for (;;) {
    co_await net::wait_readable(*udp_socket(family));
    co_await net::unless_cancelled();
    read_refusals(family);
    read_answers(family);
    wake_.cancel();
  }
}

void surveyor::read_refusals(unsigned family) {
  while (const auto refused = net::next_error(udp_socket(family)->native_handle())) {
    for (std::size_t i = 0; i < schedule_.size(); ++i) {
      const stun_evidence& ask = schedule_.ask(i);
      if (ask.protocol != transport::udp || ask.address != refused->to) continue;
      const failure why = net::failure_from(operation(i), refused->error);
      spdlog::debug("{}", why.message());
      schedule_.end(i, state_of(why), why.detail);
    }
  }
}

void surveyor::read_answers(unsigned family) {
  std::array<std::uint8_t, stun::longest_message> buffer;
  for (;;) {
    udp::endpoint from;
    error_code error;
    const auto length = udp_socket(family)->receive_from(net::asio::buffer(buffer), from, 0, error);
    if (error) return;
    judge({from.address(), from.port()}, std::span(buffer).first(length));
  }
}

void surveyor::judge(const endpoint& from, std::span<const std::uint8_t> datagram) {
  for (std::size_t i = 0; i < schedule_.size(); ++i) {
    const stun_evidence& ask = schedule_.ask(i);
    if (ask.protocol != transport::udp || ask.address != from) continue;
    const auto read = stun::parse_answer(datagram, ids_[i]);
    if (read) {
      schedule_.handle_answer(i, *read, now());
    } else {
      spdlog::debug("{}: {}", operation(i), read.error().reason);
      schedule_.handle_fault(i, read.error().reason);
    }
  }
}

awaitable<void> surveyor::ask_over_tcp(std::size_t number) {
  net::asio::steady_timer timer(executor_, schedule_.tcp_start());
  co_await net::wait(timer);
  co_await net::unless_cancelled();
  if (!schedule_.begin_tcp(number, now())) co_return;
  const auto limit = now() + survey_schedule::tcp_schedule;
  const auto ended = co_await net::with_deadline(std::min(limit, deadline_), converse(number));
  if (!ended && limit <= deadline_) {
    schedule_.end(number, service_state::silent,
                  fmt::format("no answer in {} ms", survey_schedule::tcp_schedule.count()));
  }
  wake_.cancel();
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
  const stun::bytes question = request(number);
  const auto [broken, sent] =
      co_await net::asio::async_write(*socket, net::asio::buffer(question), net::as_result);
  co_await net::unless_cancelled();
  if (broken) {
    end_failed(number, broken);
  } else {
    co_await read_answer(number, *socket);
  }
}

awaitable<void> surveyor::read_answer(std::size_t number, tcp::socket& socket) {
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
    const auto read = stun::parse_answer(stream.first(**size), ids_[number]);
    if (!read) co_return schedule_.end(number, service_state::malformed, read.error().reason);
    co_return schedule_.handle_answer(number, *read, now());
  }
}

void surveyor::end_failed(std::size_t number, const error_code& error) {
  const failure why = net::failure_from(operation(number), error);
  spdlog::debug("{}", why.message());
  // Also without a route: this host has a egress route, so it is a router that says so (ICMP code
  // 0).
  const service_state state = state_of(why);
  if (state == service_state::not_tried) return schedule_.end_unsent(number, why.detail);
  schedule_.end(number, state, why.detail);
}

awaitable<std::vector<stun_evidence>> surveyor::run() {
  net::coroutines works;
  for (const unsigned family : {4U, 6U}) {
    if (udp_socket(family)) works.push_back(listen(family));
  }
  for (std::size_t i = 0; i < schedule_.size(); ++i) {
    if (schedule_.ask(i).protocol == transport::tcp) works.push_back(ask_over_tcp(i));
  }
  co_await net::when_any(pace(), net::when_all(std::move(works)));
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
