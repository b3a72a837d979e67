// An entry that the gateway puts on another external port than it was told, without a word.
#include <algorithm>
#include <natcheck/causes.hpp>

#include "portmap/grants.hpp"
#include "portmap/upnp_mapper.hpp"
#include "portmap/upnp_table.hpp"

namespace natcheck::portmap {

using net::asio::awaitable;

/// The external ports of all entries that lead where ours does, bear its description, and are no
/// one else's.
awaitable<std::vector<std::uint16_t>> upnp_mapper::ports_elsewhere() {
  upnp_table table;
  const auto deadline = std::chrono::steady_clock::now() + access_.times.changing;
  co_await net::with_deadline(deadline, read_rows(access_, *service_, table));
  std::vector<std::uint16_t> ports;
  for (const table_entry& row : table.rows) {
    const bool is_ours = row.protocol == request_.protocol && row.remote_host.empty() &&
                         row.internal_port == request_.internal_port &&
                         row.description == our_description &&
                         portmap::leads_to(row.internal_client, access_.from.local);
    const bool is_spared = row.external_port == request_.external_port ||
                           std::ranges::find(spared_, row.external_port) != spared_.end();
    if (is_ours && !is_spared) ports.push_back(row.external_port);
  }
  co_return ports;
}

/// Where the gateway said yes, and has no entry on the port of `request_`.
awaitable<result<mapping>> upnp_mapper::look_elsewhere() {
  const auto ports = co_await ports_elsewhere();
  if (ports.empty()) {
    co_return failure{outcome::refused, opening(), cause_code::entry_not_made, 0,
                      mapping_refusal::not_kept};
  }
  const auto asked = request_.external_port;
  moves_ports_ = true;
  was_free_ = false;
  request_.external_port = ports.front();
  if (request_.any_port) {
    const auto row = co_await read_row();
    const table_entry* shown = row ? &*row : nullptr;
    co_return co_await made(shown);
  }
  const auto given_back = co_await unmap();
  co_return another_port_granted(opening(), asked, ports.front(), given_back);
}

/// All of them; what fails stands for `request_` from now on.
awaitable<result<void>> upnp_mapper::close_elsewhere() {
  const auto known = request_;
  const auto ports = co_await ports_elsewhere();
  result<void> closed;
  for (const std::uint16_t port : ports) {
    mapping_request other = known;
    other.external_port = port;
    const auto deleted = co_await delete_entry(access_, *service_, other);
    if (deleted || says_no_entry(deleted)) continue;
    request_ = other;
    client_ = access_.from.local.to_string();
    add_ = add_state::confirmed;
    closed = deleted.error();
  }
  co_return closed;
}

}  // namespace natcheck::portmap
