#include "outside/owner.hpp"

#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>
#include <vector>

#include "net/random.hpp"
#include "outside/owner_schedule.hpp"

namespace natcheck::outside {
namespace {

using net::asio::awaitable;

/// The packets that can be sent, and a socket for each.
struct owner_sockets {
  std::vector<net::udp::socket> sockets;
  std::vector<owner_schedule::packet> packets;
  cause why_not;  ///< the last one could not be opened

  void add(result<net::udp::socket> socket, owner_schedule::packet packet) {
    if (!socket) {
      why_not = socket.error().detail;
      return;
    }
    net::error_code error = limit_hops(*socket, 1);
    if (error) {
      why_not = net::failure_from({}, error).detail;
      return;
    }
    sockets.push_back(std::move(*socket));
    packets.push_back(std::move(packet));
  }
};

}  // namespace

awaitable<void> ask_owner(address target, address gateway, net::source from, owner_evidence& seen,
                          net::steady_time deadline) {
  seen = {};
  seen.target = target;
  const auto executor = co_await net::asio::this_coro::executor;
  const natcheck::operation operation(operation_code::testing_owner, target);
  owner_sockets asking;
  asking.add(net::open_udp(executor, from, operation), {std::string(8, '\0')});
  asking.add(net::open_ping(executor, from, operation),
             owner_schedule::echo_request(random_bytes(8)));
  if (asking.sockets.empty()) {
    seen.detail = asking.why_not;
    co_return;
  }
  seen.detail = cause_code::stopped_before_an_answer;
  owner_schedule machine(gateway, from.local, std::move(asking.packets), seen,
                         std::chrono::steady_clock::now());
  const auto ended =
      co_await net::with_deadline(deadline, net::drive(std::span(asking.sockets), machine));
  if (ended) machine.conclude();
}

}  // namespace natcheck::outside
