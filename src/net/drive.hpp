// Runs a polled machine on a UDP socket until it has something to say.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <natcheck/endpoint.hpp>
#include <string_view>

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
    const auto readable = co_await with_deadline(wake, wait_readable(socket));
    if (!readable) continue;
    udp::endpoint from;
    error_code error;
    const auto length = socket.receive_from(asio::buffer(buffer), from, 0, error);
    // An error here is a late ICMP message for something sent earlier: the schedule goes on.
    if (error) continue;
    machine.handle_packet(std::chrono::steady_clock::now(), {from.address(), from.port()},
                          std::string_view(buffer.data(), length));
    co_return drive_end::event;
  }
}

}  // namespace natcheck::net
