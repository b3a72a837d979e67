// Taking a UPnP mapping away again.
#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>

#include "portmap/removals.hpp"
#include "portmap/upnp_errors.hpp"
#include "portmap/upnp_mapper.hpp"
#include "portmap/upnp_rules.hpp"

namespace natcheck::portmap {

using net::asio::awaitable;

/// While an add is not answered, an empty table is no proof: the gateway may still be at it.
net::steady_time upnp_mapper::settled_at() const {
  if (add_ != add_state::sent) return net::steady_time::min();
  const auto now = std::chrono::steady_clock::now();
  return std::max(now + access_.times.settling, sent_at_ + access_.times.changing);
}

operation upnp_mapper::closing() const {
  return {operation_code::closing_port_by_upnp, access_.gateway};
}

failure upnp_mapper::removal_failed(failure why) const {
  // Secure mode of miniupnpd.
  const bool for_its_client_only =
      why.code == upnp_error::action_not_authorized && client_ != access_.from.local.to_string();
  if (for_its_client_only) {
    why.detail = {cause_code::entry_of_another_address, client_};
  }
  return why;
}

/// Drops the service where it does not answer.
awaitable<result<void>> upnp_mapper::remove() {
  const auto reached = co_await reach();
  if (!reached) co_return reached.error();
  const auto row = co_await read_row_until(settled_at());
  if (says_no_entry(row)) {
    forget();
    co_return result<void>{};
  }
  if (row && !is_own(*row)) {
    if (leads_to(*row, client_, request_.internal_port)) {
      // So may a rule that someone made by hand.
      const cause why{cause_code::entry_of_another_program, request_.external_port,
                      row->description};
      co_return failure{outcome::unavailable, closing(), why, 0};
    }
    forget();
    const auto why = of_entry(cause_code::entry_changed_hands, *row);
    co_return failure{outcome::unavailable, closing(), why, 0, mapping_refusal::taken_over};
  }
  // What cannot be read is removed only where it cannot well be anyone else's, and not where
  // no one is there to be asked.
  const bool blindly = add_ == add_state::confirmed || was_free_;
  if (!row && (!blindly || row.error().kind == outcome::timed_out)) {
    if (is_unclear(row.error())) service_.reset();
    co_return row.error();
  }
  auto removed = co_await delete_row();
  if (removed) forget();
  co_return removed;
}

/// What counts is the table here too.
awaitable<result<void>> upnp_mapper::delete_row() {
  const auto answer = co_await delete_entry(access_, *service_, request_);
  if (table_hangs_) co_return answer ? answer : removal_failed(answer.error());
  const auto deadline = std::chrono::steady_clock::now() + access_.times.settling;
  for (;;) {
    const auto row = co_await read_row();
    const bool is_gone = says_no_entry(row) || (row && !is_own(*row));
    if (is_gone || (answer && !row)) co_return result<void>{};
    if (!answer && is_unclear(answer.error())) service_.reset();
    if (!answer) co_return removal_failed(answer.error());
    if (std::chrono::steady_clock::now() + reading_interval > deadline) break;
    co_await net::wait_for(reading_interval);
  }
  co_return failure{outcome::malformed, closing(), cause_code::entry_not_removed, 0};
}

awaitable<result<void>> upnp_mapper::unmap() {
  if (add_ == add_state::none) co_return result<void>{};
  const bool was_known = service_.has_value();
  auto removed = co_await remove();
  const bool may_have_moved = was_known && !service_;
  if (may_have_moved) removed = co_await remove();
  const bool more = moves_ports_ && service_;
  if (!more) co_return removed;
  auto rest = co_await close_elsewhere();
  co_return removed ? rest : removed;
}

}  // namespace natcheck::portmap
