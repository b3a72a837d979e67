#include "discover/ipv4_gateway.hpp"

#include <boost/asio/ip/unicast.hpp>
#include <natcheck/operations.hpp>
#include <vector>

#include "net/host_network.hpp"
#include "net/neighbor.hpp"
#include "net/socket_errors.hpp"
#include "outside/path.hpp"
#include "portmap/upnp_search.hpp"

namespace natcheck::discovering {
namespace {

using net::asio::awaitable;
using namespace std::chrono_literals;

constexpr std::uint16_t discard_port = 9;
constexpr auto answering_time = 300ms;
constexpr auto between_looks = 10ms;

/// Takes `ip` for the router's when it is: one device has one link-layer address for both versions
/// of IP.
awaitable<void> examine(route_info& way, address ip) {
  const auto index = way.interface_index;
  const net::source by_ipv4{way.local, way.interface};
  const net::source by_ipv6{net::asio::ip::address_v6::any(), way.interface};
  co_await net::resolve_neighbor(*way.gateway_ipv6, by_ipv6, index);
  co_await net::resolve_neighbor(ip, by_ipv4, index);
  const auto router = net::read_neighbor(*way.gateway_ipv6, index).link_layer;
  if (!router.empty() && router == net::read_neighbor(ip, index).link_layer) way.gateway = ip;
}

/// Who says that a packet may go no further, of one that may go no further than the router.
awaitable<void> ask_first_hop(route_info& way) {
  const auto executor = co_await net::asio::this_coro::executor;
  const net::source from{way.local, way.interface};
  auto socket = net::open_udp(executor, from, operation_code::asking_for_router_address);
  if (!socket) co_return;
  net::error_code error;
  socket->set_option(net::asio::ip::unicast::hops(1), error);
  if (error) co_return;
  net::keep_errors(socket->native_handle());
  const net::udp::endpoint beyond(outside::fallback_target().ip, discard_port);
  socket->send_to(net::asio::const_buffer("", 1), beyond, 0, error);
  const auto end = std::chrono::steady_clock::now() + answering_time;
  auto answer = net::next_error(socket->native_handle());
  while (!answer && std::chrono::steady_clock::now() < end) {
    co_await net::wait_for(between_looks);
    answer = net::next_error(socket->native_handle());
  }
  if (answer && answer->icmp) co_await examine(way, answer->icmp->from);
}

awaitable<void> examine_all(route_info& way, const std::vector<address>& devices) {
  for (std::size_t next = 0; !way.gateway;) {
    if (next == devices.size()) {
      co_await net::wait_for(between_looks);
    } else {
      co_await examine(way, devices[next++]);
    }
  }
}

awaitable<void> search(const route_info& way, std::vector<address>& devices) {
  portmap::gateway_access access;
  access.gateway = access.ssdp_multicast.ip;  // so that whoever answers is told of
  access.from = {way.local, way.interface};
  access.interface_index = way.interface_index;
  access.on_other_gateway = [&devices](const address& ip) { devices.push_back(ip); };
  upnp_evidence seen;
  co_await portmap::find_igd(access, seen, net::steady_time::max());
}

awaitable<void> ask_link(route_info& way) {
  co_await ask_first_hop(way);
  co_await net::unless_cancelled();
  if (way.gateway) co_return;
  std::vector<address> devices;
  co_await net::when_any(search(way, devices), examine_all(way, devices));
}

}  // namespace

awaitable<void> find_ipv4_gateway(std::optional<route_info>& way, net::steady_time deadline) {
  if (!way || way->gateway || !way->gateway_ipv6) co_return;
  co_await net::with_deadline(deadline, ask_link(*way));
}

}  // namespace natcheck::discovering
