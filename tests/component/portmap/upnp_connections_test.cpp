// A gateway that describes several services: which speaks for it, and what the others may cost.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "portmap/upnp.hpp"
#include "support/fake_gateway.hpp"

namespace natcheck::portmap {
namespace upnp_connections_test {

using namespace support;
using ::testing::HasSubstr;
using ending = http_answer::ending;

class UpnpConnections : public ::testing::Test {
 protected:
  upnp_evidence ask() {
    const auto deadline = std::chrono::steady_clock::now() + 60s;
    return loop_.await(ask_upnp(gateway_.access(), deadline));
  }

  loop loop_;
  fake_gateway gateway_{loop_.context()};
};

// Of two WAN connections the one in use counts, and what the other said is not mixed in.
TEST_F(UpnpConnections, TheConnectionInUseSpeaksForTheGateway) {
  gateway_.description = describe_igd_with_ppp("/ctl");
  gateway_.answers["/ppp#GetStatusInfo"] =
      soap_response("GetStatusInfo",
                    "<NewConnectionStatus>Unconfigured</NewConnectionStatus>"
                    "<NewUptime>1</NewUptime>");
  gateway_.answers["/ppp#GetExternalIPAddress"] = soap_fault(501);
  auto evidence = ask();
  EXPECT_THAT(*evidence.service, HasSubstr("WANIPConnection"));
  EXPECT_EQ(evidence.external_address_text, "5.5.5.5");
  EXPECT_EQ(evidence.result, std::nullopt) << "that was the other connection's";
  EXPECT_EQ(evidence.uptime_s, 4711U);
  EXPECT_EQ(to_string(evidence.detail), "");
}

TEST_F(UpnpConnections, WithoutAStatusTheConnectionWithAnAddressSpeaks) {
  gateway_.description = describe_igd_with_ppp("/ctl");
  gateway_.answers["/ppp#GetStatusInfo"] = soap_fault(401);
  gateway_.answers["/ctl#GetStatusInfo"] =
      soap_response("GetStatusInfo", "<NewConnectionStatus>Unconfigured</NewConnectionStatus>");
  gateway_.answers["/ctl#GetExternalIPAddress"] =
      soap_response("GetExternalIPAddress", "<NewExternalIPAddress>0.0.0.0</NewExternalIPAddress>");
  const auto evidence = ask();
  EXPECT_THAT(*evidence.service, HasSubstr("WANPPPConnection"));
  EXPECT_EQ(evidence.external_address_text, "5.5.5.5");
  EXPECT_EQ(evidence.connection_status, std::nullopt);
}

http_answer status(const std::string& word) {
  return soap_response("GetStatusInfo", "<NewConnectionStatus>" + word + "</NewConnectionStatus>");
}

http_answer external(const std::string& ip) {
  return soap_response("GetExternalIPAddress",
                       "<NewExternalIPAddress>" + ip + "</NewExternalIPAddress>");
}

struct line {
  http_answer status;
  http_answer address;
};

struct choice {
  const char* what;
  std::vector<line> lines;  ///< at /0, /1, ...
  std::string chosen;       ///< its address
};

std::vector<choice> choices() {
  const http_answer unauthorized = http_page("", "401 Unauthorized");
  const auto up = status("Connected");
  const auto down = status("Disconnected");
  return {
      {"public before private",
       {{up, external("10.0.0.1")}, {up, external("8.8.1.1")}, {down, external("8.8.1.2")}},
       "8.8.1.1"},
      {"\"Up\" is connected too",
       {{down, external("8.8.1.1")}, {status("Up"), external("8.8.1.2")}},
       "8.8.1.2"},
      {"connected before an address",
       {{down, external("8.8.1.1")}, {up, external("192.168.8.2")}},
       "192.168.8.2"},
      {"an address before none",
       {{down, external("0.0.0.0")}, {down, external("")}, {down, external("100.64.0.2")}},
       "100.64.0.2"},
      {"an answer before none",
       {{unauthorized, unauthorized}, {down, external("0.0.0.0")}, {unauthorized, unauthorized}},
       "0.0.0.0"},
      {"the first of equals", {{up, external("8.8.1.1")}, {up, external("8.8.1.2")}}, "8.8.1.1"},
  };
}

TEST_F(UpnpConnections, ChoosesAmongItsConnections) {
  for (const choice& row : choices()) {
    std::string services;
    for (std::size_t i = 0; i < row.lines.size(); ++i) {
      const std::string path = fmt::format("/{}", i);
      services += igd_service("WANIPConnection:1", path);
      gateway_.answers[path + "#GetStatusInfo"] = row.lines[i].status;
      gateway_.answers[path + "#GetExternalIPAddress"] = row.lines[i].address;
    }
    gateway_.description = describe_igd_services(services);
    const auto evidence = ask();
    EXPECT_EQ(evidence.state, service_state::answered) << row.what;
    EXPECT_EQ(evidence.external_address_text, row.chosen) << row.what;
    EXPECT_EQ(evidence.wan_connections, row.lines.size()) << row.what;
  }
}

TEST_F(UpnpConnections, AsksEachThatHangsOnce) {
  std::string services;
  for (int i = 0; i < 5; ++i) services += igd_service("WANIPConnection:1", "/dead");
  gateway_.description =
      describe_igd_services(services + igd_service("WANPPPConnection:1", "/ctl"));
  gateway_.answers["/dead"] = {"", ending::hang};
  const auto evidence = ask();
  EXPECT_EQ(evidence.external_address_text, "5.5.5.5");
  EXPECT_EQ(gateway_.count("GetStatusInfo"), 6);
  EXPECT_EQ(gateway_.count("GetExternalIPAddress"), 1) << "none that hangs is asked twice";
}

std::string describe_with_firewall() {
  return describe_igd_services(igd_service("WANIPConnection:2", "/ctl") +
                               igd_service("WANIPv6FirewallControl:1", "/fw"));
}

TEST_F(UpnpConnections, TellsOfTheIpv6Firewall) {
  EXPECT_EQ(ask().ipv6_firewall, std::nullopt) << "it has no such service";
  gateway_.description = describe_with_firewall();
  EXPECT_EQ(ask().ipv6_firewall, (ipv6_firewall_status{true, false}));
  gateway_.firewall_enabled = false;
  gateway_.pinholes_allowed = true;
  EXPECT_EQ(ask().ipv6_firewall, (ipv6_firewall_status{false, true}));
  for (const http_answer& answer :
       {soap_fault(702), http_page(""), soap_response("GetFirewallStatus", ""),
        soap_response("GetFirewallStatus", "<FirewallEnabled>1</FirewallEnabled>")}) {
    gateway_.answers["GetFirewallStatus"] = answer;
    const auto evidence = ask();
    EXPECT_EQ(evidence.ipv6_firewall, std::nullopt);
    EXPECT_EQ(evidence.external_address_text, "5.5.5.5");
    EXPECT_EQ(to_string(evidence.detail), "") << "its silence is no fault of the WAN connection";
  }
}

TEST_F(UpnpConnections, NeverWaitsForTheIpv6Firewall) {
  gateway_.description = describe_with_firewall();
  gateway_.answers["GetFirewallStatus"] = {"", ending::hang};
  gateway_.times.reading = 1h;  // to wait for the call would take as long
  const auto evidence = ask();
  EXPECT_EQ(evidence.state, service_state::answered);
  EXPECT_EQ(evidence.ipv6_firewall, std::nullopt);
}

}  // namespace upnp_connections_test
}  // namespace natcheck::portmap
