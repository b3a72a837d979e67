#include "portmap/pcp.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "net/boot_time.hpp"
#include "net/random.hpp"
#include "portmap/grants.hpp"
#include "protocols/pcp/nonce.hpp"

namespace natcheck::portmap {

using net::asio::awaitable;

namespace {

using namespace std::chrono_literals;

constexpr net::steady_time never = net::steady_time::max();
// Section 15: the most that a client should believe, whatever it is granted.
constexpr std::chrono::seconds longest_lifetime = 24h;

pcp::nonce new_nonce() {
  pcp::nonce made;
  const std::string random = random_bytes(made.size());
  std::copy(random.begin(), random.end(), made.begin());
  return made;
}

awaitable<pcp_end> announce(const gateway_access& access, net::steady_time deadline) {
  const pcp::request request = pcp::announce{access.from.local};
  co_return co_await exchange_pcp(access, request, "its presence", deadline);
}

/// Any answer of version 2 is one of a PCP server, a refusal too.
bool speaks_pcp(const pcp_end& finished) {
  return finished.answer && finished.answer->result != pcp::result_code::unsupported_version;
}

}  // namespace

awaitable<gateway_service_evidence> ask_pcp(gateway_access access, net::steady_time deadline) {
  pcp_end finished = co_await announce(access, deadline);
  gateway_service_evidence evidence;
  evidence.attempts = finished.attempts;
  evidence.rtt = finished.rtt;
  evidence.version = finished.version;
  evidence.state = speaks_pcp(finished) ? service_state::answered : state_of(finished.why.kind);
  if (finished.answer) {
    evidence.result = static_cast<int>(finished.answer->result);
    evidence.refusal = finished.why.refusal;
    evidence.epoch_s = finished.answer->epoch_s;
  }
  evidence.local_fault = !succeeded(finished) && is_local_fault(finished.why);
  if (!succeeded(finished)) evidence.detail = std::move(finished.why.detail);
  co_return evidence;
}

awaitable<bool> answers_pcp_in_nat_pmp(const gateway_access& access) {
  const auto deadline = std::chrono::steady_clock::now() + pcp_first_wait;
  const pcp_end finished = co_await announce(access, deadline);
  co_return finished.version == 0;
}

pcp_mapper::pcp_mapper(gateway_access access) : access_(std::move(access)) {
  asked_.client = access_.from.local;
  asked_.owner = new_nonce();
}

/// In a firewall without translation a port is the same on both sides.
std::uint16_t pcp_mapper::wanted_port(const mapping_request& request) const {
  return access_.from.local.is_v6() ? request.internal_port : first_choice(request);
}

void pcp_mapper::note(const pcp_end& finished) {
  if (finished.answer || finished.why.kind == outcome::malformed) heard();
  if (!speaks_pcp(finished)) return;
  const std::uint32_t epoch_s = finished.answer->epoch_s;
  const epoch_state epoch = epoch_.accept(epoch_s, net::since_boot());
  const bool stands_still = epoch == epoch_state::stands_still;
  // The first time it may as well have begun again, and be just as far by now.
  suspect_ = suspect_ || (stands_still && !clock_stands_still_);
  clock_stands_still_ = stands_still;
  if (epoch == epoch_state::began_anew) lost_ = table_lost(epoch_s);
}

awaitable<result<void>> pcp_mapper::find() {
  const pcp_end finished = co_await announce(access_, never);
  note(finished);
  if (!speaks_pcp(finished)) co_return finished.why;
  co_return result<void>{};
}

void pcp_mapper::prepare(const mapping_request& request) {
  asked_.protocol = request.protocol;
  asked_.internal_port = request.internal_port;
  asked_.lifetime_s = static_cast<std::uint32_t>(request.lifetime.count());
  refused_for_.reset();
  cannot_remove_.reset();
  // RFC 6887 section 11.2.1: a renewal suggests the port and the address that were granted.
  if (grant_state_ == grant_state::granted) return;
  asked_.suggested = {{}, wanted_port(request)};
  grant_state_ = grant_state::pending;
}

/// A refusal, or a request that was never sent, leaves things as they were.
failure pcp_mapper::failed(const pcp_end& finished, grant_state before) {
  if (finished.answer) refused_for_ = pcp::refused_for(*finished.answer);
  const bool changed_nothing = finished.why.kind == outcome::refused || finished.attempts == 0;
  if (grant_state_ == grant_state::granted) return finished.why;
  if (changed_nothing) grant_state_ = before;
  if (finished.why.kind == outcome::timed_out) grant_state_ = grant_state::silent;
  return finished.why;
}

mapping pcp_mapper::granted(const mapping_request& request) const {
  const bool is_pinhole = asked_.client.is_v6();
  mapping entry;
  entry.protocol = asked_.protocol;
  entry.via = mapping_protocol::pcp;
  entry.internal = {asked_.client, asked_.internal_port};
  entry.external_port = asked_.suggested.port;
  if (is_pinhole) {
    entry.external_address = asked_.suggested.ip;
  } else {
    take_external_word(external_word_of(access_, asked_.suggested.ip.to_string()), entry);
  }
  entry.lifetime = std::chrono::seconds(asked_.lifetime_s);
  entry.asked_port = wanted_port(request);
  entry.asked_lifetime = request.lifetime;
  return entry;
}

/// PREFER_FAILURE (section 13.2) would spare the port that no one wants, but servers need not know
/// it, and the RFC keeps it for translators of other protocols.
awaitable<failure> pcp_mapper::return_mapping(std::uint16_t wanted) {
  const std::uint16_t given = asked_.suggested.port;
  const auto removed = co_await unmap();
  co_return another_port_granted(pcp_operation(access_, "a mapping"), wanted, given, removed);
}

awaitable<result<mapping>> pcp_mapper::map(mapping_request request) {
  const grant_state before = grant_state_;
  prepare(request);
  const pcp::request wanted = asked_;
  const pcp_end finished = co_await exchange_pcp(access_, wanted, "a mapping", never);
  note(finished);
  if (!succeeded(finished)) co_return failed(finished, before);
  const pcp::answer& grant = *finished.answer;
  if (grant.lifetime_s == 0) {
    co_return failure{outcome::malformed, finished.why.operation,
                      "it granted a mapping with a lifetime of 0 s", 0};
  }
  grant_state_ = grant_state::granted;
  asked_.suggested = *grant.external;
  asked_.lifetime_s = static_cast<std::uint32_t>(
      std::min<std::int64_t>(grant.lifetime_s, longest_lifetime.count()));
  lost_.clear();
  suspect_ = false;
  const bool another = grant.external->port != wanted_port(request);
  if (another && !request.any_port) co_return co_await return_mapping(wanted_port(request));
  co_return granted(request);
}

awaitable<result<mapping_check>> pcp_mapper::check() {
  const pcp_end finished = co_await announce(access_, never);
  note(finished);
  // A server that does not know ANNOUNCE says when its epoch began anyway.
  if (!speaks_pcp(finished)) co_return finished.why;
  mapping_check seen;
  seen.stands = lost_.empty();
  seen.detail = lost_;
  seen.suspect = suspect_;
  // With IPv4 a grant alone names the external address, and a server that keeps its epoch when that
  // address changes breaks section 8.5 (seen: miniupnpd without UPnP).
  seen.unsure = clock_stands_still_ || access_.from.local.is_v4();
  co_return seen;
}

awaitable<result<void>> pcp_mapper::unmap() {
  if (grant_state_ == grant_state::none) co_return result<void>{};
  if (cannot_remove_) co_return *cannot_remove_;
  // A gateway that never answered is told, but not waited for.
  const auto deadline = grant_state_ == grant_state::silent
                            ? std::chrono::steady_clock::now() + pcp_first_wait
                            : never;
  // Section 15.1: a deletion has lifetime 0, and no external port and address.
  pcp::map none = asked_;
  none.lifetime_s = 0;
  none.suggested = {};
  const pcp::request removal = none;
  const pcp_end finished =
      co_await exchange_pcp(access_, removal, "removal of a mapping", deadline);
  if (succeeded(finished)) {
    auto removed = removed_unless(finished.answer->lifetime_s, finished.why.operation);
    if (removed) grant_state_ = grant_state::none;
    co_return removed;
  }
  const bool refused =
      finished.answer && finished.answer->result == pcp::result_code::not_authorized;
  if (refused && asked_.client.is_v6()) co_return co_await cut_short(finished.why);
  co_return finished.why;
}

/// miniupnpd refuses to remove a pinhole whatever the nonce, since its table of pinholes has none
/// to compare with. But it renews them, also for a shorter time.
awaitable<result<void>> pcp_mapper::cut_short(failure why) {
  constexpr std::uint32_t shortest_s = 1;
  pcp::map shorter = asked_;
  shorter.lifetime_s = shortest_s;
  const pcp::request renewal = shorter;
  const pcp_end finished = co_await exchange_pcp(access_, renewal, "a shorter lease", never);
  if (succeeded(finished)) asked_.lifetime_s = finished.answer->lifetime_s;
  if (succeeded(finished) && asked_.lifetime_s <= shortest_s) {
    grant_state_ = grant_state::none;
    co_return result<void>{};
  }
  why.detail = fmt::format("the router keeps the pinhole until its lease expires, in at most {} s",
                           asked_.lifetime_s);
  co_return why;
}

mapping_record pcp_mapper::record(const mapping_request& request) const {
  mapping_record record = record_of(access_, mapping_protocol::pcp, request);
  record.external_port = wanted_port(request);
  record.nonce = pcp::to_hex(asked_.owner);
  if (grant_state_ != grant_state::granted) return record;
  record.external_port = asked_.suggested.port;
  record.lifetime = std::chrono::seconds(asked_.lifetime_s);
  return record;
}

void pcp_mapper::restore(const mapping_record& record) {
  asked_.protocol = record.protocol;
  asked_.internal_port = record.internal.port;
  asked_.suggested = {{}, record.external_port};
  asked_.lifetime_s = static_cast<std::uint32_t>(record.lifetime.count());
  grant_state_ = grant_state::granted;
  cannot_remove_ = out_of_reach(access_, record);
  if (const auto owner = pcp::parse_nonce(record.nonce)) {
    asked_.owner = *owner;
  } else {
    cannot_remove_ = failure{outcome::unavailable, pcp_operation(access_, "removal of a mapping"),
                             "the nonce that created it is not known", 0};
  }
}

}  // namespace natcheck::portmap
