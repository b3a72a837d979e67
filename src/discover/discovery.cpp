#include "discover/discovery.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <natcheck/causes.hpp>
#include <natcheck/diagnosis.hpp>

#include "core/gateway_services.hpp"
#include "diagnosis/decided.hpp"
#include "diagnosis/facts.hpp"
#include "diagnosis/findings.hpp"
#include "diagnosis/which_router.hpp"
#include "net/host_network.hpp"
#include "net/neighbor.hpp"
#include "outside/behavior.hpp"
#include "outside/nat64.hpp"
#include "outside/owner.hpp"
#include "outside/path.hpp"
#include "outside/web.hpp"
#include "portmap/epoch_check.hpp"
#include "portmap/port_control.hpp"
#include "portmap/upnp.hpp"

namespace natcheck::discovering {
namespace {

using net::asio::awaitable;
using namespace std::chrono_literals;

// What a network without answers may cost in all: names, then packets that no one answers.
constexpr auto names_limit = 1000ms;
// STUN answers come well before; a portal or a dead line is what is left.
constexpr auto web_starts_after = 300ms;
// The gateway and the router behind it are near; a lost packet is sent again after 150 ms.
constexpr auto settled_grace = 250ms;
/// Other devices of the link that are asked whether they are the router.
constexpr std::size_t most_candidates = 2;

/// The answer, or the honest absence of one when the command's time is over first.
template <class Evidence>
awaitable<void> ask(Evidence& seen, net::steady_time deadline, awaitable<Evidence> asking) {
  auto answer = co_await net::with_deadline(deadline, std::move(asking));
  if (answer) {
    seen = std::move(*answer);
  } else {
    seen.detail = cause_code::not_answered_in_time;
  }
}

bool answered(const stun_evidence& server) { return server.state == service_state::answered; }

net::source source_of(const route_info& way) { return {way.local, way.interface}; }

}  // namespace

discovery::discovery(const discover_options& options, discover_evidence& seen,
                     net::steady_time deadline, const net::asio::any_io_executor& executor)
    : options_(options),
      seen_(seen),
      start_(std::chrono::steady_clock::now()),
      deadline_(deadline),
      soft_deadline_(deadline_ - 10ms),
      ipv4_survey_end_(executor),
      ipv6_end_(executor),
      settled_(executor),
      owner_end_(executor),
      candidates_end_(executor),
      decided_(executor) {
  for (std::size_t n = 0; n < most_candidates; ++n) candidates_.emplace_back(executor);
}

discovery::candidate::candidate(const net::asio::any_io_executor& executor) : settled(executor) {}

awaitable<void> discovery::run() {
  if (const auto& way = seen_.host.ipv4) {
    spdlog::debug("route to the Internet: {} on {}, gateway {}", way->local.to_string(),
                  way->interface, way->gateway ? way->gateway->to_string() : "none");
  }
  note_progress();
  co_await net::with_deadline(decided_, ask_everybody());
  judging::settle_router(seen_);
  name_reasons();
  const bool tests_nat = options_.behavior || options_.binding_lifetime;
  if (tests_nat && !options_.answer_only) co_await test_behavior();
}

awaitable<void> discovery::ask_everybody() {
  net::coroutines works =
      net::listed(ask_gateway(), ask_ipv6_router(), ask_outside(), find_nat64());
  for (candidate& each : candidates_) works.push_back(ask_candidate(each));
  co_await net::when_all(std::move(works));
}

awaitable<void> discovery::ask_gateway() {
  const auto& way = seen_.host.ipv4;
  if (way && way->gateway) {
    seen_.gateway.emplace();
    seen_.gateway->ip = *way->gateway;
    co_await ask_services(*seen_.gateway, *way);
  }
  gateway_done_ = true;
  note_progress();
}

awaitable<void> discovery::ask_candidate(candidate& which) {
  co_await which.settled.wait();
  if (!which.ip) co_return;
  gateway_evidence device;
  device.ip = *which.ip;
  const bool asked =
      co_await net::with_deadline(candidates_end_, ask_services(device, *seen_.host.ipv4));
  if (!asked) co_return;
  seen_.other_gateways.push_back(std::move(device));
  note_progress();
}

awaitable<void> discovery::ask_services(gateway_evidence& device, const route_info& way) {
  device.interface = way.interface;
  portmap::gateway_access access = portmap::access_to(device.ip, way);
  const bool by_route = device.ip == way.gateway;
  if (by_route) access.on_other_gateway = [this](const address& ip) { add_candidate(ip); };
  const auto noting = [this](awaitable<void> asking) -> awaitable<void> {
    co_await std::move(asking);
    note_progress();
  };
  const auto began = std::chrono::steady_clock::now();
  auto last_answer = began;
  const auto timed = [&last_answer](awaitable<void> asking) -> awaitable<void> {
    co_await std::move(asking);
    last_answer = std::chrono::steady_clock::now();
  };
  net::coroutines asking;
  for (const lease::codec* by : portmap::port_control_codecs) {
    asking.push_back(noting(timed(ask(service_of(device, by->via), deadline_,
                                      portmap::ask_port_control(access, *by, soft_deadline_)))));
  }
  asking.push_back(noting(ask(device.upnp, deadline_, portmap::ask_upnp(access, soft_deadline_))));
  co_await net::when_all(std::move(asking));
  if (judging::seems_restarted(device) && !options_.answer_only) {
    device.epoch_advances = co_await portmap::epoch_advances(access, device, began, last_answer);
  }
  // Only now, since the kernel has just had to resolve the device to send it something.
  auto entry = net::read_neighbor(device.ip, way.interface_index);
  device.neighbor = entry.state;
  device.link_layer = std::move(entry.link_layer);
}

awaitable<void> discovery::ask_ipv6_router() {
  const auto& way = seen_.host.ipv6;
  if (!way || !way->gateway || !is_public(way->local)) {
    seen_.ipv6_pcp.detail = cause_code::no_public_ipv6_behind_router;
    co_return;
  }
  const auto access = portmap::access_to(*way->gateway, *way);
  co_await ask(seen_.ipv6_pcp, deadline_,
               portmap::ask_port_control(access, pcp::codec, soft_deadline_));
}

awaitable<void> discovery::ask_outside() {
  if (!asks_outside()) {
    seen_.path.detail = cause_code::external_servers_off;
    seen_.owner.detail = cause_code::external_servers_off;
    seen_.web.detail = cause_code::external_servers_off;
    path_done_ = owner_done_ = true;
    note_progress();
    co_return;
  }
  const auto servers = co_await outside::find_servers(
      options_.stun_servers, std::min(soft_deadline_, start_ + names_limit));
  co_await net::when_all(take_survey(servers), test_path(servers), check_web());
}

awaitable<void> discovery::take_survey(const std::vector<outside::stun_server>& servers) {
  outside::survey_options wanted;
  wanted.wants_other_address = options_.behavior || options_.binding_lifetime;
  wanted.whole_ipv6 = true;
  for (const auto& way : {seen_.host.ipv4, seen_.host.ipv6}) {
    if (way) wanted.own_networks.push_back({way->local, way->prefix_length});
  }
  wanted.on_news = [this](std::vector<stun_evidence> so_far, bool ipv4_done) {
    take_answers(std::move(so_far), ipv4_done);
  };
  auto all = co_await net::with_deadline(
      ipv6_end_, outside::survey(servers, egress_routes(), std::move(wanted), soft_deadline_));
  take_answers(all ? *std::move(all) : std::move(seen_.stun), true);
}

void discovery::take_answers(std::vector<stun_evidence> so_far, bool ipv4_done) {
  seen_.stun = std::move(so_far);
  if (ipv4_done && !ipv4_survey_done_) ipv4_survey_end_.set();
  ipv4_survey_done_ = ipv4_done;
  note_progress();
}

awaitable<void> discovery::test_path(const std::vector<outside::stun_server>& servers) {
  co_await net::when_any(net::when_all(trace_path(servers), ask_owner()), path_is_settled());
  path_done_ = owner_done_ = true;
  note_progress();
}

awaitable<void> discovery::path_is_settled() {
  co_await settled_.wait();
  const auto end = std::chrono::steady_clock::now() + settled_grace;
  co_await net::with_deadline(end, owner_end_.wait());
  const bool open = seen_.owner.target && judging::gateway_owns_seen_address(seen_) != tested::yes;
  if (open) co_await net::wait_until(end);
}

awaitable<void> discovery::ask_owner() {
  co_await ipv4_survey_end_.wait();
  const auto& way = seen_.host.ipv4;
  const auto target = judging::seen_outside(seen_);
  if (!way || !way->gateway || !target || way->kind == interface_kind::tunnel) {
    seen_.owner.detail =
        target ? cause_code::no_router_on_route : cause_code::no_external_address_seen;
  } else if (judging::is_own_address(seen_.host, *target)) {
    seen_.owner.detail = cause_code::external_address_is_own;
  } else {
    co_await outside::ask_owner(*target, *way->gateway, source_of(*way), seen_.owner,
                                soft_deadline_);
  }
  owner_done_ = true;
  owner_end_.set();
  note_progress();
}

awaitable<void> discovery::trace_path(const std::vector<outside::stun_server>& servers) {
  const auto& way = seen_.host.ipv4;
  const auto target = outside::path_target(servers);
  if (way && target) {
    co_await outside::trace(*target, source_of(*way), seen_.path, soft_deadline_);
    for (path_hop& hop : seen_.path.hops) {
      if (!hop.ip || hop.ttl < 2 || !judging::may_be_router(*way, *hop.ip)) continue;
      const address ip = *hop.ip;
      hop.neighbor = co_await net::resolve_neighbor(ip, source_of(*way), way->interface_index);
    }
    add_hops();
  } else {
    seen_.path.detail = way ? cause_code::no_external_server_known : cause_code::no_ipv4_route;
  }
  path_done_ = true;
  note_progress();
}

awaitable<void> discovery::check_web() {
  const auto& way = seen_.host.ipv4;
  if (options_.web_check.empty() || !way) {
    seen_.web.detail = way ? cause_code::web_check_off : cause_code::no_ipv4_route;
    co_return;
  }
  if (!ipv4_survey_done_) {
    co_await net::with_deadline(start_ + web_starts_after, ipv4_survey_end_.wait());
  }
  if (std::any_of(seen_.stun.begin(), seen_.stun.end(), answered)) {
    seen_.web.detail = cause_code::server_has_answered;
    co_return;
  }
  seen_.web = co_await outside::check_web(options_.web_check, source_of(*way), soft_deadline_);
}

awaitable<void> discovery::find_nat64() {
  const bool needs_it =
      !seen_.host.ipv4 || scope_of(seen_.host.ipv4->local) == address_scope::ds_lite;
  if (!asks_outside() || !seen_.host.ipv6 || !needs_it) co_return;
  seen_.nat64 = co_await outside::find_nat64(std::min(soft_deadline_, start_ + names_limit));
}

awaitable<void> discovery::test_behavior() {
  const auto& way = seen_.host.ipv4;
  std::vector<cause> doubts;
  const auto server = outside::choose_server(seen_.stun, doubts);
  if (!way || !server) {
    seen_.nat.doubts = std::move(doubts);
    co_return;
  }
  if (options_.behavior) {
    seen_.nat = co_await outside::ask_behavior(*server, source_of(*way), soft_deadline_);
  }
  if (!options_.binding_lifetime) co_return;
  co_await outside::measure_lifetime(*server, source_of(*way), options_.on_progress, seen_.nat,
                                     soft_deadline_);
}

/// Any other device on the link may be the router: that is decided when all have answered.
void discovery::add_candidate(const address& ip) {
  const auto& way = seen_.host.ipv4;
  if (!way || !way->gateway || options_.gateway || !judging::may_be_router(*way, ip)) return;
  for (candidate& each : candidates_) {
    if (each.ip == ip) return;
    if (each.ip || each.settled.is_set()) continue;
    each.ip = ip;
    return each.settled.set();
  }
}

void discovery::add_hops() {
  for (const path_hop& hop : seen_.path.hops) {
    if (hop.ttl <= 2 && hop.ip) add_candidate(*hop.ip);
  }
}

void discovery::note_progress() {
  stop_what_is_not_needed();
  if (options_.on_evidence) options_.on_evidence(seen_);
  if (options_.answer_only && ipv4_survey_done_ && owner_done_ && is_decided()) decided_.set();
}

bool discovery::is_decided() const {
  discover_evidence so_far = seen_;
  // Before the gateway has answered everything, it may still be the router.
  if (gateway_done_) judging::settle_router(so_far);
  return judging::is_decided(so_far);
}

void discovery::stop_what_is_not_needed() {
  const bool settled = gateway_done_ && ipv4_survey_done_ && judging::is_settled(seen_);
  if (settled) settled_.set();
  if (settled) candidates_end_.set();
  if (gateway_done_ && path_done_) {
    for (candidate& each : candidates_) each.settled.set();
  }
  const bool rest_is_known = settled || (gateway_done_ && path_done_);
  if (ipv4_survey_done_ && rest_is_known && !judging::needs_ipv6(seen_)) ipv6_end_.set();
}

/// Of those that were not waited for, since the answer was known without them.
void discovery::name_reasons() {
  const auto name = [](service_evidence& service) {
    const bool open = service.state == service_state::not_tried && service.detail.empty();
    if (open) service.detail = cause_code::not_needed;
  };
  name(seen_.ipv6_pcp);
  if (!seen_.gateway) return;
  for (const gateway_service& row : gateway_services) name(service_of(*seen_.gateway, row.id));
}

outside::egress_routes discovery::egress_routes() const {
  outside::egress_routes ways;
  if (seen_.host.ipv4) ways.ipv4 = source_of(*seen_.host.ipv4);
  if (seen_.host.ipv6) ways.ipv6 = source_of(*seen_.host.ipv6);
  return ways;
}

}  // namespace natcheck::discovering
