#include "outside/path.hpp"

#include <algorithm>
#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>
#include <vector>

#include "net/route_refusal.hpp"
#include "outside/path_schedule.hpp"
#include "outside/stun_id.hpp"

namespace natcheck::outside {
namespace {

using net::asio::awaitable;

constexpr std::uint16_t dns_port = 53;

/// Asks for the name servers of the root, which every name server knows (RFC 1035 section 4.1).
constexpr std::string_view root_query(
    "\x6e\x63\0\0\0\1\0\0\0\0\0\0"  // one question
    "\0\0\2\0\1",                   // ".", NS, IN
    17);

/// Something that whoever listens on that port expects.
std::string payload_for(std::uint16_t port) {
  if (port == dns_port) return std::string(root_query);
  stun::binding_request request;
  request.id = new_transaction();
  const stun::bytes encoded = stun::encode(request);
  return {encoded.begin(), encoded.end()};
}

/// A socket for each TTL.
result<std::vector<net::udp::socket>> open_sockets(const net::asio::any_io_executor& executor,
                                                   const endpoint& target,
                                                   const net::source& from) {
  const natcheck::operation operation(operation_code::tracing_path, target);
  auto refused = net::route_refusal(operation, from, transport::udp, target);
  if (refused) return *std::move(refused);
  std::vector<net::udp::socket> sockets;
  for (std::size_t ttl = 1; ttl <= path_schedule::highest_ttl; ++ttl) {
    auto socket = net::open_udp(executor, from, operation);
    if (!socket) return socket.error();
    net::error_code error = limit_hops(*socket, static_cast<int>(ttl));
    if (!error) socket->connect({target.ip, target.port}, error);
    if (error) return net::failure_from(operation, error);
    sockets.push_back(std::move(*socket));
  }
  return sockets;
}

}  // namespace

endpoint fallback_target() { return {net::asio::ip::make_address("198.41.0.4"), dns_port}; }

std::optional<endpoint> path_target(const std::vector<stun_server>& servers) {
  for (const auto& server : servers) {
    for (const address& ip : server.addresses) {
      if (ip.is_v4() && !cannot_be_outside(ip)) return endpoint{ip, server.port};
    }
  }
  const bool all_are_near =
      std::all_of(servers.begin(), servers.end(), [](const stun_server& server) {
        return server.is_literal &&
               std::any_of(server.addresses.begin(), server.addresses.end(), cannot_be_outside);
      });
  if (all_are_near) return std::nullopt;
  return fallback_target();
}

awaitable<void> trace(endpoint target, net::source from, path_evidence& seen,
                      net::steady_time deadline) {
  seen = {};
  seen.target = target;
  seen.detail = cause_code::stopped_before_an_answer;
  const auto executor = co_await net::asio::this_coro::executor;
  auto sockets = open_sockets(executor, target, from);
  if (!sockets) {
    seen.detail = sockets.error().detail;
    co_return;
  }
  path_schedule machine(target, from.local, payload_for(target.port), seen,
                        std::chrono::steady_clock::now());
  const auto ended =
      co_await net::with_deadline(deadline, net::drive(std::span(*sockets), machine));
  if (ended) machine.conclude();
}

}  // namespace natcheck::outside
