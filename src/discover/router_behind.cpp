#include "discover/router_behind.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>

#include "core/gateway_services.hpp"
#include "diagnosis/which_router.hpp"
#include "net/host_network.hpp"
#include "outside/first_hops.hpp"
#include "outside/path.hpp"
#include "portmap/port_control.hpp"
#include "portmap/upnp.hpp"

namespace natcheck::discovering {
namespace {

using net::asio::awaitable;
using namespace std::chrono_literals;

constexpr std::size_t most_devices = 3;
constexpr unsigned most_hops = 2;

awaitable<std::vector<path_hop>> first_hops(std::string interface) {
  std::array<std::optional<address>, 3> who;
  co_await net::with_deadline(
      std::chrono::steady_clock::now() + 300ms,
      outside::watch_first_hops(outside::fallback_target(), std::move(interface), who));
  std::vector<path_hop> hops;
  for (unsigned ttl = 1; ttl <= most_hops; ++ttl) {
    path_hop hop;
    hop.ttl = ttl;
    hop.ip = who.at(ttl - 1);
    hops.push_back(hop);
  }
  co_return hops;
}

awaitable<void> ask(gateway_evidence& device, const route_info& way, net::steady_time deadline) {
  const auto access = portmap::access_to(device.ip, way);
  device.interface = way.interface;
  net::coroutines asking;
  for (const lease::codec* by : portmap::port_control_codecs) {
    asking.push_back(
        net::store(service_of(device, by->via), portmap::ask_port_control(access, *by, deadline)));
  }
  asking.push_back(net::store(device.upnp, portmap::ask_upnp(access, deadline)));
  co_await net::when_all(std::move(asking));
  device.link_layer = net::read_neighbor(device.ip, way.interface_index).link_layer;
}

std::vector<gateway_evidence> candidates(const route_info& way,
                                         const std::vector<address>& responders,
                                         const std::vector<path_hop>& hops) {
  std::vector<gateway_evidence> all;
  const auto add = [&](const address& ip) {
    const bool known = std::ranges::find(all, ip, &gateway_evidence::ip) != all.end();
    if (known || all.size() == most_devices || !judging::may_be_router(way, ip)) return;
    all.emplace_back().ip = ip;
  };
  for (const path_hop& hop : hops) {
    if (hop.ip) add(*hop.ip);
  }
  for (const address& ip : responders) add(ip);
  return all;
}

awaitable<void> look(discover_evidence& seen, std::vector<address> responders,
                     net::steady_time deadline) {
  const route_info& way = *seen.host.ipv4;
  seen.path.hops = co_await first_hops(way.interface);
  co_await net::unless_cancelled();
  seen.other_gateways = candidates(way, responders, seen.path.hops);
  net::coroutines questions;
  questions.push_back(ask(*seen.gateway, way, deadline));
  for (gateway_evidence& each : seen.other_gateways) {
    questions.push_back(ask(each, way, deadline));
  }
  co_await net::when_all(std::move(questions));
}

}  // namespace

awaitable<std::optional<address>> router_behind(host_network host, std::vector<address> responders,
                                                net::steady_time deadline) {
  discover_evidence seen;
  seen.host = std::move(host);
  const address by_route = *seen.host.ipv4->gateway;
  seen.gateway.emplace().ip = by_route;
  const bool ended =
      co_await net::with_deadline(deadline, look(seen, std::move(responders), deadline));
  co_await net::unless_cancelled();
  if (!ended) co_return std::nullopt;
  judging::settle_router(seen);
  if (seen.gateway->ip == by_route) co_return std::nullopt;
  spdlog::debug("{} is the router behind {}", seen.gateway->ip.to_string(), by_route.to_string());
  co_return seen.gateway->ip;
}

}  // namespace natcheck::discovering
