#include "server/udp_responder.hpp"

#include <array>
#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>

#include "protocols/greeting/datagram.hpp"
#include "server/listeners.hpp"

namespace natcheck::serving {

using net::asio::awaitable;

namespace {

/// Datagrams read at a time, before everyone else on this thread has a turn.
constexpr int batch = 64;

}  // namespace

udp_responder::udp_responder(net::asio::any_io_executor executor, const server_identity& identity,
                             std::function<void(const session_result&)> on_end)
    : executor_(std::move(executor)),
      responder_({identity.instance, identity.version}),
      vicinity_(identity.vicinity),
      on_end_(std::move(on_end)) {}

std::optional<failure> udp_responder::listen(const endpoint& local, const std::string& device) {
  net::error_code error;
  auto listener = net::udp_listener::open(executor_, local, device, error);
  if (!error) {
    listeners_.push_back(std::move(listener));
    return std::nullopt;
  }
  failure failed = cannot_listen(local, transport::udp, error);
  if (is_switched_off(error)) failed.kind = outcome::unreachable;
  return failed;
}

awaitable<void> udp_responder::run() {
  net::coroutines works;
  for (net::udp_listener& each : listeners_) works.push_back(serve(each));
  co_await net::when_all(std::move(works));
}

awaitable<void> udp_responder::serve(net::udp_listener& here) {
  for (;;) {
    const auto closed = co_await here.readable();
    co_await net::unless_cancelled();
    if (closed) co_return;
    serve_batch(here);
  }
}

void udp_responder::serve_batch(net::udp_listener& here) {
  std::array<char, greeting::max_read_datagram> buffer;
  for (int i = 0; i < batch; ++i) {
    const auto came = here.receive(buffer);
    if (!came) return;
    // One question to many must not bring many answers upon its sender (RFC 1122 section 3.2.1.3).
    if (came->to_this_host) handle(here, *came);
  }
}

void udp_responder::handle(net::udp_listener& here, const net::received_datagram& came) {
  const auto now = std::chrono::steady_clock::now();
  if (on_datagram) on_datagram(came.peer);
  const auto near = vicinity_ ? vicinity_->of(came.peer.ip) : std::nullopt;
  const greeting::arrival datagram{came.peer, came.local, came.bytes, came.whole, near, came.ttl};
  auto response = responder_.handle(now, datagram);
  if (!response.answer.empty()) {
    const auto error = here.answer(came, response.answer);
    if (error) {
      const failure why = net::failure_from(operation_code::sending_answer, error);
      // No router has spoken: it is this host's own routing that has no way there.
      const bool no_way = error == net::asio::error::host_unreachable;
      response = responder_.unsent(now, datagram, response,
                                   no_way ? cause_code::no_route_to_visitor : why.detail);
    }
  }
  if (const auto& greeted = response.greeted) {
    on_end_(events::greeted{transport::udp,
                            came.peer,
                            greeted->session ? dialect::natcheck : dialect::plain,
                            greeted->session.value_or(""),
                            greeted->echoed,
                            net::since(now),
                            {},
                            came.ttl});
  }
  if (!response.rejected.empty()) {
    on_end_(events::rejected{transport::udp, came.peer, response.rejected});
  }
}

void udp_responder::close() {
  for (auto& listener : listeners_) listener.close();
}

}  // namespace natcheck::serving
