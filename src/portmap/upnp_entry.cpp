#include "portmap/upnp_entry.hpp"

#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>

#include "core/written_address.hpp"
#include "portmap/grants.hpp"
#include "portmap/upnp_http.hpp"

namespace natcheck::portmap {
namespace {

using net::asio::awaitable;

/// In capitals: an ER605 refuses others (seen by Tailscale). With a remote host, even one that
/// means everyone, pfSense does not show the entry any more (upnpclient, issue 14).
soap_arguments key_of(const mapping_request& request) {
  return {{"NewRemoteHost", ""},
          {"NewExternalPort", std::to_string(request.external_port)},
          {"NewProtocol", request.protocol == transport::tcp ? "TCP" : "UDP"}};
}

}  // namespace

std::optional<std::uint16_t> port_of(const soap_values& values, std::string_view name) {
  const auto port = values.find_number<std::uint16_t>(name);
  const bool is_zero = port == 0 && values.find(name)->find_first_not_of("+0") == std::string::npos;
  return port != 0 || is_zero ? port : std::nullopt;
}

table_entry entry_of(const soap_values& values) {
  table_entry entry;
  entry.internal_client = values.find("NewInternalClient").value_or("");
  entry.internal_port = port_of(values, "NewInternalPort");
  entry.enabled = values.find_flag("NewEnabled").value_or(true);
  entry.description = values.find("NewPortMappingDescription").value_or("");
  entry.lease_s = values.find_number<std::uint32_t>("NewLeaseDuration");
  return entry;
}

cause of_entry(cause_code code, const table_entry& entry) {
  return {code, entry.external_port, entry.internal_client, entry.internal_port.value_or(0),
          entry.description};
}

bool may_lead_to(const std::string& client, const address& self) {
  const auto ip = read_written_address(client);
  return !ip || ip->is_unspecified() || *ip == self;
}

bool names_nobody(const std::string& client) {
  const auto ip = read_written_address(client);
  return client.empty() || (ip && ip->is_unspecified());
}

bool leads_to(const std::string& client, const address& self) {
  return read_written_address(client) == self;
}

awaitable<result<table_entry>> read_entry(const gateway_access& access, const wan_service& service,
                                          const mapping_request& request) {
  const auto values =
      co_await call_service(access, service, "GetSpecificPortMappingEntry", key_of(request));
  if (!values) co_return values.error();
  table_entry entry = entry_of(*values);
  entry.protocol = request.protocol;
  entry.external_port = request.external_port;
  co_return entry;
}

awaitable<result<std::uint16_t>> add_entry(const gateway_access& access, const wan_service& service,
                                           const mapping_request& request, adding how) {
  soap_arguments arguments = key_of(request);
  arguments.insert(arguments.end(),
                   {{"NewInternalPort", std::to_string(request.internal_port)},
                    {"NewInternalClient", access.from.local.to_string()},
                    {"NewEnabled", "1"},
                    {"NewPortMappingDescription", std::string(our_description)},
                    {"NewLeaseDuration", std::to_string(request.lifetime.count())}});
  const bool any = how == adding::any_port;
  const auto action = any ? "AddAnyPortMapping" : "AddPortMapping";
  const auto values = co_await call_service(access, service, action, arguments);
  if (!values) co_return values.error();
  if (!any) co_return request.external_port;
  const auto reserved = values->find_number<std::uint16_t>("NewReservedPort").value_or(0);
  if (reserved != 0) co_return reserved;
  const operation opening{operation_code::opening_port_by_upnp, access.gateway};
  const cause why{cause_code::upnp_answer_lacks, action, "port"};
  co_return failure{outcome::malformed, opening, why, 0};
}

awaitable<result<void>> delete_entry(const gateway_access& access, const wan_service& service,
                                     const mapping_request& request) {
  const auto values = co_await call_service(access, service, "DeletePortMapping", key_of(request));
  if (!values) co_return values.error();
  co_return result<void>{};
}

awaitable<external_address_report> read_external_address(const gateway_access& access,
                                                         const wan_service& service) {
  const auto values = co_await call_service(access, service, "GetExternalIPAddress");
  if (!values) co_return external_address_report();
  co_return judge_external_address(access, values->find("NewExternalIPAddress").value_or(""));
}

}  // namespace natcheck::portmap
