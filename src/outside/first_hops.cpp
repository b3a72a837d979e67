#include "outside/first_hops.hpp"

#include <spdlog/spdlog.h>

#include <array>
#include <boost/asio/ip/unicast.hpp>
#include <natcheck/operations.hpp>

#include "core/canonical.hpp"
#include "net/socket_errors.hpp"

namespace natcheck::outside {
namespace {

using net::asio::awaitable;

result<net::udp::socket> open(const net::asio::any_io_executor& executor, const endpoint& target,
                              const std::string& interface, int ttl) {
  constexpr auto operation = operation_code::looking_for_first_hops;
  const address any = target.ip.is_v6() ? address(boost::asio::ip::address_v6::any())
                                        : address(boost::asio::ip::address_v4::any());
  auto socket = net::open_udp(executor, {any, interface}, operation);
  if (!socket) return socket.error();
  net::keep_errors(socket->native_handle());
  net::error_code error;
  socket->set_option(net::asio::ip::unicast::hops(ttl), error);
  if (!error) socket->connect({target.ip, target.port}, error);
  if (!error) socket->send(net::asio::const_buffer(nullptr, 0), 0, error);
  if (error) return net::failure_from(operation, error);
  return socket;
}

/// Our own kernel speaks for a next hop that is not there.
void note_errors(net::udp::socket& socket, const endpoint& target, std::optional<address>& who) {
  net::error_code ignored;
  const address own = socket.local_endpoint(ignored).address();
  while (const auto told = net::next_error(socket.native_handle())) {
    if (!told->icmp || canonical(told->icmp->from) == canonical(own)) continue;
    who = canonical(told->icmp->from);
    spdlog::debug("on the path to {}: {} answers", to_string(target), who->to_string());
  }
}

awaitable<void> watch_hop(endpoint target, std::string interface, int ttl,
                          std::optional<address>& who) {
  const auto executor = co_await net::asio::this_coro::executor;
  auto socket = open(executor, target, interface, ttl);
  if (!socket) spdlog::debug("{}", to_string(socket.error()));
  while (socket && !who) {
    co_await net::wait_readable(*socket);
    note_errors(*socket, target, who);
    std::array<char, 64> answer;
    net::error_code nothing;
    socket->receive(net::asio::buffer(answer), 0, nothing);
    if (!nothing) who = canonical(target.ip);
  }
  if (who == canonical(target.ip)) co_return;
  co_await net::forever();
}

net::coroutines watches_of(const endpoint& target, const std::string& interface,
                           std::array<std::optional<address>, 3>& hops) {
  net::coroutines watches;
  for (int ttl = 1; auto& who : hops) watches.push_back(watch_hop(target, interface, ttl++, who));
  return watches;
}

}  // namespace

awaitable<void> watch_first_hops(endpoint target, std::string interface,
                                 std::array<std::optional<address>, 3>& hops) {
  co_await net::when_all(watches_of(target, interface, hops));
}

awaitable<void> watch_for_proxy(endpoint target, std::string interface, bool& proxy) {
  const auto executor = co_await net::asio::this_coro::executor;
  const address any = target.ip.is_v6() ? address(boost::asio::ip::address_v6::any())
                                        : address(boost::asio::ip::address_v4::any());
  auto socket = net::open_tcp(executor, {any, interface}, operation_code::looking_for_proxy);
  if (!socket) co_return;
  net::error_code error;
  socket->set_option(net::asio::ip::unicast::hops(1), error);
  if (error) co_return;
  const net::tcp::endpoint remote(target.ip, target.port);
  const auto [failed] = co_await socket->async_connect(remote, net::as_result);
  if (!failed) proxy = true;
}

awaitable<void> locate(endpoint target, std::string interface,
                       std::array<std::optional<address>, 3>& hops, net::steady_time deadline) {
  co_await net::with_deadline(deadline, net::when_any(watches_of(target, interface, hops)));
}

}  // namespace natcheck::outside
