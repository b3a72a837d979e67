#include <fmt/format.h>

#include <algorithm>

#include "diagnosis/evidence_lines.hpp"
#include "diagnosis/remedies.hpp"
#include "diagnosis/rules.hpp"

namespace natcheck::judging {
namespace {

constexpr unsigned network_authentication_required = 511;  // RFC 6585 section 6

/// A redirect to another host, or the status that was made for it: no page does that by itself.
/// The gateway's own page may also say that it is offline.
bool is_certain_portal(const discover_evidence& seen) {
  const auto& web = seen.web;
  if (answered_by_gateway(seen)) return false;
  if (web.status == network_authentication_required) return true;
  return web.location && !host_of(*web.location).empty() &&
         host_of(*web.location) != host_of(web.url);
}

constexpr const char* possible_firewall = "a firewall may still be in between";

std::string allow_here() {
  return fmt::format("if that fails: allow TCP port {} in this machine's firewall", example_port);
}

std::string last_router(const facts& s) {
  if (s.outside.hops.empty()) return "no router upstream of yours answers";
  return "the last router that answers is " + s.outside.hops.back().ip->to_string();
}

std::string no_internet_because(const facts& s) {
  if (!s.outside.hops.empty()) {
    return fmt::format("nothing answers beyond {}, a router on the path",
                       s.outside.hops.back().ip->to_string());
  }
  const bool alive = s.seen.gateway && is_alive(*s.seen.gateway);
  return alive ? "your router is up, but nothing upstream of it answers"
               : "nothing on the Internet answers this machine";
}

verdict no_internet(const facts& s) {
  const bool alive = s.seen.gateway && is_alive(*s.seen.gateway);
  const bool proven = alive && s.outside.reach == beyond::nothing;
  verdict v{verdict_code::no_internet,
            proven ? confidence::confirmed : confidence::likely,
            "There is no Internet connection: " + no_internet_because(s) + ".",
            {local_line(s), last_router(s)},
            {"check the line between your router, or the provider's modem, and the wall; restart "
             "both",
             "if others are offline too, or the problem persists: call the provider"}};
  if (s.has_home_router()) v.advice.insert(v.advice.begin() + 1, status_page(s.router()));
  return v;
}

verdict translated_public_address(const facts& s) {
  const bool agreed =
      s.outside.reflexive.size() == 1 && s.outside.reflexive.front().servers.size() > 1;
  // A router with services that name nothing may be the one that translates.
  const bool ruled_out = !s.seen.gateway || !s.reported.empty() || offers_nothing(*s.seen.gateway);
  verdict v;
  v.code = verdict_code::public_address_mismatch;
  v.certainty = agreed && ruled_out ? confidence::confirmed : confidence::likely;
  v.summary = fmt::format(
      "This machine has the public address {}, but the Internet sees {}: something in between "
      "translates it.",
      s.local()->to_string(), s.outside.reflexive.front().ip.to_string());
  v.evidence = {local_line(s)};
  v.advice = {
      "ask the network's administrator which ports are forwarded to " + s.local()->to_string(),
      "if there are several Internet connections, try another: natcheck discover --interface NAME"};
  return v;
}

verdict direct_unproven(const facts& s) {
  const auto local = *s.local();
  return {verdict_code::direct,
          confidence::unconfirmed,
          fmt::format("This machine itself has the public address {}; no NAT was seen.",
                      local.to_string()),
          {local_line(s), possible_firewall},
          {listen_only(s.seen.asked), probe_from_outside(local), allow_here()}};
}

verdict reported_otherwise(const facts& s, const address& other) {
  return inconclusive(
      "This machine has a public address, but its router reports a different one.",
      {local_line(s),
       "missing test: an external server that reports which of them the Internet sees"},
      {"run " + listen_only(s.seen.asked) +
       " here, and natcheck probe from outside to each of the two: " + s.local()->to_string() +
       " and " + other.to_string()});
}

/// A router upstream of the gateway that may translate again.
std::optional<path_hop> router_without_public_address(const facts& s) {
  for (const auto scope :
       {address_scope::private_use, address_scope::shared, address_scope::ds_lite}) {
    if (auto hop = s.outside.hop_within(scope)) return hop;
  }
  return std::nullopt;
}

/// The gateway itself shows why another address than this machine's is seen: the network at home
/// is numbered with addresses that are others' on the Internet.
bool gateway_explains(const facts& s) {
  const auto is_another = [&](const reported_address& c) { return c.ip != *s.local(); };
  return std::ranges::any_of(s.reported, is_another) || s.gateway_owns_it() == tested::yes;
}

}  // namespace

std::optional<verdict> own_address_seen(const facts& s) {
  const auto ip = s.seen_as();
  // The same address on another interface (a load balancer's, one that is down) proves nothing.
  if (!ip || ip != s.local()) return std::nullopt;
  return verdict{
      verdict_code::direct,
      s.outside.agreed() ? confidence::confirmed : confidence::likely,
      fmt::format("No NAT: the Internet sees this machine's own address, {}.", ip->to_string()),
      {local_line(s), possible_firewall},
      {listen_only(s.seen.asked), prove_it(*ip), allow_here()}};
}

std::optional<verdict> report_seen(const facts& s) {
  const auto ip = s.seen_as();
  if (!ip || !reports_name(s, *ip)) return std::nullopt;
  const auto other = router_without_public_address(s);
  const bool contradicted = other && s.gateway_owns_it() != tested::yes;
  const bool sure = s.outside.agreed() && !contradict(s.reported) && !contradicted;
  verdict v{verdict_code::single_nat,
            sure ? confidence::confirmed : confidence::likely,
            fmt::format("One NAT: your router has the public address {}, and the Internet sees "
                        "this machine at that address.",
                        ip->to_string()),
            {local_line(s)},
            {open_a_port(s.way()), prove_it(*ip)}};
  if (contradicted) {
    v.evidence.push_back(hop_line(*other) + ": the provider's own router, or a second NAT");
    v.advice.push_back(
        "if the probe fails, compare the Internet (WAN) address in the router's menu: "
        "http://" +
        s.router() + "/");
  }
  return v;
}

std::optional<verdict> captive_portal(const facts& s) {
  const auto& web = s.seen.web;
  const auto answered =
      std::ranges::find(s.seen.stun, service_state::answered, &stun_evidence::state);
  if (web.result != web_result::intercepted || answered != s.seen.stun.end()) return std::nullopt;
  if (answered_by_gateway(s.seen) && says_down(s)) return std::nullopt;
  const bool others_silent = !s.seen.stun.empty() && !s.outside.unfinished;
  const auto page = quoted(web.location ? *web.location : web.url);
  return verdict{
      verdict_code::captive_portal,
      is_certain_portal(s.seen) && others_silent ? confidence::confirmed : confidence::likely,
      "This network gives no Internet access yet: something else answers in place of a web page, "
      "most likely a sign-in page.",
      {local_line(s)},
      {"open " + page +
           " in a web browser, sign in, then run: " + natcheck_command(s.seen.asked, "discover"),
       "if no sign-in page appears: ask the network's administrator"}};
}

std::optional<verdict> nothing_beyond(const facts& s) {
  if (!s.seen.host.ipv4 || !s.outside.sees_nothing()) return std::nullopt;
  const bool proven = s.outside.reach == beyond::nothing;
  if (s.outside.ipv6_answered && s.global_ipv6()) {
    auto v = ipv6_alone(s, "Nothing on the Internet answers this machine over IPv4",
                        {local_line(s), last_router(s)});
    if (!proven) v.certainty = confidence::likely;
    return v;
  }
  if (says_down(s)) {
    const bool sure = proven && !hides_address(s.seen.gateway->upnp);
    return judge_wan_down(s, sure ? confidence::confirmed : confidence::likely);
  }
  // "Network failure" may also mean a private address outside, but then something would answer.
  if (s.seen.gateway && s.reported.empty() && reports_network_failure(*s.seen.gateway)) {
    return judge_wan_down(s, confidence::likely);
  }
  return no_internet(s);
}

std::optional<verdict> public_address_on_host(const facts& s) {
  const auto local = s.local();
  if (!local || !is_public(*local)) return std::nullopt;
  if (s.outside.sees_us()) {
    if (gateway_explains(s)) return std::nullopt;
    return translated_public_address(s);
  }
  const auto other =
      std::ranges::find_if(s.reported, [&](const reported_address& c) { return c.ip != *local; });
  if (other != s.reported.end()) return reported_otherwise(s, other->ip);
  return direct_unproven(s);
}

std::optional<verdict> names_do_not_resolve(const facts& s) {
  if (!s.outside.names_do_not_resolve || s.outside.hops.empty()) return std::nullopt;
  verdict v;
  v.summary =
      fmt::format("{}, so no external server could be asked; the network itself passes packets.",
                  s.outside.diverted ? "A DNS filter answers for the names of the external servers"
                                     : "DNS names do not resolve here");
  v.evidence = {local_line(s), last_router(s), "missing test: an external server, by its name"};
  v.advice = {"check the DNS servers of this machine: cat /etc/resolv.conf",
              "or ask a server by its address: " +
                  natcheck_command(s.seen.asked, "discover --stun ADDRESS")};
  return v;
}

}  // namespace natcheck::judging
