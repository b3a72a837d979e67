#include "net/neighbor.hpp"

#include <boost/asio/ip/unicast.hpp>
#include <natcheck/operations.hpp>

#include "net/host_network.hpp"

namespace natcheck::net {
namespace {

using namespace std::chrono_literals;

constexpr std::uint16_t discard_port = 9;
constexpr auto resolving_time = 300ms;
constexpr auto between_looks = 20ms;

}  // namespace

asio::awaitable<neighbor_state> resolve_neighbor(address ip, source from,
                                                 unsigned interface_index) {
  const auto executor = co_await asio::this_coro::executor;
  auto socket = open_udp(executor, from, operation(operation_code::asking_for_neighbor, ip));
  if (!socket) co_return neighbor_state::unknown;
  error_code error;
  socket->set_option(asio::ip::unicast::hops(1), error);
  socket->send_to(asio::const_buffer("", 1), {ip, discard_port}, 0, error);
  if (error) co_return neighbor_state::unknown;
  const auto end = std::chrono::steady_clock::now() + resolving_time;
  auto state = read_neighbor(ip, interface_index).state;
  while (state == neighbor_state::unanswered && std::chrono::steady_clock::now() < end) {
    co_await wait_for(between_looks);
    state = read_neighbor(ip, interface_index).state;
  }
  co_return state;
}

}  // namespace natcheck::net
