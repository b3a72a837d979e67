#include <spdlog/spdlog.h>

#include <natcheck/discover.hpp>

#include "net/host_network.hpp"
#include "net/sockets.hpp"
#include "portmap/nat_pmp.hpp"
#include "portmap/upnp.hpp"

namespace natcheck {
namespace {

using net::asio::awaitable;

constexpr const char* out_of_time = "the time limit ended before it could be asked to the end";

/// The answer, or the honest absence of one when the command's time is over first.
template <class Evidence>
awaitable<Evidence> within(net::steady_time deadline, awaitable<Evidence> asking) {
  auto answer = co_await net::before(deadline, std::move(asking));
  if (answer) co_return std::move(*answer);
  Evidence none;
  none.detail = out_of_time;
  co_return none;
}

/// Asks every service of the gateway at the same time.
awaitable<gateway_evidence> ask_gateway(const route_info& way, address gateway,
                                        net::steady_time deadline) {
  using namespace net::asio::experimental::awaitable_operators;
  const portmap::gateway_access access{gateway, {way.local, way.interface}, way.interface_index};
  // Each is told to end a little earlier than it is made to, so that it can say how far it came.
  const auto told = deadline - std::chrono::milliseconds(10);
  gateway_evidence evidence;
  evidence.ip = gateway;
  evidence.interface = way.interface;
  std::tie(evidence.nat_pmp, evidence.upnp) =
      co_await (within(deadline, portmap::ask_nat_pmp(access, told)) &&
                within(deadline, portmap::ask_upnp(access, told)));
  // Only now, since the kernel has just had to resolve the gateway to send it something.
  evidence.neighbor = net::read_neighbor(gateway, way.interface_index);
  co_return evidence;
}

}  // namespace

awaitable<result<discover_report>> discover(discover_options options) {
  const auto start = std::chrono::steady_clock::now();
  const auto deadline = start + options.timeout;
  discover_report report;
  report.started_at = std::chrono::system_clock::now();
  auto host = net::read_host_network({options.interface, options.gateway});
  if (!host) co_return host.error();
  report.evidence.host = std::move(*host);
  const auto& way = report.evidence.host.ipv4;
  if (way) {
    spdlog::debug("the way out: {} on {}, gateway {}", way->local.to_string(), way->interface,
                  way->gateway ? way->gateway->to_string() : "none");
  }
  if (way && way->gateway) {
    report.evidence.gateway = co_await ask_gateway(*way, *way->gateway, deadline);
  }
  report.external = public_address_of(report.evidence);
  report.judged = diagnose(report.evidence);
  report.elapsed = net::since(start);
  co_return report;
}

}  // namespace natcheck
