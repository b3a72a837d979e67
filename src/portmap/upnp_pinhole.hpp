// A pinhole in the router's IPv6 firewall by UPnP (WANIPv6FirewallControl:1).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <optional>
#include <string_view>

#include "portmap/port_mapper.hpp"
#include "portmap/upnp_search.hpp"
#include "portmap/upnp_soap.hpp"

namespace natcheck::portmap {

/// `access.gateway` is the router's link-local address with its zone, `access.from.local` the
/// global address that is to be reached: routers open pinholes for the asking address alone.
///
/// Nothing is translated: the external port is the internal one, whatever was asked for. The
/// lifetime is 1 to 86400 s, and what lies beyond is cut.
class upnp_pinhole_mapper final : public port_mapper {
 public:
  explicit upnp_pinhole_mapper(gateway_access access) : access_(std::move(access)) {}

  mapping_protocol protocol() const override { return mapping_protocol::upnp; }

  /// Fails with `refused` also where the service is there and has nothing to open, or may not.
  boost::asio::awaitable<result<void>> find() override;
  boost::asio::awaitable<result<mapping>> map(mapping_request request) override;
  boost::asio::awaitable<result<mapping_check>> check() override;
  boost::asio::awaitable<result<void>> unmap() override;
  mapping_record record(const mapping_request& request) const override;
  void restore(const mapping_record& record) override;

 private:
  using unique_id = std::uint16_t;

  boost::asio::awaitable<result<soap_values>> call(std::string_view action,
                                                   soap_arguments arguments = {});
  boost::asio::awaitable<result<void>> search();
  boost::asio::awaitable<result<void>> ask_firewall();
  boost::asio::awaitable<result<unique_id>> add(mapping_request request);
  boost::asio::awaitable<result<mapping>> add_and_verify(mapping_request request);
  boost::asio::awaitable<result<void>> renew(std::chrono::seconds lifetime);
  boost::asio::awaitable<result<void>> look();
  bool is_gone(const failure& why) const;
  mapping made(const mapping_request& request, bool verified) const;
  void forget();

  gateway_access access_;
  std::optional<ipv6_firewall> service_;
  std::optional<std::uint32_t> boot_id_;    ///< of the router that gave `id_`
  std::optional<mapping_request> request_;  ///< asked for, and perhaps there
  std::optional<unique_id> id_;             ///< of it; empty while the router has not answered
  bool seen_ = false;                       ///< the router showed it to us
};

}  // namespace natcheck::portmap
