// An IPv6 router as a script: SSDP and HTTP on ::1, and a table of pinholes behind them.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "portmap/port_mapper.hpp"
#include "support/fake_gateway.hpp"
#include "support/peers.hpp"

namespace natcheck::support {

/// Numbers its pinholes from 1, and knows one again that it has, as miniupnpd does.
class fake_firewall {
 public:
  /// Its own, and that of the host as well.
  static constexpr const char* ip = "::1";

  struct pinhole {
    std::string client;
    std::string port;
    std::string protocol;
    std::string lease;
    friend bool operator==(const pinhole&, const pinhole&) = default;
  };

  explicit fake_firewall(asio::io_context& io);

  /// How to talk to it.
  portmap::gateway_access access() const;
  int count(const std::string& action) const;
  /// What it was searched with alone, not with the group.
  const std::vector<std::string>& searches() const { return direct_.requests(); }
  /// Its table is lost, and its numbers begin again.
  void restart();

  // How it behaves; to be changed at any time.
  std::string boot_id = "1";
  std::string location;  ///< empty: its own description
  std::string service = "WANIPv6FirewallControl:1";
  std::string control = "/fw";
  std::string status =
      "<FirewallEnabled>1</FirewallEnabled><InboundPinholeAllowed>1</InboundPinholeAllowed>";
  bool silent = false;  ///< to a search of it alone
  bool answers_group = false;
  bool keeps_pinholes = true;                  ///< else it says yes and keeps nothing
  std::map<std::string, http_answer> answers;  ///< by action; one that hangs comes after the deed

  std::map<int, pinhole> table;  ///< by UniqueID
  int next_id = 1;
  std::vector<std::string> actions;  ///< that were asked for, in order
  std::vector<std::string> bodies;   ///< of the same requests

 private:
  void answer_search(udp_peer& peer, const udp::endpoint& from);
  asio::awaitable<void> serve(tcp::socket& socket);
  http_answer answer(const std::string& request, const std::string& body);
  http_answer act(const std::string& action, const std::string& body);
  http_answer add(const std::string& body);

  udp_peer direct_;
  udp_peer group_;
  tcp_peer http_;
};

}  // namespace natcheck::support
