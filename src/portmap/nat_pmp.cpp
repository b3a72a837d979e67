#include "portmap/nat_pmp.hpp"

#include <fmt/format.h>

#include "net/boot_time.hpp"
#include "portmap/grants.hpp"
#include "portmap/pcp.hpp"

namespace natcheck::portmap {

using net::asio::awaitable;

namespace {

constexpr net::steady_time never = net::steady_time::max();

}  // namespace

awaitable<gateway_service_evidence> ask_nat_pmp(gateway_access access, net::steady_time deadline) {
  const nat_pmp_end finished = co_await ask_nat_pmp_address(access, deadline);
  gateway_service_evidence evidence;
  evidence.attempts = finished.attempts;
  evidence.rtt = finished.rtt;
  if (finished.answer) {
    evidence.result = static_cast<int>(finished.answer->result);
    evidence.refusal = finished.why.refusal;
    evidence.epoch_s = finished.answer->epoch_s;
  }
  if (succeeded(finished)) {
    evidence.state = service_state::answered;
    evidence.external_address = *finished.answer->external_address;
  } else {
    evidence.state = state_of(finished.why.kind);
    evidence.detail = finished.why.detail;
    evidence.local_fault = is_local_fault(finished.why);
  }
  co_return evidence;
}

void nat_pmp_mapper::note(const nat_pmp_end& finished) {
  if (finished.answer || finished.why.kind == outcome::malformed) heard();
  if (!finished.answer || !finished.answer->epoch_s) return;
  const std::uint32_t epoch_s = *finished.answer->epoch_s;
  const epoch_state epoch = epoch_.accept(epoch_s, net::since_boot());
  const bool stands_still = epoch == epoch_state::stands_still;
  // The first time it may as well have begun again, and be just as far by now.
  suspect_ = suspect_ || (stands_still && !clock_stands_still_);
  clock_stands_still_ = stands_still;
  if (epoch == epoch_state::began_anew) lost_ = table_lost(epoch_s);
}

/// A refusal is an answer too: the service is there, and `map` will hear the reason. Some gateways
/// map, and answer no question about their address.
awaitable<result<void>> nat_pmp_mapper::find() {
  const nat_pmp_end finished = co_await ask_nat_pmp_address(access_, never);
  note(finished);
  bool speaks =
      finished.answer && finished.answer->result != natpmp::result_code::unsupported_version;
  if (finished.why.kind == outcome::timed_out) {
    speaks = co_await answers_pcp_in_nat_pmp(access_);
    if (speaks) heard();
  }
  if (!speaks) co_return finished.why;
  co_return result<void>{};
}

/// A refusal, or a request that was never sent, leaves things as they were.
failure nat_pmp_mapper::failed(const nat_pmp_end& finished, grant_state before) {
  const bool changed_nothing = finished.why.kind == outcome::refused || finished.attempts == 0;
  if (grant_state_ == grant_state::granted) return finished.why;
  if (changed_nothing) grant_state_ = before;
  if (finished.why.kind == outcome::timed_out) grant_state_ = grant_state::silent;
  return finished.why;
}

awaitable<failure> nat_pmp_mapper::return_mapping(std::uint16_t wanted) {
  const std::uint16_t granted = asked_.external_port;
  const auto removed = co_await unmap();
  co_return another_port_granted(nat_pmp_operation(access_, "a mapping"), wanted, granted, removed);
}

awaitable<result<mapping>> nat_pmp_mapper::describe(mapping_request request) {
  const nat_pmp_end told = co_await ask_nat_pmp_address(access_, never);
  mapping entry;
  entry.protocol = request.protocol;
  entry.via = mapping_protocol::nat_pmp;
  entry.internal = {access_.from.local, request.internal_port};
  entry.external_port = asked_.external_port;
  entry.lifetime = std::chrono::seconds(asked_.lifetime_s);
  entry.asked_port = first_choice(request);
  entry.asked_lifetime = request.lifetime;
  if (succeeded(told)) {
    take_external_word(external_word_of(access_, told.answer->external_address->to_string()),
                       entry);
  }
  co_return entry;
}

awaitable<result<mapping>> nat_pmp_mapper::map(mapping_request request) {
  const std::uint16_t wanted = first_choice(request);
  // RFC 6886 section 3.3: a renewal suggests the port that was granted.
  const std::uint16_t suggested =
      grant_state_ == grant_state::granted ? asked_.external_port : wanted;
  const grant_state before = grant_state_;
  if (grant_state_ != grant_state::granted) grant_state_ = grant_state::pending;
  out_of_reach_.reset();
  asked_ = {request.protocol, request.internal_port, suggested,
            static_cast<std::uint32_t>(request.lifetime.count())};
  const nat_pmp_end finished = co_await ask_nat_pmp_mapping(access_, asked_, never);
  note(finished);
  if (!succeeded(finished)) co_return failed(finished, before);
  if (finished.answer->lifetime_s == 0) {
    co_return failure{outcome::malformed, nat_pmp_operation(access_, "a mapping"),
                      "it granted a mapping with a lifetime of 0 s", 0};
  }
  grant_state_ = grant_state::granted;
  asked_.external_port = finished.answer->external_port;
  asked_.lifetime_s = finished.answer->lifetime_s;
  lost_.clear();
  suspect_ = false;
  if (asked_.external_port != wanted && !request.any_port)
    co_return co_await return_mapping(wanted);
  co_return co_await describe(request);
}

awaitable<result<mapping_check>> nat_pmp_mapper::check() {
  const nat_pmp_end finished = co_await ask_nat_pmp_address(access_, never);
  note(finished);
  if (!finished.answer) co_return finished.why;
  mapping_check seen;
  seen.stands = lost_.empty();
  seen.detail = lost_;
  seen.suspect = suspect_;
  seen.unsure = true;  // a firewall that was reloaded has lost the mapping, and the epoch runs
  if (succeeded(finished)) {
    const auto text = finished.answer->external_address->to_string();
    seen.external_address = external_word_of(access_, text).usable;
  }
  // Without an address on its WAN side the gateway has its table anyway.
  const bool tells =
      succeeded(finished) || finished.answer->result == natpmp::result_code::network_failure;
  if (!tells && seen.stands) co_return finished.why;
  co_return seen;
}

awaitable<result<void>> nat_pmp_mapper::unmap() {
  if (grant_state_ == grant_state::none) co_return result<void>{};
  if (out_of_reach_) co_return *out_of_reach_;
  // A gateway that never answered is told, but not waited for.
  const auto deadline = grant_state_ == grant_state::silent
                            ? std::chrono::steady_clock::now() + nat_pmp_first_wait
                            : never;
  const nat_pmp_terms removal{asked_.protocol, asked_.internal_port, 0, 0};
  const nat_pmp_end finished = co_await ask_nat_pmp_mapping(access_, removal, deadline);
  if (!succeeded(finished)) co_return finished.why;
  auto removed = removed_unless(finished.answer->lifetime_s, finished.why.operation);
  if (removed) grant_state_ = grant_state::none;
  co_return removed;
}

mapping_record nat_pmp_mapper::record(const mapping_request& request) const {
  mapping_record record = record_of(access_, mapping_protocol::nat_pmp, request);
  if (grant_state_ != grant_state::granted) return record;
  record.external_port = asked_.external_port;
  record.lifetime = std::chrono::seconds(asked_.lifetime_s);
  return record;
}

void nat_pmp_mapper::restore(const mapping_record& record) {
  asked_ = {record.protocol, record.internal.port, record.external_port,
            static_cast<std::uint32_t>(record.lifetime.count())};
  grant_state_ = grant_state::granted;
  out_of_reach_ = out_of_reach(access_, record);
}

}  // namespace natcheck::portmap
