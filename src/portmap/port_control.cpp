#include "portmap/port_control.hpp"

#include <algorithm>

#include "core/gateway_services.hpp"
#include "net/boot_time.hpp"
#include "net/random.hpp"
#include "portmap/grants.hpp"
#include "protocols/lease/transaction.hpp"
#include "protocols/pcp/nonce.hpp"

namespace natcheck::portmap {

using net::asio::awaitable;

namespace {

constexpr net::steady_time never = net::steady_time::max();
/// For what is not worth waiting for.
net::steady_time until_second_request() {
  return std::chrono::steady_clock::now() + lease::schedule.at(1);
}

lease::nonce new_nonce() {
  lease::nonce made;
  const std::string random = random_bytes(made.size());
  std::copy(random.begin(), random.end(), made.begin());
  return made;
}

awaitable<exchange_end> ask_for_presence(const gateway_access& access, const lease::codec& by,
                                         net::steady_time deadline) {
  const lease::request request = lease::presence{access.from.local};
  const auto tried = by.grant_names_address ? operation_code::asking_for_presence
                                            : operation_code::asking_for_external_address;
  co_return co_await exchange(access, by, request, tried, deadline);
}

/// True when the gateway answers one ANNOUNCE in NAT-PMP's version, 0 (RFC 6886 section 3.5).
awaitable<bool> answers_pcp_in_nat_pmp(const gateway_access& access) {
  const auto finished = co_await ask_for_presence(access, pcp::codec, until_second_request());
  co_return finished.version == 0;
}

/// The address of an answer to `presence`, where the protocol tells it.
std::optional<address> address_in(const exchange_end& finished) {
  if (!succeeded(finished) || !finished.answer->external) return std::nullopt;
  return finished.answer->external->ip;
}

}  // namespace

awaitable<gateway_service_evidence> ask_port_control(gateway_access access, const lease::codec& by,
                                                     net::steady_time deadline) {
  const exchange_end finished = co_await ask_for_presence(access, by, deadline);
  const bool present = by.refusal_is_presence ? speaks(finished) : succeeded(finished);
  gateway_service_evidence evidence;
  evidence.state = present ? service_state::answered : state_of(finished.why.kind);
  evidence.attempts = finished.attempts;
  evidence.rtt = finished.rtt;
  evidence.version = finished.version;
  evidence.external_address = address_in(finished);
  if (finished.answer) {
    evidence.result = finished.answer->result;
    evidence.refusal = finished.why.refusal;
    evidence.epoch_s = finished.answer->epoch_s;
  }
  if (succeeded(finished)) co_return evidence;
  evidence.detail = finished.why.detail;
  evidence.local_fault = is_local_fault(finished.why);
  co_return evidence;
}

port_control_mapper::port_control_mapper(gateway_access access, const lease::codec& by)
    : access_(std::move(access)), codec_(by), epoch_(by.via) {
  asked_.client = access_.from.local;
  if (row_of(by.via).has_nonce) asked_.owner = new_nonce();
}

awaitable<exchange_end> port_control_mapper::ask(const lease::request& request,
                                                 operation_code tried, net::steady_time deadline) {
  auto finished = co_await exchange(access_, codec_, request, tried, deadline);
  note(finished);
  co_return finished;
}

awaitable<exchange_end> port_control_mapper::ask_presence() {
  auto finished = co_await ask_for_presence(access_, codec_, never);
  note(finished);
  co_return finished;
}

/// In a firewall without translation a port is the same on both sides.
std::uint16_t port_control_mapper::wanted_port(const mapping_request& request) const {
  return access_.from.local.is_v6() ? request.internal_port : first_choice(request);
}

void port_control_mapper::note(const exchange_end& finished) {
  if (finished.answer || finished.why.kind == outcome::malformed) note_answer();
  if (!speaks(finished) || !finished.answer->epoch_s) return;
  const std::uint32_t epoch_s = *finished.answer->epoch_s;
  const auto epoch = epoch_.accept(epoch_s, net::since_boot());
  const bool stands_still = epoch == lease::epoch_state::stands_still;
  // The first time it may as well have begun again, and be just as far by now.
  suspect_ = suspect_ || (stands_still && !clock_stands_still_);
  clock_stands_still_ = stands_still;
  if (epoch == lease::epoch_state::began_anew) lost_ = {cause_code::mappings_lost, epoch_s};
}

/// A refusal is an answer too: the service is there, and `map` gets the reason. Some gateways map
/// by NAT-PMP, and answer no question about their address.
awaitable<result<void>> port_control_mapper::find() {
  const exchange_end finished = co_await ask_presence();
  if (speaks(finished)) co_return result<void>{};
  const bool may_be_there =
      codec_.via == mapping_protocol::nat_pmp && finished.why.kind == outcome::timed_out;
  if (!may_be_there) co_return finished.why;
  const bool is_there = co_await answers_pcp_in_nat_pmp(access_);
  if (!is_there) co_return finished.why;
  note_answer();
  co_return result<void>{};
}

void port_control_mapper::prepare(const mapping_request& request) {
  asked_.protocol = request.protocol;
  asked_.internal_port = request.internal_port;
  asked_.lifetime_s = static_cast<std::uint32_t>(request.lifetime.count());
  refused_for_.reset();
  cannot_remove_.reset();
  // RFC 6886 section 3.3, RFC 6887 section 11.2.1: a renewal suggests what was granted.
  if (grant_state_ == grant_state::granted) return;
  asked_.suggested = {{}, wanted_port(request)};
  grant_state_ = grant_state::pending;
}

/// A refusal, or a request that was never sent, leaves things as they were.
failure port_control_mapper::failed(const exchange_end& finished, grant_state before) {
  if (finished.answer && codec_.stands_for != nullptr) {
    refused_for_ = codec_.stands_for(*finished.answer);
  }
  const bool changed_nothing = finished.why.kind == outcome::refused || finished.attempts == 0;
  if (grant_state_ == grant_state::granted) return finished.why;
  if (changed_nothing) grant_state_ = before;
  if (finished.why.kind == outcome::timed_out) grant_state_ = grant_state::silent;
  return finished.why;
}

void port_control_mapper::accept(const lease::answer& grant) {
  grant_state_ = grant_state::granted;
  asked_.suggested = *grant.external;
  asked_.lifetime_s = grant.lifetime_s;
  lost_ = {};
  suspect_ = false;
}

/// PREFER_FAILURE (RFC 6887 section 13.2) would spare the port that no one wants, but servers need
/// not know it, and the RFC keeps it for translators of other protocols.
awaitable<failure> port_control_mapper::return_mapping(std::uint16_t wanted) {
  const std::uint16_t given = asked_.suggested.port;
  const auto removed = co_await unmap();
  co_return another_port_granted(operation_of(access_, codec_, operation_code::asking_for_mapping),
                                 wanted, given, removed);
}

awaitable<result<mapping>> port_control_mapper::describe(mapping_request request) {
  mapping entry;
  entry.protocol = asked_.protocol;
  entry.via = codec_.via;
  entry.internal = {asked_.client, asked_.internal_port};
  entry.external_port = asked_.suggested.port;
  entry.lifetime = std::chrono::seconds(asked_.lifetime_s);
  entry.asked_port = wanted_port(request);
  entry.asked_lifetime = request.lifetime;
  std::optional<address> external = asked_.suggested.ip;
  if (!codec_.grant_names_address) {
    const exchange_end told = co_await ask_for_presence(access_, codec_, never);
    external = address_in(told);
  }
  if (asked_.client.is_v6()) {
    entry.external_address = external;
  } else if (external) {
    set_external_address(judge_external_address(access_, external->to_string()), entry);
  }
  co_return entry;
}

awaitable<result<mapping>> port_control_mapper::map(mapping_request request) {
  const grant_state before = grant_state_;
  prepare(request);
  const lease::request wanted = asked_;
  const exchange_end finished = co_await ask(wanted, operation_code::asking_for_mapping, never);
  if (!succeeded(finished)) co_return failed(finished, before);
  if (finished.answer->lifetime_s == 0) {
    co_return failure{outcome::malformed, finished.why.operation, cause_code::zero_lifetime_granted,
                      0};
  }
  accept(*finished.answer);
  const bool another = asked_.suggested.port != wanted_port(request);
  if (another && !request.any_port) co_return co_await return_mapping(wanted_port(request));
  co_return co_await describe(request);
}

awaitable<result<mapping_check>> port_control_mapper::check() {
  const exchange_end finished = co_await ask_presence();
  // Without an address on its WAN side the gateway has its table anyway.
  const bool tells = codec_.refusal_is_presence || succeeded(finished) || !lost_.empty() ||
                     finished.why.refusal == mapping_refusal::network_failure;
  if (!speaks(finished) || !tells) co_return finished.why;
  mapping_check seen;
  seen.stands = lost_.empty();
  seen.detail = lost_;
  seen.suspect = suspect_;
  // A firewall that was reloaded has lost the mapping, and the epoch runs. By PCP a grant alone
  // names the external address, and a server that keeps its epoch when that address changes breaks
  // RFC 6887 section 8.5 (seen: miniupnpd without UPnP).
  seen.unsure = clock_stands_still_ || access_.from.local.is_v4();
  if (const auto told = address_in(finished)) {
    seen.external_address = judge_external_address(access_, told->to_string()).usable;
  }
  co_return seen;
}

awaitable<result<void>> port_control_mapper::unmap() {
  if (grant_state_ == grant_state::none) co_return result<void>{};
  if (cannot_remove_) co_return *cannot_remove_;
  // RFC 6886 section 3.4, RFC 6887 section 15.1: lifetime 0, and no external port and address.
  lease::map none = asked_;
  none.lifetime_s = 0;
  none.suggested = {};
  const lease::request removal = none;
  // A gateway that never answered is told, but not waited for.
  const auto deadline = grant_state_ == grant_state::silent ? until_second_request() : never;
  const exchange_end finished = co_await ask(removal, operation_code::asking_for_removal, deadline);
  if (succeeded(finished)) {
    const auto left_s = finished.answer->lifetime_s;
    if (left_s != 0) {
      co_return failure{
          outcome::refused, finished.why.operation, {cause_code::mapping_kept, left_s}};
    }
    grant_state_ = grant_state::none;
    co_return result<void>{};
  }
  const bool is_refused_pinhole =
      finished.why.refusal == mapping_refusal::not_authorized && asked_.client.is_v6();
  if (is_refused_pinhole) co_return co_await shorten(finished.why);
  co_return finished.why;
}

/// miniupnpd refuses to remove a pinhole whatever the nonce, since its table of pinholes has none
/// to compare with. But it renews them, also for a shorter time.
awaitable<result<void>> port_control_mapper::shorten(failure why) {
  constexpr std::uint32_t shortest_s = 1;
  lease::map shorter = asked_;
  shorter.lifetime_s = shortest_s;
  const lease::request renewal = shorter;
  const exchange_end finished =
      co_await ask(renewal, operation_code::asking_for_shorter_lease, never);
  if (succeeded(finished)) asked_.lifetime_s = finished.answer->lifetime_s;
  if (succeeded(finished) && asked_.lifetime_s <= shortest_s) {
    grant_state_ = grant_state::none;
    co_return result<void>{};
  }
  why.detail = {cause_code::pinhole_kept, asked_.lifetime_s};
  co_return why;
}

mapping_record port_control_mapper::record(const mapping_request& request) const {
  mapping_record record = record_of(access_, codec_.via, request);
  record.external_port = wanted_port(request);
  if (row_of(codec_.via).has_nonce) record.nonce = pcp::to_hex(asked_.owner);
  if (grant_state_ != grant_state::granted) return record;
  record.external_port = asked_.suggested.port;
  record.lifetime = std::chrono::seconds(asked_.lifetime_s);
  return record;
}

void port_control_mapper::restore(const mapping_record& record) {
  asked_.protocol = record.protocol;
  asked_.internal_port = record.internal.port;
  asked_.suggested = {{}, record.external_port};
  asked_.lifetime_s = static_cast<std::uint32_t>(record.lifetime.count());
  grant_state_ = grant_state::granted;
  cannot_remove_ = out_of_reach(access_, record);
  if (!row_of(codec_.via).has_nonce) return;
  if (const auto owner = pcp::parse_nonce(record.nonce)) {
    asked_.owner = *owner;
  } else {
    cannot_remove_ = failure{outcome::unavailable,
                             operation_of(access_, codec_, operation_code::asking_for_removal),
                             cause_code::nonce_not_known, 0};
  }
}

}  // namespace natcheck::portmap
