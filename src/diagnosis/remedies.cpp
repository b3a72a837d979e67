#include "diagnosis/remedies.hpp"

#include <fmt/format.h>

#include "core/asked.hpp"

namespace natcheck::judging {

std::string forward_by_hand(transport protocol, std::uint16_t external, const std::string& router,
                            const endpoint& internal) {
  return fmt::format(
      "forward {} port {} by hand on the router ({}) to {}; its menu calls this port forwarding, "
      "port sharing, virtual server or NAT rule",
      protocol == transport::tcp ? "TCP" : "UDP", external, router, to_string(internal));
}

std::string forward_example(const std::string& router, const address& local) {
  return forward_by_hand(transport::tcp, example_port, router, {local, example_port});
}

std::string turn_on_service(const std::string& router) {
  return fmt::format(
      "turn on UPnP or NAT-PMP in the router (http://{}/); its menu may call it UPnP IGD, "
      "automatic port forwarding, or letting devices change port settings",
      router);
}

std::string dead_router(const std::string& router) {
  return fmt::format("The router {} does not answer on the local network.", router);
}

std::vector<std::string> revive_router(const std::string& router) {
  return {"check that the router is switched on, and the cable or Wi-Fi to it",
          "if it is on: check that " + router + " is the right default gateway"};
}

std::string probe_from_outside(const address& ip) {
  return fmt::format("{} {}", probe_outside, to_string(endpoint{ip, example_port}));
}

std::string tunnel_egress(const std::string& interface, const std::string& consequence) {
  return fmt::format("Traffic to the Internet leaves through {}, a tunnel (VPN){}.", interface,
                     consequence);
}

std::vector<std::string> around_the_tunnel() {
  return {"ask the tunnel's operator whether it forwards ports to this machine",
          "or set up the tunnel so that only some traffic uses it (split tunnel)"};
}

std::string use_ipv6(const address& ip) {
  return fmt::format(
      "use IPv6: the Internet sees this machine as {}; allow TCP port {} to it in the router's "
      "IPv6 firewall",
      ip.to_string(), example_port);
}

std::string give_out_ipv6(const address& mapped) {
  return fmt::format(
      "give others {}, and allow TCP port {} to this machine in the router's IPv6 firewall; {}",
      mapped.to_string(), example_port, probe_from_outside(mapped));
}

std::string natcheck_command(const asked_options& asked, std::string_view arguments) {
  return fmt::format("natcheck {}{}", arguments, to_options(asked));
}

std::string open_a_port(const asked_options& asked) {
  return natcheck_command(asked, fmt::format("serve --map {}", example_port));
}

std::string listen_only(const asked_options& asked) {
  return natcheck_command(asked, fmt::format("serve --port {}", example_port));
}

std::string prove_it(const address& ip) {
  return probe_from_outside(ip) + "; only a probe proves that a port is open";
}

std::string status_page(const std::string& router) {
  return "look for the Internet (WAN) address in the router's menu: http://" + router + "/";
}

std::string use_relay() {
  return "use a relay: a server with a public address that forwards connections to this machine";
}

std::string probe_command(const endpoint& external, transport protocol) {
  if (!is_public(external.ip)) return {};
  const auto* option = protocol == transport::udp ? "--protocol udp " : "";
  return fmt::format("natcheck probe {}{}", option, to_string(external));
}

}  // namespace natcheck::judging
