#include <fmt/format.h>

#include <array>
#include <natcheck/causes.hpp>
#include <natcheck/diagnosis.hpp>

#include "core/units.hpp"
#include "diagnosis/firewall_remedies.hpp"
#include "diagnosis/first_rule.hpp"
#include "diagnosis/remedies.hpp"

namespace natcheck {
namespace judging {
namespace {

/// A single request may have been lost because a buffer was full; the next one is a second later.
constexpr unsigned enough_requests = 2;

/// The kernel repeats an answer that is not acknowledged; a single one may have been.
constexpr unsigned enough_answers = 2;

std::string who(const arrival_evidence& seen) { return seen.peer.ip.to_string(); }

std::string port(const arrival_evidence& seen) {
  return fmt::format("{} port {}", name_of(seen.protocol), seen.local.port);
}

std::vector<std::string> open_port(const arrival_evidence& seen) {
  return let_in(seen.firewall, {seen.protocol, seen.local.port, seen.interface});
}

/// What may block packets here, as far as it could be read.
std::string_view obstacle(const arrival_evidence& seen) {
  return seen.firewall.nat_read ? "A firewall on this machine"
                                : "A firewall or a NAT rule on this machine";
}

/// Something lost it here; if nftables has no chain that could have, it is less clear what.
confidence certainty(const arrival_evidence& seen, confidence otherwise) {
  return seen.firewall.by == firewall_evidence::manager::none ? confidence::likely : otherwise;
}

std::optional<verdict> nothing_lost(const arrival_evidence& seen) {
  const bool answered = seen.answers > 0 && seen.answers < enough_answers && seen.refusals == 0;
  if (seen.requests > 0 && !seen.accepted && !answered) return std::nullopt;
  return verdict{
      verdict_code::inconclusive,
      confidence::unconfirmed,
      fmt::format("There is no proof that this machine lost anything from {}.", who(seen)),
      {},
      {std::string(probe_outside)}};
}

/// The word of ip-route(8) for a route of that kind.
std::string_view kind_of_route(const cause& refusal) {
  if (refusal.code == cause_code::route_unreachable) return "unreachable";
  return refusal.code == cause_code::route_discards ? "blackhole" : "prohibit";
}

std::optional<verdict> routes_forbid_answers(const arrival_evidence& seen) {
  if (seen.no_route_back.empty() || seen.answers > 0) return std::nullopt;
  const auto kind = kind_of_route(seen.no_route_back);
  const char* const ip = seen.peer.ip.is_v6() ? "ip -6" : "ip";
  return verdict{
      verdict_code::return_path_broken,
      confidence::confirmed,
      fmt::format("Packets from {} reach this machine, but it does not send answers there: {}.",
                  who(seen), to_string(seen.no_route_back)),
      {},
      {fmt::format(
           "find the route or the rule: {} route show table all to match {} type {}; {} rule", ip,
           who(seen), kind, ip),
       fmt::format("remove it, with the prefix that it has: sudo {} route del {} {}", ip, kind,
                   who(seen))}};
}

std::optional<verdict> answers_do_not_arrive(const arrival_evidence& seen) {
  if (seen.answers < enough_answers) return std::nullopt;
  return verdict{
      verdict_code::return_path_broken,
      confidence::likely,
      fmt::format("Packets from {} reach this machine, but its answers do not get back.",
                  who(seen)),
      {},
      {"check that answers leave on the interface where requests arrive: ip route get " + who(seen),
       "look for a firewall on the return path: on the router, at the provider, or at the other "
       "end",
       "if no one is connecting from there, the source address may be forged: ignore it"}};
}

/// Whatever the conditions of the NAT rule, it is about this port, and what comes never arrives.
std::optional<verdict> port_is_redirected(const arrival_evidence& seen) {
  if (!seen.firewall.led_away) return std::nullopt;
  verdict judged =
      diagnose(redirect_evidence{seen.protocol, seen.local.port, *seen.firewall.led_away}).main;
  const bool nothing_else = seen.firewall.by == firewall_evidence::manager::none;
  judged.certainty = nothing_else ? confidence::confirmed : confidence::likely;
  judged.summary = fmt::format(
      "A NAT rule on this machine redirects packets from {} for {} to {}, so they never reach the "
      "server.",
      who(seen), port(seen), destination(*seen.firewall.led_away));
  return judged;
}

std::optional<verdict> firewall_rejects(const arrival_evidence& seen) {
  if (seen.refusals == 0) return std::nullopt;
  return verdict{verdict_code::host_firewall,
                 certainty(seen, confidence::confirmed),
                 fmt::format("{} rejects {} on {}, although the server is listening.",
                             obstacle(seen), who(seen), port(seen)),
                 {},
                 open_port(seen)};
}

std::optional<verdict> reverse_path_filter_drops(const arrival_evidence& seen) {
  if (!seen.reverse_path) return std::nullopt;
  return verdict{
      verdict_code::return_path_broken,
      confidence::likely,
      fmt::format("Packets from {} arrive on a different interface from the one that answers would "
                  "leave on, so the kernel drops them (rp_filter).",
                  who(seen)),
      {},
      {"see which interface answers leave on: ip route get " + who(seen),
       "give that interface its own route, or relax the check: sudo sysctl -w "
       "net.ipv4.conf.all.rp_filter=2"}};
}

/// Over UDP the server has whatever the firewall lets in. Over TCP the kernel answers in its place,
/// and a rule of the output hook may drop that answer unseen.
std::optional<verdict> firewall_drops(const arrival_evidence& seen) {
  const bool again = seen.requests >= enough_requests;
  const bool perhaps_the_answer = seen.protocol == transport::tcp;
  const char* const what =
      perhaps_the_answer ? ", or this machine's answers: requests arrive, but no answer leaves"
                         : ": they arrive, but never reach the server";
  auto advice = open_port(seen);
  if (perhaps_the_answer) advice.push_back(let_out({seen.protocol, seen.local.port, {}}));
  return verdict{
      verdict_code::host_firewall,
      certainty(seen, again ? confidence::confirmed : confidence::likely),
      fmt::format("{} drops packets from {} to {}{}.", obstacle(seen), who(seen), port(seen), what),
      {},
      std::move(advice)};
}

constexpr std::array arrival_rules{
    nothing_lost,     routes_forbid_answers,     answers_do_not_arrive, port_is_redirected,
    firewall_rejects, reverse_path_filter_drops, firewall_drops};

std::string arrivals_line(const arrival_evidence& seen) {
  const char* const what = seen.protocol == transport::tcp ? "connection request" : "datagram";
  std::string line = fmt::format("{} from {} to {}", counted(seen.requests, what),
                                 to_string(seen.peer), to_string(seen.local));
  if (!seen.interface.empty()) line += " arrived on " + seen.interface;
  return line + fmt::format(" in {:.0f} s", seen.waited.count() / 1000);
}

std::string departures_line(const arrival_evidence& seen) {
  if (seen.answers + seen.refusals == 0) return "this machine sent no answer";
  if (seen.refusals == 0) return counted(seen.answers, "answer") + " left this machine";
  const std::string refused =
      counted(seen.refusals, "refusal") + " (a reset, or an ICMP error) left this machine";
  return seen.answers == 0 ? refused : counted(seen.answers, "answer") + " and " + refused;
}

}  // namespace
}  // namespace judging

diagnosis diagnose(const arrival_evidence& evidence) {
  verdict v = judging::first_of(judging::arrival_rules, evidence);
  v.evidence = {judging::arrivals_line(evidence), judging::departures_line(evidence),
                evidence.accepted ? "the server accepted it" : "the server accepted none of it"};
  if (v.code == verdict_code::host_firewall) {
    const auto& rule = evidence.firewall.led_away;
    v.evidence.push_back(rule ? "the rule: " + judging::describe(*rule)
                              : "the firewall: " + judging::describe(evidence.firewall));
    if (!rule && !evidence.firewall.nat_doubt.empty()) {
      v.evidence.push_back(
          "it is not known whether a NAT rule on this machine redirects the port: " +
          to_string(evidence.firewall.nat_doubt));
      v.advice.emplace_back(
          "also look for NAT rules: sudo nft list ruleset; sudo iptables-legacy -t nat -S");
    }
  }
  const auto answered = v.code == verdict_code::inconclusive ? answer::unknown : answer::no;
  return {std::move(v), {}, answered};
}

}  // namespace natcheck
