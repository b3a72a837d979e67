// A port mapping by UPnP: looked for before, read back after, and removed only where it is ours.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>
#include <vector>

#include "portmap/port_mapper.hpp"
#include "portmap/upnp_description.hpp"
#include "portmap/upnp_entry.hpp"

namespace natcheck::portmap {

/// An IPv4 gateway's. A refusal's `code` is the UPnP errorCode.
class upnp_mapper final : public port_mapper {
 public:
  explicit upnp_mapper(gateway_access access) : access_(std::move(access)) {}

  mapping_protocol protocol() const override { return mapping_protocol::upnp; }
  /// Searches again, also where a service is known. What it finds, `map` has at hand.
  boost::asio::awaitable<result<void>> find() override;
  /// Where the gateway accepts no lease time, the entry may be made for ever (lifetime 0).
  boost::asio::awaitable<result<mapping>> map(mapping_request request) override;
  /// Reads the entry and the external address.
  boost::asio::awaitable<result<mapping_check>> check() override;
  boost::asio::awaitable<result<void>> unmap() override;
  mapping_record record(const mapping_request& request) const override;
  void restore(const mapping_record& record) override;
  void spare(std::vector<std::uint16_t> external_ports) override {
    spared_ = std::move(external_ports);
  }

 private:
  /// What became of the adding of `request_`. A renewal of an entry that was confirmed and not seen
  /// to be gone leaves it confirmed.
  enum class add_state {
    none,       ///< not sent, or refused
    sent,       ///< not answered in a usable way: the gateway may still be about to make the entry
    confirmed,  ///< answered with yes
    adopted,    ///< an earlier run's
  };
  /// What the table had on the port before an add.
  enum class row_before { none, one, unknown };
  /// What the table has after an add that was not answered with yes.
  enum class grant_state { ours, nothing_of_ours, unknown };

  boost::asio::awaitable<result<void>> reach();
  boost::asio::awaitable<result<mapping>> map_port(mapping_request wanted);
  boost::asio::awaitable<result<mapping>> map_any_port(mapping_request wanted);
  boost::asio::awaitable<result<mapping>> map_another_port(mapping_request wanted, failure why);
  boost::asio::awaitable<std::optional<failure>> add(mapping_request wanted, adding how,
                                                     row_before before);
  boost::asio::awaitable<std::optional<failure>> add_once(const mapping_request& wanted, adding how,
                                                          row_before before);
  boost::asio::awaitable<std::optional<failure>> take_over(const mapping_request& wanted,
                                                           const table_entry& ours,
                                                           failure refused);
  boost::asio::awaitable<std::optional<failure>> make_anew(mapping_request wanted);
  boost::asio::awaitable<grant_state> look_after(failure why, row_before before);
  bool lease_may_be_why(const failure& refused) const;
  boost::asio::awaitable<result<mapping>> verify();
  boost::asio::awaitable<std::vector<std::uint16_t>> ports_elsewhere();
  boost::asio::awaitable<result<mapping>> look_elsewhere();
  boost::asio::awaitable<result<void>> close_elsewhere();
  boost::asio::awaitable<result<mapping>> made(const table_entry* row);
  boost::asio::awaitable<result<table_entry>> read_row();
  boost::asio::awaitable<result<table_entry>> read_row_until(net::steady_time deadline);
  net::steady_time settled_at() const;
  boost::asio::awaitable<result<table_entry>> switch_on(table_entry row);
  boost::asio::awaitable<result<void>> delete_row();
  boost::asio::awaitable<result<void>> remove();
  bool is_described_as_ours(const table_entry& entry) const;
  bool leads_to(const table_entry& entry, const std::string& client, std::uint16_t port) const;
  bool is_own(const table_entry& entry) const;
  bool is_as_shown(const table_entry& entry) const;
  bool is_odd(const table_entry& entry) const;
  bool bears_our_mark(const table_entry& entry) const;
  bool made_here(const table_entry& entry, const mapping_request& wanted) const;
  void forget();
  operation opening() const;
  operation closing() const;
  failure conflict(const table_entry& entry) const;
  failure removal_failed(failure why) const;

  gateway_access access_;
  std::optional<wan_service> service_;  ///< dropped when it does not answer any more
  mapping_request request_;  ///< meaningless while add_ is none; its lifetime is the granted one
  std::string client_;       ///< that the entry of `request_` leads to
  add_state add_ = add_state::none;
  net::steady_time sent_at_;                         ///< when the add of `request_` was sent
  std::chrono::steady_clock::duration add_took_{0};  ///< the last one
  bool table_hangs_ = false;  ///< the last attempt to read an entry timed out
  bool was_free_ = false;     ///< no entry stood there before the add, and none was read back since
  std::optional<table_entry> shown_;  ///< our entry, where it does not lead to where it was to lead
  std::optional<std::string> kept_description_;  ///< of our entry, as the gateway keeps it
  bool moves_ports_ = false;  ///< the gateway has put an entry on another port than it was told
  std::vector<std::uint16_t> spared_;
  std::optional<std::chrono::seconds> worked_;  ///< a lease time that the gateway accepted
};

}  // namespace natcheck::portmap
