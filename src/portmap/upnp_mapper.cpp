#include "portmap/upnp_mapper.hpp"

#include <fmt/format.h>

#include <tuple>
#include <utility>

#include "core/text.hpp"
#include "core/upnp_errors.hpp"
#include "portmap/upnp.hpp"
#include "portmap/upnp_search.hpp"

namespace natcheck::portmap {
namespace {

using net::asio::awaitable;

/// How long an add that was not answered may take to show in the table: less than the 3 s that the
/// whole release is given.
constexpr std::chrono::milliseconds settling_time{2500};
constexpr std::chrono::milliseconds reading_interval{250};

std::string_view protocol_name(transport value) { return value == transport::tcp ? "TCP" : "UDP"; }

/// The gateway says so itself; any other failure tells nothing about its table.
template <class T>
bool says_no_entry(const result<T>& answer) {
  return !answer && answer.error().code == upnp_error::no_such_entry_in_array;
}

soap_arguments key_of(const mapping_request& request) {
  return {{"NewRemoteHost", ""},
          {"NewExternalPort", std::to_string(request.external_port)},
          {"NewProtocol", std::string(protocol_name(request.protocol))}};
}

}  // namespace

awaitable<void> upnp_mapper::prepare() {
  upnp_evidence seen;
  const auto description = co_await find_igd(access_, seen, net::steady_time::max());
  if (!description) {
    why_not_ = description.error();
    co_return;
  }
  service_ = description->services.front();
  if (description->services.size() == 1) co_return;
  auto chosen = co_await choose_connection(access_, *description);
  service_ = std::move(chosen.service);
}

awaitable<result<soap_values>> upnp_mapper::call(std::string_view action,
                                                 soap_arguments arguments) {
  co_return co_await call_service(access_, *service_, action, arguments);
}

awaitable<result<upnp_mapper::entry>> upnp_mapper::read_entry(const mapping_request& request) {
  const auto values = co_await call("GetSpecificPortMappingEntry", key_of(request));
  if (!values) co_return values.error();
  entry row;
  row.client = values->find("NewInternalClient").value_or("");
  row.port = values->find_number<std::uint16_t>("NewInternalPort").value_or(0);
  row.description = values->find("NewPortMappingDescription").value_or("");
  row.lease_s = values->find_number<std::uint32_t>("NewLeaseDuration");
  co_return row;
}

awaitable<std::optional<failure>> upnp_mapper::add_entry(const mapping_request& request,
                                                         bool was_free) {
  soap_arguments arguments = key_of(request);
  arguments.insert(arguments.end(),
                   {{"NewInternalPort", std::to_string(request.internal_port)},
                    {"NewInternalClient", access_.from.local.to_string()},
                    {"NewEnabled", "1"},
                    {"NewPortMappingDescription", std::string(our_description)},
                    {"NewLeaseDuration", std::to_string(request.lifetime.count())}});
  // Before the answer: if that never comes, the entry may still be there. After a refusal it is
  // not, and what stands in the table on this port is somebody else's.
  const auto before = std::pair{add_, was_free_};
  request_ = request;
  was_free_ = was_free_ || was_free;
  if (add_ != add_state::confirmed || was_free_) add_ = add_state::sent;
  const auto answer = co_await call("AddPortMapping", std::move(arguments));
  if (answer) {
    add_ = add_state::confirmed;
    co_return std::nullopt;
  }
  if (answer.error().kind == outcome::refused) std::tie(add_, was_free_) = before;
  co_return answer.error();
}

bool upnp_mapper::points_here(const entry& row, const mapping_request& request) const {
  return row.client == access_.from.local.to_string() && row.port == request.internal_port;
}

/// Whether `row` was made by this program: by this run, or by one that ended without cleaning up.
/// Until the entry has been read back nobody knows what the gateway made of the description; if
/// none was there before, the one that points here is the one asked for.
bool upnp_mapper::made_here(const entry& row, const mapping_request& request) const {
  return points_here(row, request) && (was_free_ || row.description == kept_description_);
}

failure upnp_mapper::conflict(const entry& row, const mapping_request& request) const {
  return {
      outcome::refused, "opening a port on " + access_.gateway.to_string() + " (UPnP)",
      fmt::format("external port {} is already forwarded to {}:{} (\"{}\")", request.external_port,
                  escape_bytes(row.client), row.port, escape_bytes(row.description)),
      upnp_error::conflict_in_mapping_entry};
}

awaitable<std::optional<address>> upnp_mapper::external_address() {
  const auto values = co_await call("GetExternalIPAddress", {});
  if (!values) co_return std::nullopt;
  co_return values->find_address("NewExternalIPAddress");
}

/// A "yes" of a gateway is believed when its table says the same. A gateway that cannot read its
/// table is taken at its word, and the mapping stays unverified.
awaitable<result<mapping>> upnp_mapper::verify(const mapping_request& request) {
  mapping made;
  made.protocol = request.protocol;
  made.via = mapping_protocol::upnp;
  made.internal = {access_.from.local, request.internal_port};
  made.external_port = request.external_port;
  made.lifetime = request.lifetime;
  const auto row = co_await read_entry(request);
  if (row && !points_here(*row, request)) co_return conflict(*row, request);
  if (says_no_entry(row)) {
    co_return failure{outcome::refused,
                      "opening a port on " + access_.gateway.to_string() + " (UPnP)",
                      "it said yes, but there is no such entry in its table", upnp_error::not_kept};
  }
  made.verified = row.has_value();
  // Some gateways cut or replace the description; by what they made of it the entry is known again.
  if (row) {
    kept_description_ = row->description;
    was_free_ = false;
  }
  if (row && row->lease_s) made.lifetime = std::chrono::seconds(*row->lease_s);
  made.external_address = co_await external_address();
  co_return made;
}

awaitable<result<mapping>> upnp_mapper::map(mapping_request request) {
  // What prepare() has just found out is not searched for twice.
  if (!service_ && !why_not_) co_await prepare();
  if (!service_) co_return *std::exchange(why_not_, std::nullopt);
  const auto before = co_await read_entry(request);
  if (before && !made_here(*before, request)) co_return conflict(*before, request);
  const auto refused = co_await add_entry(request, says_no_entry(before));
  if (refused) {
    // The gateway may be back with another port or none of its old URLs: look for it anew next
    // time.
    if (refused->code == 0) service_.reset();
    co_return *refused;
  }
  co_return co_await verify(request);
}

/// The entry as it stands when the gateway has done what it was asked to: while an add is not
/// answered, an empty table is no proof.
awaitable<result<upnp_mapper::entry>> upnp_mapper::read_settled_entry() {
  net::asio::steady_timer pause(co_await net::asio::this_coro::executor);
  const auto deadline = std::chrono::steady_clock::now() + settling_time;
  for (;;) {
    auto row = co_await read_entry(request_);
    const bool late = std::chrono::steady_clock::now() + reading_interval > deadline;
    if (!says_no_entry(row) || add_ != add_state::sent || late) co_return row;
    pause.expires_after(reading_interval);
    co_await pause.async_wait(net::as_result);
  }
}

void upnp_mapper::forget() {
  add_ = add_state::none;
  was_free_ = false;
}

awaitable<result<void>> upnp_mapper::unmap() {
  if (add_ == add_state::none) co_return result<void>{};
  if (!service_) co_await prepare();
  if (!service_) co_return *why_not_;
  const auto row = co_await read_settled_entry();
  if (says_no_entry(row) || (row && !made_here(*row, request_))) {
    forget();
    co_return result<void>{};
  }
  // What cannot be read is removed only where it cannot well be anybody else's.
  if (!row && add_ != add_state::confirmed && !was_free_) co_return row.error();
  const auto answer = co_await call("DeletePortMapping", key_of(request_));
  if (!answer && !says_no_entry(answer)) co_return answer.error();
  forget();
  co_return result<void>{};
}

}  // namespace natcheck::portmap
