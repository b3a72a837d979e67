#include "outside/stun_port.hpp"

#include <algorithm>
#include <array>
#include <natcheck/operations.hpp>

namespace natcheck::outside {

using net::udp;
using net::asio::awaitable;

pacing::pacing(millis round_trip)
    : rtt(round_trip > millis{0} ? round_trip : millis{100}),
      ask_again(std::clamp(1.5 * rtt, millis{30}, millis{250})),
      open_filter_again(std::max(rtt / 2, millis{20})),
      last_wait(std::max(2 * rtt, millis{100})) {}

pacing pacing::slowed(int packets) const {
  constexpr millis for_each_packet{120};
  pacing slow = *this;
  slow.ask_again = std::max(ask_again, packets * for_each_packet);
  slow.open_filter_again = std::max(open_filter_again, packets * for_each_packet);
  slow.last_wait = std::max(last_wait, packets * for_each_packet);
  return slow;
}

net::steady_time after(millis delay) {
  return std::chrono::steady_clock::now() +
         std::chrono::duration_cast<std::chrono::steady_clock::duration>(delay);
}

stun_port::stun_port(udp::socket socket) : socket_(std::move(socket)) {
  net::error_code ignored;
  const auto bound = socket_.local_endpoint(ignored);
  local_ = {bound.address(), bound.port()};
}

result<stun_port> stun_port::open(const net::asio::any_io_executor& executor,
                                  const net::source& from) {
  auto socket = net::open_udp(executor, from, operation_code::asking_stun_rfc5780);
  if (!socket) return socket.error();
  return stun_port(std::move(*socket));
}

std::size_t stun_port::ask(const endpoint& to, stun::change answer_from,
                           std::optional<std::uint16_t> response_port) {
  const std::size_t question =
      transactions_.begin(to, std::chrono::steady_clock::now(), answer_from, response_port);
  send(to, transactions_.request(question));
  return question;
}

void stun_port::send(const endpoint& to, std::span<const std::uint8_t> bytes) {
  net::error_code lost;
  socket_.send_to(net::asio::buffer(bytes.data(), bytes.size()), {to.ip, to.port}, 0, lost);
}

awaitable<std::optional<stun_port::datagram>> stun_port::next(net::steady_time until) {
  std::array<std::uint8_t, stun::longest_message> buffer;
  for (;;) {
    udp::endpoint from;
    net::error_code error;
    const auto length = socket_.receive_from(net::asio::buffer(buffer), from, 0, error);
    if (!error) {
      datagram received;
      received.from = {from.address(), from.port()};
      received.bytes.assign(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(length));
      co_return received;
    }
    // Waiting and reading are separate so that the end of the wait swallows no datagram.
    const auto readable = co_await net::with_deadline(until, net::wait_readable(socket_));
    if (!readable) co_return std::nullopt;
  }
}

awaitable<std::optional<stun_port::answer>> stun_port::next_answer(net::steady_time until) {
  for (;;) {
    const auto received = co_await next(until);
    if (!received) co_return std::nullopt;
    auto read = judge(*received);
    if (read) co_return read;
    // A flood does not keep us beyond the time.
    if (std::chrono::steady_clock::now() >= until) co_return std::nullopt;
  }
}

std::optional<stun_port::answer> stun_port::judge(const datagram& received) const {
  auto read = transactions_.judge(received.from, received.bytes, std::chrono::steady_clock::now());
  return read ? std::optional(std::move(*read)) : std::nullopt;
}

namespace {

/// Takes the answers that come until then; false once every server has answered.
awaitable<bool> collect(stun_port& port, const std::vector<endpoint>& servers,
                        std::vector<std::optional<binding>>& seen, net::steady_time until) {
  for (;;) {
    if (std::all_of(seen.begin(), seen.end(), [](const auto& each) { return each.has_value(); })) {
      co_return false;
    }
    const auto heard = co_await port.next_answer(until);
    if (!heard) co_return true;
    const auto server = std::find(servers.begin(), servers.end(), heard->from);
    if (server == servers.end() || heard->from != heard->asked || !heard->said.success) continue;
    auto& slot = seen[static_cast<std::size_t>(server - servers.begin())];
    if (!slot) slot = binding{*heard->said.seen_as(), heard->rtt};
  }
}

}  // namespace

awaitable<std::vector<std::optional<binding>>> find_bindings(stun_port& port,
                                                             std::vector<endpoint> servers,
                                                             pacing pace) {
  std::vector<std::optional<binding>> seen(servers.size());
  for (int i = 1; i <= pacing::tries; ++i) {
    for (std::size_t s = 0; s < servers.size(); ++s) {
      if (!seen[s]) port.ask(servers[s]);
    }
    const auto end = after(i == pacing::tries ? pace.last_wait : pace.ask_again);
    const bool some_open = co_await collect(port, servers, seen, end);
    if (!some_open) break;
  }
  co_return seen;
}

awaitable<std::optional<binding>> find_binding(stun_port& port, endpoint server, pacing pace) {
  std::vector<endpoint> servers{server};
  auto seen = co_await find_bindings(port, std::move(servers), pace);
  co_return seen.front();
}

}  // namespace natcheck::outside
