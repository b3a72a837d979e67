// Runs a polled machine on a UDP socket until it has something to say.
#pragma once

#include <algorithm>
#include <array>
#include <natcheck/endpoint.hpp>
#include <string_view>

#include "net/sockets.hpp"

namespace natcheck::net {

enum class drive_end {
  event,     ///< the machine may have events: poll it
  finished,  ///< its schedule is over
  deadline,  ///< the caller's time is over
};

/// Sends what `machine` has due; remembers the last error in `failed`.
template <class Machine>
void transmit_due(udp::socket& socket, Machine& machine, error_code& failed) {
  while (auto next = machine.poll_transmit(std::chrono::steady_clock::now())) {
    error_code error;
    socket.send_to(asio::buffer(next->payload), {next->to.ip, next->to.port}, 0, error);
    if (error) failed = error;
  }
}

/// Sends, receives and waits for `machine` until a datagram made a difference to it, its schedule
/// is over, or `deadline` has passed. May be called again after an event.
template <class Machine>
asio::awaitable<drive_end> drive(udp::socket& socket, Machine& machine, steady_time deadline,
                                 error_code& send_error) {
  std::array<char, 8192> buffer;
  for (;;) {
    transmit_due(socket, machine, send_error);
    const auto now = std::chrono::steady_clock::now();
    if (machine.finished(now)) co_return drive_end::finished;
    if (now >= deadline) co_return drive_end::deadline;
    const auto wake = std::min(machine.next_timeout().value_or(deadline), deadline);
    // Waiting and reading are separate so that a deadline never swallows a datagram.
    const auto readable =
        co_await before(wake, socket.async_wait(udp::socket::wait_read, as_result));
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
