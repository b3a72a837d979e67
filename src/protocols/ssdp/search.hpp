// The search for the gateway's UPnP description, as a machine: it is polled, knows no socket and
// no clock. Sends on one UDP socket that is bound to the interface of the gateway.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <natcheck/endpoint.hpp>
#include <natcheck/evidence.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "protocols/parsed.hpp"
#include "protocols/ssdp/codec.hpp"
#include "protocols/ssdp/url.hpp"

namespace natcheck::ssdp {

using time_point = std::chrono::steady_clock::time_point;

/// Search targets (ST) of an Internet gateway and its services.
inline constexpr std::array<std::string_view, 9> gateway_targets{
    "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
    "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
    "urn:schemas-upnp-org:service:WANIPConnection:2",
    "urn:schemas-upnp-org:service:WANIPConnection:1",
    "urn:schemas-upnp-org:service:WANPPPConnection:1",
    "upnp:rootdevice",
    // Huawei's HG531 knows only the names from before UPnP's (DSL Forum TR-064).
    "urn:dslforum-org:service:WANIPConnection:1",
    "urn:dslforum-org:service:WANPPPConnection:1",
    // Last, as it brings the most answers.
    "ssdp:all",
};

/// Those of an IPv6 firewall that opens when asked.
inline constexpr std::array<std::string_view, 2> ipv6_firewall_targets{
    "urn:schemas-upnp-org:service:WANIPv6FirewallControl:1",
    "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
};

/// Whom a search asks.
enum class audience {
  /// The gateway alone, which lets the answers to the multicast pass this host's firewall and
  /// reaches routers that ignore multicast; then everyone, for those that ignore unicast (Eero).
  both,
  gateway,
  everybody,
};

struct search_config {
  address gateway;  ///< only its answers are used
  endpoint multicast{boost::asio::ip::make_address("239.255.255.250"), 1900};
  std::uint16_t port = 1900;  ///< of the gateway
  unsigned mx = 1;            ///< seconds a device may wait before it answers
  std::span<const std::string_view> targets = gateway_targets;
  audience asked = audience::both;
  /// Set where the gateway goes by many addresses (IPv6): one of ours. Then a description may be
  /// at any address of the link that `on_link` knows; and where the gateway alone is asked, whoever
  /// answers from the link is the gateway. (miniupnpd, asked at the address of its router
  /// advertisements, answers from another of its interface's.)
  std::optional<address> local = std::nullopt;
};

/// The gateway answered, and its description is where it may be. Reported once for each
/// LOCATION, and once more when a later answer is the first to announce a gateway there.
struct found {
  http_url location;
  std::optional<std::uint32_t> boot_id;
  millis rtt{0};  ///< since the first request
  /// It says it is an Internet gateway. False for the other devices that live in a router (media
  /// server, Wi-Fi setup): the search goes on.
  bool announces_gateway = false;
};

/// The gateway sent something that cannot be used. Reported once for each reason.
struct rejected {
  cause reason;
};

/// Another host says that it is an Internet gateway. Reported once for each; never to be asked.
struct other_device {
  address from;
};

using search_event = std::variant<found, rejected, other_device>;

struct transmission {
  endpoint to;
  std::string payload;
};

/// Three rounds at 0, 250 and 500 ms; a round asks for every search target, the gateway directly
/// and then everyone, as the configuration says. Ends when the slowest permitted answer to the
/// last request is due: MX + 100 ms after it. The caller may stop earlier, when it has what it
/// looks for.
class search {
 public:
  search(search_config config, time_point start);

  /// The next datagram that is due; to be called until it gives none.
  std::optional<transmission> poll_transmit(time_point now);
  /// A datagram that came, from any port.
  void handle_packet(time_point now, const endpoint& from, std::string_view datagram);
  /// The next event, in order of arrival.
  std::optional<search_event> poll_event();
  /// When to poll again if no datagram comes: for the next request, at last for the end. Empty once
  /// `poll_transmit` was called at or after the end.
  std::optional<time_point> next_timeout() const;
  bool finished(time_point now) const;
  /// Rounds begun.
  int attempts() const;

 private:
  struct peer {
    address ip;
    unsigned datagrams = 0;
    bool reported = false;
  };

  std::size_t per_round() const;
  bool all_sent() const;
  time_point end() const;
  bool to_gateway(std::size_t number) const;
  bool is_gateway(const address& ip) const;
  peer* admit(const address& ip);
  void handle_gateway(time_point now, std::string_view datagram);
  void handle_other(peer& sender, std::string_view datagram);
  void reject(const cause& reason);
  bool is_news(const std::string& location, bool announced);

  search_config config_;
  time_point start_;
  std::size_t sent_ = 0;
  time_point first_sent_;
  time_point last_sent_;
  bool ended_ = false;
  std::vector<peer> peers_;
  std::map<std::string, bool> locations_;  ///< and whether a gateway is announced there
  std::vector<cause> reasons_;
  std::deque<search_event> events_;
};

}  // namespace natcheck::ssdp
