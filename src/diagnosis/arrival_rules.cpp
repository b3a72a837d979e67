#include <fmt/format.h>

#include <natcheck/diagnosis.hpp>

#include "core/units.hpp"
#include "diagnosis/firewall_remedies.hpp"
#include "diagnosis/remedies.hpp"

namespace natcheck {
namespace {

/// A single request may have been lost because a buffer was full; the next one is a second later.
constexpr unsigned enough_requests = 2;

/// The kernel repeats an answer that is not acknowledged; a single one may have been.
constexpr unsigned enough_answers = 2;

/// The evidence comes with the rest of the verdict, the same for all.
verdict with_summary(verdict_code code, confidence certainty, std::string summary,
                     std::vector<std::string> advice) {
  return {code, certainty, std::move(summary), {}, std::move(advice)};
}

std::string who(const arrival_evidence& seen) { return seen.peer.ip.to_string(); }

std::string port(const arrival_evidence& seen) {
  return fmt::format("{} port {}", judging::name_of(seen.protocol), seen.local.port);
}

std::vector<std::string> let_in(const arrival_evidence& seen) {
  return judging::let_in(seen.firewall, {seen.protocol, seen.local.port, seen.interface});
}

/// What may block packets here, as far as it could be read.
std::string_view obstacle(const arrival_evidence& seen) {
  return seen.firewall.nat_read ? "A firewall on this machine"
                                : "A firewall or a NAT rule on this machine";
}

/// Something lost it here; where nftables has no chain that could have, it is less clear what.
confidence certainty(const arrival_evidence& seen, confidence otherwise) {
  return seen.firewall.by == firewall_evidence::manager::none ? confidence::likely : otherwise;
}

/// Whatever the conditions of the rule, it is about this port, and what comes never arrives.
verdict judge_led_away(const arrival_evidence& seen) {
  verdict judged =
      diagnose(redirect_evidence{seen.protocol, seen.local.port, *seen.firewall.led_away}).main;
  const bool nothing_else = seen.firewall.by == firewall_evidence::manager::none;
  judged.certainty = nothing_else ? confidence::confirmed : confidence::likely;
  judged.summary = fmt::format(
      "A NAT rule on this machine redirects packets from {} for {} to {}, so they never reach the "
      "server.",
      who(seen), port(seen), judging::destination(*seen.firewall.led_away));
  return judged;
}

verdict judge_refusing(const arrival_evidence& seen) {
  return with_summary(verdict_code::host_firewall, certainty(seen, confidence::confirmed),
                      fmt::format("{} rejects {} on {}, although the server is listening.",
                                  obstacle(seen), who(seen), port(seen)),
                      let_in(seen));
}

/// Over UDP the server has whatever the firewall lets in. Over TCP the kernel answers in its place,
/// and a rule of the output hook may drop that answer unseen.
verdict judge_dropping(const arrival_evidence& seen) {
  const bool again = seen.requests >= enough_requests;
  const bool perhaps_the_answer = seen.protocol == transport::tcp;
  const char* const what =
      perhaps_the_answer ? ", or this machine's answers: requests arrive, but no answer leaves"
                         : ": they arrive, but never reach the server";
  auto advice = let_in(seen);
  if (perhaps_the_answer) advice.push_back(judging::let_out({seen.protocol, seen.local.port, {}}));
  return with_summary(
      verdict_code::host_firewall,
      certainty(seen, again ? confidence::confirmed : confidence::likely),
      fmt::format("{} drops packets from {} to {}{}.", obstacle(seen), who(seen), port(seen), what),
      std::move(advice));
}

verdict judge_unheard(const arrival_evidence& seen) {
  return with_summary(
      verdict_code::return_path_broken, confidence::likely,
      fmt::format("Packets from {} reach this machine, but its answers do not get back.",
                  who(seen)),
      {"check that answers leave on the interface where requests arrive: ip route get " + who(seen),
       "look for a firewall on the return path: on the router, at the provider, or at the other "
       "end",
       "if no one is connecting from there, the source address may be forged: ignore it"});
}

verdict judge_reverse_path(const arrival_evidence& seen) {
  return with_summary(
      verdict_code::return_path_broken, confidence::likely,
      fmt::format("Packets from {} arrive on a different interface from the one that answers would "
                  "leave on, so the kernel drops them (rp_filter).",
                  who(seen)),
      {"see which interface answers leave on: ip route get " + who(seen),
       "give that interface its own route, or relax the check: sudo sysctl -w "
       "net.ipv4.conf.all.rp_filter=2"});
}

verdict judge_nothing(const arrival_evidence& seen) {
  return with_summary(
      verdict_code::inconclusive, confidence::unconfirmed,
      fmt::format("There is no proof that this machine lost anything from {}.", who(seen)),
      {std::string(judging::probe_outside)});
}

verdict judge(const arrival_evidence& seen) {
  if (seen.requests == 0 || seen.accepted) return judge_nothing(seen);
  if (seen.answers >= enough_answers) return judge_unheard(seen);
  if (seen.answers > 0 && seen.refusals == 0) return judge_nothing(seen);
  if (seen.firewall.led_away) return judge_led_away(seen);
  if (seen.refusals > 0) return judge_refusing(seen);
  return seen.reverse_path ? judge_reverse_path(seen) : judge_dropping(seen);
}

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

diagnosis diagnose(const arrival_evidence& evidence) {
  verdict v = judge(evidence);
  v.evidence = {arrivals_line(evidence), departures_line(evidence),
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
