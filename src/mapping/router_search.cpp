#include "mapping/router_search.hpp"

#include <spdlog/spdlog.h>

#include "diagnosis/which_router.hpp"
#include "discover/discovery.hpp"
#include "discover/router_behind.hpp"
#include "net/host_network.hpp"
#include "net/when_all.hpp"

namespace natcheck::mappings {
namespace {

using net::asio::awaitable;

constexpr std::chrono::seconds longest_search{5};

}  // namespace

router_search::router_search(const net::asio::any_io_executor& executor, asked_options asked,
                             std::vector<std::string> stun_servers,
                             std::function<awaitable<void>()> on_end)
    : asked_(std::move(asked)),
      stun_servers_(std::move(stun_servers)),
      on_end_(std::move(on_end)),
      wanted_(executor),
      idle_(executor) {
  idle_.set();
}

portmap::gateway_access router_search::access(portmap::gateway_access by_route) {
  if (found_) {
    by_route.gateway = *found_;
  } else if (!by_route.by_tunnel) {
    by_route.on_other_gateway = [this](const address&) { heard_ = true; };
  }
  return by_route;
}

bool router_search::is_running() const { return wanted_.is_set(); }

bool router_search::begin(const mapping_evidence& failed) {
  if (!judging::offers_nothing(failed) || found_) return false;
  if (is_running()) return true;
  const bool may_be = heard_ || (judging::asks_without_search(failed) && failed.tunnel.empty());
  if (begun_ || !may_be || asked_.gateway) return false;
  begun_ = true;
  idle_.reset();
  wanted_.set();
  return true;
}

void router_search::forget() {
  heard_ = begun_ = false;
  found_.reset();
}

/// By the same rule as `discover`.
awaitable<std::optional<address>> router_search::look() const {
  discover_options asked;
  asked.interface = asked_.interface;
  asked.stun_servers = stun_servers_;
  asked.web_check.clear();
  discover_evidence seen;
  auto host = net::read_host_network({asked_.interface, std::nullopt});
  if (!host || !host->ipv4) co_return std::nullopt;
  seen.host = std::move(*host);
  const auto executor = co_await net::asio::this_coro::executor;
  discovering::discovery asking(asked, seen, std::chrono::steady_clock::now() + longest_search,
                                executor);
  co_await asking.run();
  const bool is_other = seen.gateway && seen.host.ipv4->gateway != seen.gateway->ip;
  co_return is_other ? std::optional(seen.gateway->ip) : std::nullopt;
}

awaitable<void> router_search::run() {
  for (;;) {
    co_await wanted_.wait();
    auto router = co_await look();
    co_await net::unless_cancelled();
    if (begun_) found_ = std::move(router);  // else it was in another network
    if (found_) spdlog::debug("the router is {}; asking it from now on", found_->to_string());
    wanted_.reset();
    co_await on_end_();
    co_await net::unless_cancelled();
    idle_.set();
  }
}

awaitable<void> router_search::idle() { co_await idle_.wait(); }

}  // namespace natcheck::mappings
