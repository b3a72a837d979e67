// Which entry of a gateway's table is ours.
#include "core/written_address.hpp"
#include "portmap/upnp_mapper.hpp"

namespace natcheck::portmap {

bool upnp_mapper::is_described_as_ours(const table_entry& entry) const {
  return entry.description == our_description || entry.description == kept_description_;
}

/// Whether `entry` leads to that port here. A host name is this host's where nothing else can have
/// made the entry.
bool upnp_mapper::leads_to(const table_entry& entry, const std::string& client,
                           std::uint16_t port) const {
  const auto self = read_written_address(client);
  if (!self || entry.internal_port != port) return false;
  if (portmap::leads_to(entry.internal_client, *self)) return true;
  return may_lead_to(entry.internal_client, *self) && (was_free_ || is_described_as_ours(entry));
}

/// Whether `entry` is the one that was added as `request_`. Until it has been read back no one
/// knows what the gateway made of the description; if none was there before, the one that leads to
/// the right place is the one asked for.
bool upnp_mapper::is_own(const table_entry& entry) const {
  if (bears_our_mark(entry)) return true;
  return leads_to(entry, client_, request_.internal_port) &&
         (was_free_ || is_described_as_ours(entry));
}

/// Whether it is the odd one that was read back after the last add.
bool upnp_mapper::is_as_shown(const table_entry& entry) const {
  return shown_ && entry.internal_client == shown_->internal_client &&
         entry.internal_port == shown_->internal_port && entry.description == shown_->description;
}

/// Whether it is ours though it may lead to another port than ours did: someone has changed it, or
/// the gateway does not show where it leads.
bool upnp_mapper::bears_our_mark(const table_entry& entry) const {
  if (entry.description != our_description) return false;
  const auto self = read_written_address(client_);
  return is_as_shown(entry) || names_nobody(entry.internal_client) ||
         (self && portmap::leads_to(entry.internal_client, *self));
}

/// Whether this program made `entry` for what is wanted now: in this run, or in one that ended
/// without cleaning up.
bool upnp_mapper::made_here(const table_entry& entry, const mapping_request& wanted) const {
  if (add_ != add_state::none && is_own(entry)) return true;
  return leads_to(entry, access_.from.local.to_string(), wanted.internal_port) &&
         is_described_as_ours(entry);
}

void upnp_mapper::forget() {
  add_ = add_state::none;
  was_free_ = false;
  shown_.reset();
}

}  // namespace natcheck::portmap
