// A port mapping by UPnP: looked for before, read back after, and removed only where it is ours.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "portmap/port_mapper.hpp"
#include "portmap/upnp_description.hpp"
#include "portmap/upnp_soap.hpp"

namespace natcheck::portmap {

/// NewPortMappingDescription of our entries: how a later run knows them again.
inline constexpr std::string_view our_description = "natcheck";

class upnp_mapper final : public port_mapper {
 public:
  explicit upnp_mapper(gateway_access access) : access_(std::move(access)) {}

  mapping_protocol protocol() const override { return mapping_protocol::upnp; }

  /// Finds the gateway's service, so that `map` has it at hand. Changes nothing.
  boost::asio::awaitable<void> prepare();
  boost::asio::awaitable<result<mapping>> map(mapping_request request) override;
  boost::asio::awaitable<result<void>> unmap() override;

 private:
  /// What became of the AddPortMapping of `request_`. A renewal of an entry that was confirmed and
  /// not seen to be gone leaves it confirmed.
  enum class add_state {
    none,      ///< not sent, or refused
    sent,      ///< not answered in a usable way: the gateway may still be about to make the entry
    confirmed  ///< answered with yes
  };
  /// A row of the gateway's table.
  struct entry {
    std::string client;
    std::uint16_t port = 0;
    std::string description;
    std::optional<std::uint32_t> lease_s;
  };

  boost::asio::awaitable<result<soap_values>> call(std::string_view action,
                                                   soap_arguments arguments);
  boost::asio::awaitable<result<entry>> read_entry(const mapping_request& request);
  boost::asio::awaitable<std::optional<failure>> add_entry(const mapping_request& request,
                                                           bool was_free);
  boost::asio::awaitable<result<mapping>> verify(const mapping_request& request);
  boost::asio::awaitable<std::optional<address>> external_address();
  boost::asio::awaitable<result<entry>> read_settled_entry();
  bool points_here(const entry& row, const mapping_request& request) const;
  bool made_here(const entry& row, const mapping_request& request) const;
  void forget();
  failure conflict(const entry& row, const mapping_request& request) const;

  gateway_access access_;
  std::optional<wan_service> service_;
  std::optional<failure> why_not_;  ///< why there is no service_, after prepare()
  mapping_request request_;         ///< meaningless while add_ is none
  add_state add_ = add_state::none;
  bool was_free_ = false;  ///< no entry stood there before the add, and none was read back since
  std::string kept_description_{our_description};  ///< of our entry, as the gateway keeps it
};

}  // namespace natcheck::portmap
