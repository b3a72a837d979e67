// A home router as a script: NAT-PMP and PCP, SSDP and HTTP on loopback, with a port mapping table
// behind them. Every part of it can be made to misbehave.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "portmap/port_mapper.hpp"
#include "support/peers.hpp"

namespace natcheck::support {

struct http_request {
  std::string line;    ///< "GET /rootDesc.xml HTTP/1.1"
  std::string action;  ///< of SOAP: "GetExternalIPAddress"
  std::string host;    ///< the Host header
  std::string body;
};

/// What an HTTP server sends, and what it does then.
struct http_answer {
  enum class ending {
    close,
    hang,     ///< keeps the connection open and says nothing more
    repeat,   ///< sends `bytes` again and again
    reset,    ///< tears the connection down
    bytewise  ///< sends `bytes` one by one, `pause` apart, and closes
  };
  std::string bytes;
  ending then = ending::close;
  milliseconds pause{0};
};

/// A whole answer with Content-Length.
http_answer http_page(std::string body, const std::string& status = "200 OK");
/// An answer whose body ends with the connection.
http_answer http_page_without_length(const std::string& body);
http_answer http_chunked(const std::string& body);
/// A UPnP fault, as miniupnpd words it.
http_answer soap_fault(int code);
/// A response to `action` that holds `values`, a piece of XML.
http_answer soap_response(const std::string& action, const std::string& values);

// NAT-PMP answers (RFC 6886).
std::string nat_pmp_address(std::uint16_t result, const std::string& ip,
                            std::uint32_t epoch_s = 1000);
/// `operation` 1 is UDP, 2 is TCP.
std::string nat_pmp_mapping(std::uint8_t operation, std::uint16_t internal_port,
                            std::uint16_t external_port, std::uint32_t lifetime_s,
                            std::uint16_t result = 0, std::uint32_t epoch_s = 1000);
/// What a mapping request asks for.
struct nat_pmp_request {
  explicit nat_pmp_request(const std::string& bytes);
  int operation = 0;
  std::uint16_t internal_port = 0;
  std::uint16_t external_port = 0;
  std::uint32_t lifetime_s = 0;
};

/// An answer to an M-SEARCH.
std::string ssdp_answer(
    const std::string& location,
    const std::string& target = "urn:schemas-upnp-org:device:InternetGatewayDevice:1");
/// A service of a description; `type` is as in "WANIPConnection:1", or a whole URN.
std::string igd_service(const std::string& type, const std::string& control_url);
/// A description with these services; `base` is a URLBase element or nothing.
std::string describe_igd_services(const std::string& services, const std::string& base = "");
/// The same with one WANIPConnection.
std::string describe_igd(const std::string& control_url, const std::string& base = "");
/// The same with a WANPPPConnection (at /ppp) before it.
std::string describe_igd_with_ppp(const std::string& control_url);

/// The text of an XML element, or nothing when there is none.
std::optional<std::string> element(const std::string& xml, const std::string& name);

class fake_gateway {
 public:
  struct row {
    std::string client;
    std::string port;
    std::string description;
    std::string lease;
    std::string remote_host{};
    std::string enabled = "1";
  };

  explicit fake_gateway(asio::io_context& io);

  /// How to talk to it, from host_ip.
  portmap::gateway_access access() const;
  std::string base_url() const;
  /// The requests for SOAP actions, in order.
  std::vector<std::string> actions() const;
  int count(const std::string& action) const;
  /// What its own answers by NAT-PMP and PCP say: 1000 at first, and one more each second.
  std::uint32_t epoch_s() const;
  /// Begins its epoch anew at 0, with an empty table.
  void restart();
  /// What was asked of NAT-PMP's operations 1 and 2, in order.
  std::vector<nat_pmp_request> mapping_requests() const;
  /// Neither answers the search nor listens for NAT-PMP: its port is closed.
  void switch_off_nat_pmp() { nat_pmp_closed_ = true; }
  /// Lets somebody else than the gateway receive the multicast search.
  void multicast_to(const endpoint& peer) { multicast_ = peer; }

  /// How long it is given; shorter than in earnest, so that tests of silence end.
  portmap::upnp_times times{milliseconds(3000), milliseconds(3000), milliseconds(2500)};

  // How it behaves; to be changed at any time.
  std::string external_address = "5.5.5.5";
  std::string connection_status = "Connected";
  bool firewall_enabled = true;
  bool pinholes_allowed = false;
  std::string description = describe_igd("/ctl");
  std::string location;                                 ///< empty: its own description
  std::map<std::string, http_answer> answers;           ///< instead of its own: by action or path
  udp_peer::script on_nat_pmp;                          ///< instead of its own
  udp_peer::script on_search;                           ///< instead of its own
  std::function<void(const http_request&)> on_request;  ///< before the request is answered
  std::string keeps_description_as;                     ///< empty: as it was asked to
  bool keeps_entries = true;                            ///< else it says yes and keeps nothing
  /// The errorCode with which it refuses to make this entry ("1234/TCP"), 0 to make it.
  std::function<int(const std::string& key, const row&)> refuses;
  http_answer after_last_entry = soap_fault(713);  ///< when its table is listed

  std::map<std::string, row> table;  ///< by "1234/TCP"
  std::vector<http_request> requests;

 private:
  asio::awaitable<void> serve_http(tcp::socket& socket);
  http_answer answer(const http_request& request);
  http_answer act(const http_request& request);
  row row_from(const std::string& xml) const;
  http_answer add(const std::string& key, const std::string& xml);
  http_answer add_any(const std::string& xml);
  http_answer read(const std::string& key) const;
  http_answer list(const std::string& index) const;
  void answer_nat_pmp(const std::string& request, const udp::endpoint& from);
  void answer_pcp(const std::string& request, const udp::endpoint& from);
  void answer_search(const std::string& request, const udp::endpoint& from);

  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  std::uint32_t first_epoch_s_ = 1000;
  bool nat_pmp_closed_ = false;
  std::map<std::pair<int, int>, std::string> pcp_owners_;  ///< nonces by protocol, internal port
  std::uint16_t closed_port_;
  std::optional<endpoint> multicast_;

 public:
  udp_peer nat_pmp;
  udp_peer ssdp;
  tcp_peer http;
};

/// Listens on trap_ip; whoever connects has been led astray.
class trap {
 public:
  explicit trap(asio::io_context& io);
  std::string url(const std::string& path) const;
  int visits() const { return peer_.connections(); }

 private:
  tcp_peer peer_;
};

}  // namespace natcheck::support
