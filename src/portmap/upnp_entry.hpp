// One entry of a WAN connection's table: reading, adding and deleting it.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <natcheck/error.hpp>
#include <natcheck/mappings.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "portmap/grants.hpp"
#include "portmap/port_mapper.hpp"
#include "portmap/upnp_description.hpp"
#include "portmap/upnp_errors.hpp"
#include "portmap/upnp_soap.hpp"

namespace natcheck::portmap {

/// NewPortMappingDescription of our entries: how a later run knows them again.
inline constexpr std::string_view our_description = "natcheck";

/// The entry in an answer, without its key: the protocol, the external port and the remote host.
table_entry entry_of(const soap_values& values);

/// A cause whose values are those of `entry`: external port, client, internal port, description.
cause of_entry(cause_code code, const table_entry& entry);

/// A port as routers write it; empty for what only begins with a 0, as hexadecimal digits do.
std::optional<std::uint16_t> port_of(const soap_values& values, std::string_view name);

/// Whether an entry's NewInternalClient may stand for `self`: it is that address, however it is
/// written, or no address of a device. Many routers show a host name, and which one leads here only
/// they know.
bool may_lead_to(const std::string& client, const address& self);

/// True where it is empty or 0.0.0.0.
bool names_nobody(const std::string& client);

/// True where it is the address.
bool leads_to(const std::string& client, const address& self);

/// The gateway says so itself; any other failure tells nothing about its table.
template <class T>
bool says_no_entry(const result<T>& answer) {
  return !answer && answer.error().code == upnp_error::no_such_entry_in_array;
}

/// The entry on the protocol and the external port of `request`. The references here and below must
/// outlive the awaiting.
boost::asio::awaitable<result<table_entry>> read_entry(const gateway_access& access,
                                                       const wan_service& service,
                                                       const mapping_request& request);

enum class adding {
  this_port,  ///< AddPortMapping
  any_port,   ///< AddAnyPortMapping (IGD v2), which takes another external port where it must
};

/// Adds what `request` says, leading to this host. Gives the external port.
boost::asio::awaitable<result<std::uint16_t>> add_entry(const gateway_access& access,
                                                        const wan_service& service,
                                                        const mapping_request& request, adding how);

boost::asio::awaitable<result<void>> delete_entry(const gateway_access& access,
                                                  const wan_service& service,
                                                  const mapping_request& request);

/// Both empty where the gateway does not answer.
boost::asio::awaitable<external_address_report> read_external_address(const gateway_access& access,
                                                                      const wan_service& service);

}  // namespace natcheck::portmap
