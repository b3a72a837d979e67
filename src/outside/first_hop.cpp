#include "outside/first_hop.hpp"

#include <spdlog/spdlog.h>

#include <array>
#include <boost/asio/ip/unicast.hpp>

#include "core/canonical.hpp"
#include "net/socket_errors.hpp"

namespace natcheck::outside {
namespace {

using net::asio::awaitable;

result<net::udp::socket> open(const net::asio::any_io_executor& executor, const endpoint& target,
                              const std::string& interface) {
  const std::string operation = "asking for the first router on the way";
  const address any = target.ip.is_v6() ? address(boost::asio::ip::address_v6::any())
                                        : address(boost::asio::ip::address_v4::any());
  auto socket = net::open_udp(executor, {any, interface}, operation);
  if (!socket) return socket.error();
  net::keep_errors(socket->native_handle());
  net::error_code error;
  socket->set_option(net::asio::ip::unicast::hops(1), error);
  if (!error) socket->connect({target.ip, target.port}, error);
  if (!error) socket->send(net::asio::const_buffer(nullptr, 0), 0, error);
  if (error) return net::failure_from(operation, error);
  return socket;
}

/// Our own kernel speaks for a next hop that is not there.
void note_errors(net::udp::socket& socket, const endpoint& target, first_hop& seen) {
  net::error_code ignored;
  const address own = socket.local_endpoint(ignored).address();
  while (const auto told = net::next_error(socket.native_handle())) {
    if (!told->icmp || canonical(told->icmp->from) == canonical(own)) continue;
    const bool itself = canonical(told->icmp->from) == canonical(target.ip);
    seen = itself ? first_hop::target : first_hop::other;
    spdlog::debug("the first router on the way to {} answers as {}", to_string(target),
                  told->icmp->from.to_string());
  }
}

}  // namespace

awaitable<void> watch_first_hop(endpoint target, std::string interface, first_hop& seen) {
  const auto executor = co_await net::asio::this_coro::executor;
  auto socket = open(executor, target, interface);
  net::asio::steady_timer never(executor, net::steady_time::max());
  if (!socket) spdlog::debug("{}", socket.error().message());
  while (socket && seen == first_hop::unknown) {
    co_await net::arrival(*socket);
    co_await net::unless_cancelled();
    note_errors(*socket, target, seen);
    std::array<char, 64> answer;
    net::error_code nothing;
    socket->receive(net::asio::buffer(answer), 0, nothing);
    if (!nothing) seen = first_hop::target;
  }
  co_await net::expiry(never);
  co_await net::unless_cancelled();
}

}  // namespace natcheck::outside
