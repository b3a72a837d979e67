#include "portmap/upnp_pinhole.hpp"

#include <algorithm>
#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>
#include <tuple>
#include <utility>

#include "portmap/grants.hpp"
#include "portmap/upnp_errors.hpp"
#include "portmap/upnp_http.hpp"

namespace natcheck::portmap {
namespace {

using net::asio::awaitable;

/// WANIPv6FirewallControl:1, section 2.3: LeaseTime.
constexpr std::chrono::seconds longest_lease{86400};

/// Of a pinhole that is only opened again to learn its number, and closed at once.
constexpr std::chrono::seconds shortest_lease{1};

/// The codes of this service stand for other things on a WAN connection.
failure in_its_words(failure why) {
  const bool own = why.code == pinhole_error::action_not_authorized ||
                   (why.code >= pinhole_error::pinhole_space_exhausted &&
                    why.code <= pinhole_error::no_packet_sent);
  if (own && why.detail.code == cause_code::upnp_connection_error) {
    why.detail.code = cause_code::upnp_firewall_error;
  }
  return why;
}

bool says(const failure& why, int code) { return why.kind == outcome::refused && why.code == code; }

bool does_not_know_the_action(const failure& why) {
  return says(why, pinhole_error::invalid_action) ||
         says(why, pinhole_error::optional_action_not_implemented);
}

std::chrono::seconds lease_for(std::chrono::seconds asked) {
  return std::clamp(asked, shortest_lease, longest_lease);
}

/// The release of everything has 3 s.
constexpr std::chrono::seconds search_before_removal{1};

std::string in_seconds(std::chrono::seconds lease) { return std::to_string(lease.count()); }

bool same_pinhole(const mapping_request& a, const mapping_request& b) {
  return std::tie(a.protocol, a.internal_port) == std::tie(b.protocol, b.internal_port);
}

/// None where the router lets pinholes be made, or does not say.
cause why_none_is_made(const soap_values& status) {
  if (status.find_flag("FirewallEnabled") == false) return cause_code::ipv6_firewall_off;
  if (status.find_flag("InboundPinholeAllowed") == false) return cause_code::ipv6_firewall_closed;
  return {};
}

operation opening(const gateway_access& access) {
  return {operation_code::opening_pinhole_by_upnp, access.gateway};
}

}  // namespace

awaitable<result<soap_values>> upnp_pinhole_mapper::call(std::string_view action,
                                                         soap_arguments arguments) {
  auto answer = co_await call_service(access_, service_->control, action, arguments);
  if (answer) co_return answer;
  // The router may be back with another port or none of its old URLs: look for it again next time.
  if (answer.error().code == 0) service_.reset();
  co_return in_its_words(answer.error());
}

awaitable<result<void>> upnp_pinhole_mapper::search() {
  auto found = co_await find_ipv6_firewall(access_);
  if (!found) co_return found.error();
  const bool restarted = boot_id_ && found->boot_id && *boot_id_ != *found->boot_id;
  if (restarted) id_.reset();
  boot_id_ = found->boot_id;
  service_ = std::move(*found);
  co_return result<void>{};
}

awaitable<result<void>> upnp_pinhole_mapper::ask_firewall() {
  const auto status = co_await call("GetFirewallStatus");
  if (!status) {
    if (does_not_know_the_action(status.error())) co_return result<void>{};
    co_return status.error();
  }
  const cause why = why_none_is_made(*status);
  if (why.empty()) co_return result<void>{};
  co_return failure{outcome::refused, opening(access_), why, 0};
}

awaitable<result<void>> upnp_pinhole_mapper::find() {
  const auto searched = co_await search();
  if (!searched) co_return searched.error();
  co_return co_await ask_firewall();
}

/// Where the pinhole is there already, the router gives its number again.
awaitable<result<upnp_pinhole_mapper::unique_id>> upnp_pinhole_mapper::add(
    mapping_request request) {
  const auto before = request_;
  // Before the answer: if that never comes, the pinhole may still be there.
  request_ = request;
  soap_arguments arguments{{"RemoteHost", ""},
                           {"RemotePort", "0"},
                           {"InternalClient", access_.from.local.to_string()},
                           {"InternalPort", std::to_string(request.internal_port)},
                           {"Protocol", request.protocol == transport::tcp ? "6" : "17"},
                           {"LeaseTime", in_seconds(lease_for(request.lifetime))}};
  const auto answer = co_await call("AddPinhole", std::move(arguments));
  if (!answer) {
    if (answer.error().kind == outcome::refused) request_ = before;
    co_return answer.error();
  }
  const auto id = answer->find_number<unique_id>("UniqueID");
  if (id) co_return *id;
  const cause why{cause_code::upnp_answer_lacks, "AddPinhole", "UniqueID"};
  co_return failure{outcome::malformed, opening(access_), why, 0};
}

awaitable<result<void>> upnp_pinhole_mapper::renew(std::chrono::seconds lifetime) {
  soap_arguments arguments{{"UniqueID", std::to_string(*id_)},
                           {"NewLeaseTime", in_seconds(lease_for(lifetime))}};
  const auto answer = co_await call("UpdatePinhole", std::move(arguments));
  if (!answer) co_return answer.error();
  co_return result<void>{};
}

/// Asks for the pinhole by its number. CheckPinholeWorking first, though it may be missing: to
/// GetPinholePackets, which may not, miniupnpd says 0 packets of a pinhole that it does not have.
awaitable<result<void>> upnp_pinhole_mapper::look() {
  const soap_arguments which{{"UniqueID", std::to_string(*id_)}};
  auto answer = co_await call("CheckPinholeWorking", which);
  if (!answer && does_not_know_the_action(answer.error())) {
    answer = co_await call("GetPinholePackets", which);
  }
  if (answer || says(answer.error(), pinhole_error::no_packet_sent)) co_return result<void>{};
  co_return answer.error();
}

/// After a restart the router counts from the beginning, so that our number may be the one of
/// someone else's pinhole, which it keeps from us. One that never let us see it tells nothing.
bool upnp_pinhole_mapper::is_gone(const failure& why) const {
  return says(why, pinhole_error::no_such_entry) ||
         (seen_ && says(why, pinhole_error::action_not_authorized));
}

mapping upnp_pinhole_mapper::made(const mapping_request& request, bool verified) const {
  mapping entry;
  entry.protocol = request.protocol;
  entry.via = mapping_protocol::upnp;
  entry.internal = {access_.from.local, request.internal_port};
  entry.external_port = request.internal_port;
  entry.external_address = access_.from.local;
  entry.lifetime = lease_for(request.lifetime);
  entry.verified = verified;
  entry.asked_port = request.internal_port;
  entry.asked_lifetime = request.lifetime;
  return entry;
}

/// A "yes" is believed when the router knows the pinhole afterwards. One that cannot say is taken
/// at its word, and the pinhole stays unverified.
awaitable<result<mapping>> upnp_pinhole_mapper::add_and_verify(mapping_request request) {
  const auto added = co_await add(request);
  if (!added) co_return added.error();
  id_ = *added;
  const auto seen = co_await look();
  if (!seen && says(seen.error(), pinhole_error::no_such_entry)) {
    forget();
    co_return failure{outcome::refused, opening(access_), cause_code::pinhole_not_made, 0,
                      mapping_refusal::not_kept};
  }
  seen_ = seen.has_value();
  co_return made(request, seen_);
}

awaitable<result<mapping>> upnp_pinhole_mapper::map(mapping_request request) {
  if (request_ && !same_pinhole(*request_, request)) forget();
  if (!service_) {
    const auto found = co_await find();
    if (!found) co_return found.error();
  }
  if (!id_) co_return co_await add_and_verify(request);
  const auto renewed = co_await renew(request.lifetime);
  if (renewed) co_return made(request, true);
  if (!is_gone(renewed.error())) co_return renewed.error();
  id_.reset();
  co_return co_await add_and_verify(request);
}

awaitable<result<mapping_check>> upnp_pinhole_mapper::check() {
  if (!service_) {
    const auto searched = co_await search();
    if (!searched) co_return searched.error();
  }
  mapping_check found;
  if (!id_) {
    found.stands = false;
    found.detail = cause_code::router_restarted;
    co_return found;
  }
  const auto seen = co_await look();
  if (seen || does_not_know_the_action(seen.error())) co_return found;
  if (!is_gone(seen.error())) co_return seen.error();
  id_.reset();
  found.stands = false;
  found.detail = cause_code::pinhole_gone;
  co_return found;
}

void upnp_pinhole_mapper::forget() {
  request_.reset();
  id_.reset();
  seen_ = false;
}

awaitable<result<void>> upnp_pinhole_mapper::unmap() {
  if (!request_) co_return result<void>{};
  // A router that restarted since the last look counts its pinholes from 1 again: ours is another
  // one now, and that number perhaps someone else's.
  const auto deadline = std::chrono::steady_clock::now() + search_before_removal;
  const auto searched = co_await net::with_deadline(deadline, search());
  if (!service_ && searched && !*searched) co_return searched->error();
  if (!service_) {
    const operation closing{operation_code::closing_pinhole_by_upnp, access_.gateway};
    co_return failure{outcome::timed_out, closing, cause_code::router_not_found_again, 0};
  }
  if (!id_) {
    mapping_request again = *request_;
    again.lifetime = shortest_lease;
    const auto number = co_await add(again);
    if (!number) co_return number.error();
    id_ = *number;
  }
  soap_arguments which{{"UniqueID", std::to_string(*id_)}};
  const auto answer = co_await call("DeletePinhole", std::move(which));
  if (!answer && !says(answer.error(), pinhole_error::no_such_entry)) co_return answer.error();
  forget();
  co_return result<void>{};
}

mapping_record upnp_pinhole_mapper::record(const mapping_request& request) const {
  mapping_record ours = record_of(access_, mapping_protocol::upnp, request);
  ours.external_port = request.internal_port;
  ours.lifetime = lease_for(request.lifetime);
  if (request_ && same_pinhole(*request_, request)) ours.pinhole = id_;
  return ours;
}

/// The record's number is not used: since then the router may have restarted and given it to
/// another pinhole. Asked for the same pinhole again it says the number of today.
void upnp_pinhole_mapper::restore(const mapping_record& record) {
  forget();
  mapping_request request;
  request.protocol = record.protocol;
  request.internal_port = record.internal.port;
  request.external_port = record.internal.port;
  request_ = request;
}

}  // namespace natcheck::portmap
