#include "diagnosis/probe_rejections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <natcheck/causes.hpp>

#include "core/canonical.hpp"
#include "diagnosis/remedies.hpp"

namespace natcheck::judging {
namespace {

struct icmp_words {
  bool v6;
  std::uint8_t type, code;
  bool prohibited;
  std::string_view name;
};

constexpr std::string_view lifetime_over = "time to live exceeded";

// RFC 792, RFC 1122 section 3.2.2.1, RFC 1812 section 5.2.7.1; RFC 4443 sections 3.1 and 3.3.
constexpr std::array codes{
    icmp_words{false, 3, 0, false, "network unreachable"},
    icmp_words{false, 3, 1, false, "host unreachable"},
    icmp_words{false, 3, 2, false, "protocol unreachable"},
    icmp_words{false, 3, 3, false, "port unreachable"},
    icmp_words{false, 3, 6, false, "network unknown"},
    icmp_words{false, 3, 7, false, "host unknown"},
    icmp_words{false, 3, 9, true, "network administratively prohibited"},
    icmp_words{false, 3, 10, true, "host administratively prohibited"},
    icmp_words{false, 3, 13, true, "administratively prohibited"},
    icmp_words{false, 11, 0, false, lifetime_over},
    icmp_words{false, 11, 1, false, "fragments missing"},
    icmp_words{true, 1, 0, false, "no route to destination"},
    icmp_words{true, 1, 1, true, "administratively prohibited"},
    icmp_words{true, 1, 2, false, "beyond scope of source address"},
    icmp_words{true, 1, 3, false, "address unreachable"},
    icmp_words{true, 1, 4, false, "port unreachable"},
    icmp_words{true, 1, 5, true, "source address failed policy"},
    icmp_words{true, 1, 6, true, "reject route to destination"},
    icmp_words{true, 3, 0, false, lifetime_over},
    icmp_words{true, 3, 1, false, "fragments missing"},
};

icmp_words words_of(const icmp_notice& icmp) {
  const auto found = std::ranges::find_if(codes, [&](const icmp_words& one) {
    return one.v6 == icmp.from.is_v6() && one.type == icmp.type && one.code == icmp.code;
  });
  if (found != codes.end()) return *found;
  const bool unreachable = icmp.type == (icmp.from.is_v6() ? 1 : 3);
  return {icmp.from.is_v6(), icmp.type, icmp.code, false,
          unreachable ? "destination unreachable" : "an error of another kind"};
}

/// "port 1234", "UDP port 1234"
std::string port_of(const probe_evidence& seen) {
  return fmt::format("{}port {}", seen.protocol == transport::udp ? "UDP " : "",
                     seen.address->port);
}

/// What is sent with the usual TTL expires only where it goes round.
failure_story lost_in_a_loop(const std::string& router, const std::string& port) {
  return {
      fmt::format("cannot be reached: the packet looped until {} dropped it ({})", router, port),
      "the packet's time to live (TTL) ran out on the path: most likely two routers send it back "
      "and forth",
      "check the address; on the server's side, check the port forwarding and the routes of "
      "the router that has this address"};
}

failure_story said_by_target(const icmp_words& words, const probe_evidence& seen) {
  const std::string port = port_of(seen);
  const std::string ip = seen.address->ip.to_string();
  if (words.prohibited) {
    return {
        fmt::format("rejects {}", port),
        fmt::format("{} itself reports this: the firewall of that host, or of the router that has "
                    "this address, rejects the port",
                    ip),
        fmt::format("on the server's side, allow {} in the firewalls of the server and its router",
                    port)};
  }
  if (words.name == "port unreachable") {
    return {fmt::format("reports that nothing listens on {}", port),
            "an ICMP error came back: the port is not forwarded, a firewall rejects it, or the "
            "server is not running",
            fmt::format("on the server's side, check that natcheck serve is running and that {} is "
                        "forwarded and allowed",
                        port)};
  }
  if (words.name == lifetime_over) return lost_in_a_loop(ip, port);
  return {fmt::format("reports that {} leads to a machine that cannot be reached", port),
          fmt::format("{} itself reports this: the router that has this address forwards the port "
                      "to a machine that does not answer, or its firewall rejects the port",
                      ip),
          "on the server's side, compare the address in the port forwarding with the server's own, "
          "and check the firewall"};
}

failure_story said_on_the_way(const icmp_notice& icmp, const icmp_words& words,
                              const probe_evidence& seen) {
  const std::string port = port_of(seen);
  const std::string router = icmp.from.to_string();
  const bool rejects = words.prohibited || words.name == "port unreachable";
  if (rejects) {
    return {fmt::format("cannot be reached: the router {} rejects {}", router, port),
            "a firewall on the path blocks it",
            fmt::format("find out whose router {} is, and probe from another network", router)};
  }
  if (words.name == lifetime_over) return lost_in_a_loop(router, port);
  return {fmt::format("cannot be reached: the router {} reports this ({})", router, port),
          "that router has no route to it, or the machine is not there",
          std::string(check_address)};
}

void name_own_rejection(handshake_evidence& one, const address& target, const address& local) {
  if (!one.icmp) return;
  const address from = canonical(one.icmp->from);
  // What the kernel says if nobody answers ARP or neighbour discovery.
  const bool no_neighbor = one.icmp->from.is_v6() ? one.icmp->type == 1 && one.icmp->code == 3
                                                  : one.icmp->type == 3 && one.icmp->code == 1;
  if (no_neighbor) return;
  if (from == canonical(target) || from != canonical(local)) return;
  one.result = probe_result::unreachable;
  one.local_fault = true;
  one.detail = cause_code::own_firewall_rejects;
}

}  // namespace

void name_own_rejections(probe_evidence& seen) {
  const auto& local = seen.visitor_location.local;
  if (!local || !seen.address) return;
  for (auto& one : seen.handshakes) name_own_rejection(one, seen.address->ip, *local);
  for (auto& each : seen.attempts) name_own_rejection(each.handshake, each.ip, *local);
}

failure_story story_of_icmp(const icmp_notice& icmp, const probe_evidence& seen) {
  const address from = canonical(icmp.from);
  if (from == canonical(seen.address->ip)) return said_by_target(words_of(icmp), seen);
  const auto& local = seen.visitor_location.local;
  if (!local || from != canonical(*local)) return said_on_the_way(icmp, words_of(icmp), seen);
  return {fmt::format("cannot be reached: the next hop on this network does not answer ({})",
                      port_of(seen)),
          "nothing answers ARP or neighbour discovery for the address, or for the router to it",
          "check the address and this machine's own network: natcheck discover"};
}

std::string icmp_line(const icmp_notice& icmp) {
  return fmt::format("ICMP from {}: {} (type {}, code {})", icmp.from.to_string(),
                     words_of(icmp).name, icmp.type, icmp.code);
}

}  // namespace natcheck::judging
