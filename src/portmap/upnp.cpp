#include "portmap/upnp.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "portmap/upnp_http.hpp"
#include "portmap/upnp_search.hpp"

namespace natcheck::portmap {

using net::asio::awaitable;

awaitable<result<soap_values>> call_service(const gateway_access& access,
                                            const wan_service& service, std::string_view action,
                                            const soap_arguments& arguments) {
  soap_call call = make_call(service.type, action, arguments);
  const auto reply = co_await http_post(access, service.control, std::move(call));
  if (!reply) co_return reply.error();
  const endpoint peer{service.control.host, service.control.port};
  co_return read_answer(action, *reply,
                        fmt::format("asking {} for {} (UPnP)", to_string(peer), action));
}

namespace {

/// "Connected", or "Up" as some devices say.
bool is_connected(const wan_connection& connection) {
  if (!connection.status) return false;
  const auto status = connection.status->find("NewConnectionStatus");
  return status == "Connected" || status == "Up";
}

int rank(const wan_connection& connection) {
  const auto ip =
      connection.address ? connection.address->find_address("NewExternalIPAddress") : std::nullopt;
  if (is_connected(connection)) return ip && is_public(*ip) ? 4 : 3;
  if (ip && !ip->is_unspecified()) return 2;
  return connection.status || connection.address ? 1 : 0;
}

awaitable<wan_connection> ask_connection(const gateway_access& access, const wan_service& service) {
  auto status = co_await call_service(access, service, "GetStatusInfo");
  auto external = co_await call_service(access, service, "GetExternalIPAddress");
  co_return wan_connection{service, std::move(status), std::move(external)};
}

void take_address(const soap_values& values, upnp_evidence& evidence) {
  // No element is a broken answer; an empty one is a statement of the gateway.
  evidence.external_address_text = values.find("NewExternalIPAddress");
  evidence.external_address = values.find_address("NewExternalIPAddress");
  if (!evidence.external_address_text) {
    evidence.detail = "its answer to GetExternalIPAddress names no address";
  }
}

std::optional<std::string> unless_empty(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text;
}

std::optional<ipv6_firewall_status> read_firewall_status(const soap_values& values) {
  const auto enabled = values.find_flag("FirewallEnabled");
  const auto allowed = values.find_flag("InboundPinholeAllowed");
  if (!enabled || !allowed) return std::nullopt;
  return ipv6_firewall_status{*enabled, *allowed};
}

/// Asks until `enough` expires.
awaitable<void> ask_firewall(std::optional<ipv6_firewall_status>& seen,
                             const gateway_access& access,
                             const std::optional<wan_service>& service,
                             net::asio::steady_timer& enough) {
  if (!service) co_return;
  const auto answer =
      co_await net::until(enough, call_service(access, *service, "GetFirewallStatus"));
  if (answer && *answer) seen = read_firewall_status(**answer);
}

/// Lets `enough` expire when the connection is chosen.
awaitable<void> choose_and_end(std::optional<wan_connection>& chosen, const gateway_access& access,
                               const igd_description& description,
                               net::asio::steady_timer& enough) {
  chosen.emplace(co_await choose_connection(access, description));
  enough.expires_at(net::steady_time::min());
}

}  // namespace

/// Asks all of them at once; of equals the first is the best.
awaitable<wan_connection> choose_connection(const gateway_access& access,
                                            const igd_description& description) {
  std::vector<std::optional<wan_connection>> connections(description.services.size());
  net::coroutines works;
  for (std::size_t i = 0; i < connections.size(); ++i) {
    works.push_back(net::put(connections[i], ask_connection(access, description.services[i])));
  }
  co_await net::side_by_side(std::move(works));
  const auto best = std::ranges::max_element(
      connections, {}, [](const std::optional<wan_connection>& each) { return rank(*each); });
  co_return **best;
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
  if (why.code != 0) evidence.external_address_error = why.code;
  if (!connection.status) evidence.state = state_of(why.kind);
}

awaitable<upnp_evidence> ask_upnp(gateway_access access, net::steady_time deadline) {
  upnp_evidence evidence;
  const auto description = co_await find_igd(access, evidence, deadline);
  take_description(description, evidence);
  if (!description) co_return evidence;
  net::asio::steady_timer enough(co_await net::asio::this_coro::executor, net::steady_time::max());
  // The firewall is asked beside the connections and never waited for.
  std::optional<wan_connection> connection;
  co_await net::side_by_side(
      choose_and_end(connection, access, *description, enough),
      ask_firewall(evidence.ipv6_firewall, access, description->ipv6_firewall, enough));
  take_connection(*connection, evidence);
  co_return evidence;
}

}  // namespace natcheck::portmap
