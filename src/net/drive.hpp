// Runs a polled machine on UDP sockets.
//
// A machine says what it has due (poll_transmit), when to ask again (next_timeout) and when it is
// done (finished); it is told what came. It has no clock and no sockets of its own.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <natcheck/endpoint.hpp>
#include <span>
#include <string>
#include <string_view>

#include "net/event.hpp"
#include "net/socket_errors.hpp"
#include "net/sockets.hpp"

namespace natcheck::net {

enum class drive_end {
  event,     ///< the machine may have events: poll it
  finished,  ///< its schedule is over
  deadline,  ///< the caller's time is over
};

/// Sends what `machine` has due, and tells `sent` of each datagram: where it went, and the error.
template <class Machine, class Sent>
void transmit_due(udp::socket& socket, Machine& machine, Sent& sent) {
  while (auto next = machine.poll_transmit(std::chrono::steady_clock::now())) {
    error_code error;
    socket.send_to(asio::buffer(next->payload), {next->to.ip, next->to.port}, 0, error);
    sent(next->to, error);
  }
}

/// Sends, receives and waits for `machine` until a datagram made a difference to it, its schedule
/// is over, or `deadline` has passed. May be called again after an event.
///
/// `sent(const endpoint& to, const error_code& error)` is called after each datagram; a local
/// firewall may let those to one destination out and not those to another.
template <class Machine, class Sent>
requires std::invocable<Sent&, const endpoint&, const error_code&> asio::awaitable<drive_end> drive(
    udp::socket& socket, Machine& machine, steady_time deadline, Sent& sent) {
  std::array<char, 8192> buffer;
  for (;;) {
    transmit_due(socket, machine, sent);
    const auto now = std::chrono::steady_clock::now();
    if (machine.finished(now)) co_return drive_end::finished;
    if (now >= deadline) co_return drive_end::deadline;
    const auto wake = std::min(machine.next_timeout().value_or(deadline), deadline);
    // Waiting and reading are separate so that a deadline never swallows a datagram.
    co_await with_deadline(wake, wait_readable(socket));
    // Also when the time was over first: a datagram may have come just then.
    udp::endpoint from;
    error_code error;
    const auto length = socket.receive_from(asio::buffer(buffer), from, 0, error);
    // An error here is a late ICMP message for something sent earlier. The schedule goes on, unless
    // the machine ends it.
    if (error) {
      const bool is_message = error != asio::error::would_block;
      if constexpr (requires { machine.handle_error(error); }) {
        if (is_message) machine.handle_error(error);
      }
      continue;
    }
    machine.handle_packet(std::chrono::steady_clock::now(), {from.address(), from.port()},
                          std::string_view(buffer.data(), length));
    co_return drive_end::event;
  }
}

/// What a machine with several sockets has due.
struct outgoing {
  std::size_t socket = 0;
  endpoint to;
  std::string_view payload;
};

/// Hands the errors that the kernel keeps for the socket (keep_errors) to the machine. Whether
/// there was any.
template <class Machine>
bool take_errors(udp::socket& socket, std::size_t number, Machine& machine) {
  bool any = false;
  while (const auto error = next_error(socket.native_handle())) {
    machine.handle_error(std::chrono::steady_clock::now(), number, *error);
    any = true;
  }
  return any;
}

template <class Machine>
void send(udp::socket& socket, const outgoing& next, Machine& machine) {
  const auto send_once = [&] {
    error_code error;
    socket.send_to(asio::buffer(next.payload), {next.to.ip, next.to.port}, 0, error);
    return error;
  };
  take_errors(socket, next.socket, machine);
  error_code error = send_once();
  // What it fails with may be an error about an earlier datagram, which has come in between.
  if (error && take_errors(socket, next.socket, machine)) error = send_once();
  machine.handle_sent(next.socket, error);
}

template <class Machine>
asio::awaitable<void> receive_all(udp::socket& socket, std::size_t number, Machine& machine,
                                  event& news) {
  constexpr int most_at_once = 64;  // a flood does not keep the others from their turn
  std::array<char, 2048> buffer;
  for (;;) {
    co_await wait_readable(socket);  // an error in the queue makes a socket readable, too
    take_errors(socket, number, machine);
    for (int i = 0; i < most_at_once; ++i) {
      udp::endpoint from;
      error_code error;
      const auto length = socket.receive_from(asio::buffer(buffer), from, 0, error);
      if (error) break;
      machine.handle_packet(std::chrono::steady_clock::now(), number, {from.address(), from.port()},
                            {buffer.data(), length});
    }
    news.set();
  }
}

template <class Machine>
asio::awaitable<void> send_all(std::span<udp::socket> sockets, Machine& machine, event& news) {
  for (;;) {
    news.reset();
    while (const auto next = machine.poll_transmit(std::chrono::steady_clock::now())) {
      send(sockets[next->socket], *next, machine);
    }
    if (machine.finished(std::chrono::steady_clock::now())) co_return;
    co_await with_deadline(machine.next_timeout(), news.wait());
  }
}

/// Runs `machine` on several sockets at once until it is finished. What it knows besides may change
/// through others, who then set `news`.
template <class Machine>
asio::awaitable<void> drive(std::span<udp::socket> sockets, Machine& machine, event& news) {
  coroutines works;
  works.push_back(send_all(sockets, machine, news));
  for (std::size_t i = 0; i < sockets.size(); ++i) {
    works.push_back(receive_all(sockets[i], i, machine, news));
  }
  co_await when_any(std::move(works));
}
template <class Machine>
asio::awaitable<void> drive(std::span<udp::socket> sockets, Machine& machine) {
  event nothing_else(co_await asio::this_coro::executor);
  co_await drive(sockets, machine, nothing_else);
}

}  // namespace natcheck::net
