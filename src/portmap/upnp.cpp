#include "portmap/upnp.hpp"

#include <algorithm>
#include <natcheck/causes.hpp>

#include "portmap/upnp_http.hpp"
#include "portmap/upnp_search.hpp"

namespace natcheck::portmap {

namespace {

using net::asio::awaitable;

/// "Connected", or "Up" as some devices say.
bool is_connected(const wan_connection& connection) {
  if (!connection.status) return false;
  const auto status = connection.status->find("NewConnectionStatus");
  return status == "Connected" || status == "Up";
}

constexpr int best_rank = 4;

int rank(const wan_connection& connection) {
  const auto ip =
      connection.address ? connection.address->find_address("NewExternalIPAddress") : std::nullopt;
  if (is_connected(connection)) return ip && is_public(*ip) ? best_rank : 3;
  if (ip && !ip->is_unspecified()) return 2;
  return connection.status || connection.address ? 1 : 0;
}

/// One of several that hangs is not asked twice.
awaitable<wan_connection> ask_connection(const gateway_access& access, const wan_service& service,
                                         bool is_alone) {
  const auto start = std::chrono::steady_clock::now();
  auto status = co_await call_service(access, service, "GetStatusInfo");
  const bool hung = !status && net::since(start) >= access.times.reading;
  if (hung && !is_alone) co_return wan_connection{service, status, status.error()};
  auto external = co_await call_service(access, service, "GetExternalIPAddress");
  co_return wan_connection{service, std::move(status), std::move(external)};
}

void take_address(const soap_values& values, upnp_evidence& evidence) {
  // No element is a broken answer; an empty one is a statement of the gateway.
  evidence.external_address_text = values.find("NewExternalIPAddress");
  evidence.external_address = values.find_address("NewExternalIPAddress");
  if (!evidence.external_address_text) {
    evidence.detail = {cause_code::upnp_answer_lacks, "GetExternalIPAddress", "address"};
  }
}

std::optional<std::string> unless_empty(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

constexpr std::chrono::milliseconds least_wait{100};

std::optional<ipv6_firewall_status> read_firewall_status(const soap_values& values) {
  const auto enabled = values.find_flag("FirewallEnabled");
  const auto allowed = values.find_flag("InboundPinholeAllowed");
  if (!enabled || !allowed) return std::nullopt;
  return ipv6_firewall_status{*enabled, *allowed};
}

/// It decides nothing: it is asked last, and waited for no longer than what decides took.
awaitable<std::optional<ipv6_firewall_status>> ask_firewall(const gateway_access& access,
                                                            const wan_service& service,
                                                            net::steady_time deadline) {
  const auto answer =
      co_await net::with_deadline(deadline, call_service(access, service, "GetFirewallStatus"));
  co_return answer&&* answer ? read_firewall_status(**answer) : std::nullopt;
}

}  // namespace

/// Of equals the first is the best.
awaitable<wan_connection> choose_connection(const gateway_access& access,
                                            const igd_description& description) {
  gateway_access patience = access;
  const bool is_alone = description.services.size() == 1;
  std::optional<wan_connection> best;
  for (const wan_service& service : description.services) {
    const auto start = std::chrono::steady_clock::now();
    auto asked = co_await ask_connection(patience, service, is_alone);
    if (!best || rank(asked) > rank(*best)) best = std::move(asked);
    if (rank(*best) == best_rank) break;
    // Where one hangs, the others have to answer soon.
    if (net::since(start) >= access.times.reading)
      patience.times.reading = access.times.reading / 5;
  }
  co_return *std::move(best);
}

void take_description(const result<igd_description>& description, upnp_evidence& evidence) {
  if (!description) {
    evidence.state = state_of(description.error().kind);
    evidence.detail = description.error().detail;
    return;
  }
  evidence.device = unless_empty(description->device);
  evidence.manufacturer = unless_empty(description->manufacturer);
  evidence.model = unless_empty(description->model);
  evidence.wan_connections = description->services.size();
}

void take_connection(const wan_connection& connection, upnp_evidence& evidence) {
  evidence.service = connection.service.type;
  evidence.state = service_state::answered;
  if (connection.status) {
    evidence.connection_status = connection.status->find("NewConnectionStatus");
    evidence.uptime_s = connection.status->find_number<std::uint32_t>("NewUptime");
  }
  if (connection.address) return take_address(*connection.address, evidence);
  const failure& why = connection.address.error();
  evidence.detail = why.detail;
  if (why.code != 0) evidence.result = why.code;
  evidence.refusal = why.refusal;
  if (!connection.status) evidence.state = state_of(why.kind);
}

awaitable<upnp_evidence> ask_upnp(gateway_access access, net::steady_time deadline) {
  upnp_evidence evidence;
  const auto description = co_await find_igd(access, evidence, deadline);
  take_description(description, evidence);
  if (!description) co_return evidence;
  const auto start = std::chrono::steady_clock::now();
  const auto connection = co_await choose_connection(access, *description);
  take_connection(connection, evidence);
  if (description->ipv6_firewall) {
    const auto now = std::chrono::steady_clock::now();
    evidence.ipv6_firewall = co_await ask_firewall(access, *description->ipv6_firewall,
                                                   now + (now - start) + least_wait);
  }
  co_return evidence;
}

}  // namespace natcheck::portmap
