// One way to open a port on the gateway.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <natcheck/error.hpp>
#include <natcheck/mapping.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/mapping_record.hpp"
#include "core/mapping_request.hpp"
#include "net/sockets.hpp"
#include "net/turns.hpp"

namespace natcheck::portmap {

/// How long one UPnP exchange with the gateway may take.
struct upnp_times {
  std::chrono::milliseconds reading{5000};
  /// Adding and removing an entry: 3 to 8 s on many, which reload their firewall.
  std::chrono::milliseconds changing{10'000};
  /// Until a change that was answered shows in the table.
  std::chrono::milliseconds settling{3000};
};

/// How to talk to the gateway. The ports are the protocols' own and the times as they are here,
/// except in tests. Copies share the queue of UPnP exchanges.
struct gateway_access {
  address gateway;
  net::source from;
  unsigned interface_index = 0;            ///< of the interface towards the gateway; 0: not known
  std::uint16_t port_control_port = 5351;  ///< of PCP (RFC 6887) and NAT-PMP (RFC 6886)
  std::uint16_t ssdp_port = 1900;
  endpoint ssdp_multicast{boost::asio::ip::address_v4({239, 255, 255, 250}), 1900};
  /// Told of each other device that answers the search for a gateway (UPnP); may be empty.
  std::function<void(const address&)> on_other_gateway{};
  std::uint16_t announcement_port = 5350;  ///< RFC 6886 section 3.2.1, RFC 6887 section 14.1
  bool by_tunnel = false;                  ///< the interface is a tunnel: the gateway is a VPN's
  upnp_times times{};
  /// Many routers take one connection at a time, and reset a second one.
  std::shared_ptr<net::turns> exchanges = std::make_shared<net::turns>();
};

/// How to ask `gateway`, a device on the link that `way` leaves by.
gateway_access access_to(const address& gateway, const route_info& way);

/// How a service that failed like this stands in the evidence.
service_state state_of(outcome kind);

/// This machine could not ask, which says nothing of the gateway.
bool is_local_fault(const failure& why);

/// True when a failed renewal proves that the mapping is gone already: the gateway's table has
/// someone else's entry in its place, or none, or the mapping moved to another port.
bool proves_loss(const failure& why);

/// Makes, renews and removes one mapping. Not thread-safe; destroys nothing on the gateway by
/// itself: whoever mapped must unmap. One operation at a time.
class port_mapper {
 public:
  port_mapper() = default;
  port_mapper(const port_mapper&) = delete;
  port_mapper& operator=(const port_mapper&) = delete;
  virtual ~port_mapper() = default;

  virtual mapping_protocol protocol() const = 0;

  /// Asks whether the gateway has this service. Changes nothing.
  virtual boost::asio::awaitable<result<void>> find() = 0;

  /// Makes the mapping, or renews it when this mapper made it before. Bounded by the protocol's
  /// own schedule (some seconds). Where the request insists on its port and another one is granted,
  /// that one is given back, and the refusal is `granted_otherwise`.
  virtual boost::asio::awaitable<result<mapping>> map(mapping_request request) = 0;

  /// Looks whether the gateway still has the mapping, by the cheapest question of the protocol. To
  /// be asked every few seconds. Changes nothing. A failure tells nothing about the mapping.
  virtual boost::asio::awaitable<result<mapping_check>> check() = 0;

  /// Removes the mapping that `map` asked for, also where its answer never came. Does nothing
  /// where nothing was asked for, or where the entry is not ours.
  virtual boost::asio::awaitable<result<void>> unmap() = 0;

  /// What another run needs to remove the mapping. Right before `map(request)` it is what is about
  /// to be asked for; after its success, what was granted.
  virtual mapping_record record(const mapping_request& request) const = 0;

  /// Makes an earlier run's mapping this mapper's own, so that `unmap` removes it.
  virtual void restore(const mapping_record& record) = 0;

  /// External ports that others opened for the same port inside: never taken for what the gateway
  /// made of this mapper's request. Only UPnP can mistake them.
  virtual void spare(std::vector<std::uint16_t> /*external_ports*/) {}

  /// Whether the gateway has answered anything by this protocol, usable or not.
  bool has_answered() const { return answered_; }

  /// After a refusal: for how long the gateway will say the same. Empty: it did not say.
  virtual std::optional<std::chrono::seconds> refused_for() const { return std::nullopt; }

 protected:
  void note_answer() { answered_ = true; }

 private:
  bool answered_ = false;
};

}  // namespace natcheck::portmap
