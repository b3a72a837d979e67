#include "portmap/upnp.hpp"

#include <fmt/format.h>

#include <charconv>

#include "portmap/upnp_http.hpp"
#include "portmap/upnp_search.hpp"

namespace natcheck::portmap {

using net::asio::awaitable;

namespace {

std::string call_operation(const wan_service& service, std::string_view action) {
  return fmt::format("asking {} for {} (UPnP)",
                     to_string(endpoint{service.control.host, service.control.port}), action);
}

}  // namespace

awaitable<result<soap_values>> call_service(const gateway_access& access,
                                            const wan_service& service, std::string_view action,
                                            const soap_arguments& arguments) {
  soap_call call = make_call(service.type, action, arguments);
  const auto reply = co_await http_post(access, service.control, std::move(call));
  if (!reply) co_return reply.error();
  co_return read_answer(action, *reply, call_operation(service, action));
}

bool is_connected(const std::optional<std::string>& status) {
  return status == "Connected" || status == "Up";  // "Up" is no standard word, but is seen
}

namespace {

std::optional<std::uint32_t> parse_number(const std::optional<std::string>& text) {
  std::uint32_t value = 0;
  if (!text) return std::nullopt;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  return error == std::errc{} ? std::optional{value} : std::nullopt;
}

std::optional<address> parse_address(const std::string& text) {
  net::error_code error;
  const address value = boost::asio::ip::make_address(text, error);
  return error ? std::nullopt : std::optional{value};
}

/// What one WAN connection says of itself.
struct wan_answers {
  result<soap_values> status, address;
};

awaitable<wan_answers> ask_service(const gateway_access& access, const wan_service& service) {
  auto status = co_await call_service(access, service, "GetStatusInfo");
  auto external = co_await call_service(access, service, "GetExternalIPAddress");
  co_return wan_answers{std::move(status), std::move(external)};
}

void take_address(const soap_values& values, upnp_evidence& evidence) {
  // No element is a broken answer; an empty one is a statement of the gateway.
  evidence.external_address_text = values.find("NewExternalIPAddress");
  if (!evidence.external_address_text) {
    evidence.detail = "its answer to GetExternalIPAddress names no address";
    return;
  }
  evidence.external_address = parse_address(*evidence.external_address_text);
}

void take_answers(const wan_service& service, const wan_answers& answers, upnp_evidence& evidence) {
  evidence.service = service.type;
  evidence.state = service_state::answered;
  if (answers.status) {
    evidence.connection_status = answers.status->find("NewConnectionStatus");
    evidence.uptime_s = parse_number(answers.status->find("NewUptime"));
  }
  if (answers.address) {
    take_address(*answers.address, evidence);
    return;
  }
  const failure& why = answers.address.error();
  evidence.detail = why.detail;
  if (why.code != 0) evidence.external_address_error = why.code;
  if (!answers.status) evidence.state = state_of(why.kind);
}

/// Which of several WAN connections speaks for the gateway: the one in use, else one that has an
/// address (seen: an unused WANPPPConnection beside the WANIPConnection).
int rank(const upnp_evidence& evidence) {
  if (is_connected(evidence.connection_status)) return 2;
  return evidence.external_address && !evidence.external_address->is_unspecified() ? 1 : 0;
}

awaitable<upnp_evidence> ask_services(const gateway_access& access,
                                      const igd_description& description,
                                      const upnp_evidence& found) {
  std::optional<upnp_evidence> best;
  for (const wan_service& service : description.services) {
    upnp_evidence evidence = found;
    take_answers(service, co_await ask_service(access, service), evidence);
    if (!best || rank(evidence) > rank(*best)) best = std::move(evidence);
    if (is_connected(best->connection_status)) break;
  }
  co_return std::move(*best);
}

std::optional<std::string> unless_empty(std::string text) {
  if (text.empty()) return std::nullopt;
  return text;
}

}  // namespace

awaitable<upnp_evidence> ask_upnp(gateway_access access, net::steady_time deadline) {
  upnp_evidence evidence;
  auto description = co_await find_igd(access, evidence, deadline);
  if (!description) {
    evidence.state = state_of(description.error().kind);
    evidence.detail = description.error().detail;
    co_return evidence;
  }
  evidence.device = unless_empty(description->device);
  evidence.manufacturer = unless_empty(description->manufacturer);
  evidence.model = unless_empty(description->model);
  co_return co_await ask_services(access, *description, evidence);
}

}  // namespace natcheck::portmap
