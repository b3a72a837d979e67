#include "diagnosis/probe_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <natcheck/diagnosis.hpp>
#include <numeric>

#include "core/units.hpp"
#include "diagnosis/first_rule.hpp"
#include "diagnosis/probe_addresses.hpp"
#include "diagnosis/probe_inside.hpp"
#include "diagnosis/probe_words.hpp"

namespace natcheck {
namespace judging {
namespace {

/// The evidence, why it may come from inside, and what follows from it at first glance.
struct probe_facts {
  explicit probe_facts(const probe_evidence& evidence)
      : seen(evidence), one(representative(seen.handshakes)) {
    seen.inside = inside_reasons(evidence);
    reached = static_cast<std::size_t>(
        std::ranges::count_if(seen.handshakes, &handshake_evidence::reached));
  }

  probe_evidence seen;
  const handshake_evidence& one;  ///< that represents all
  std::size_t reached = 0;        ///< handshakes

  std::size_t lost() const { return seen.handshakes.size() - reached; }
};

/// A plain greeter proves only that some program there knows the words.
confidence reached_certainty(const handshake_evidence& one) {
  return one.result == probe_result::reached ? confidence::confirmed : confidence::likely;
}

std::optional<verdict> nothing_probed(const probe_facts& s) {
  if (!s.seen.handshakes.empty()) return std::nullopt;
  return verdict{verdict_code::inconclusive,
                 confidence::unconfirmed,
                 s.seen.target + " was not probed.",
                 {"missing test: the handshake"},
                 {probe_command(s.seen)}};
}

std::optional<verdict> stopped_early(const probe_facts& s) {
  if (!s.seen.stopped_of) return std::nullopt;
  const auto wanted = *s.seen.stopped_of;
  return verdict{
      verdict_code::inconclusive,
      confidence::unconfirmed,
      fmt::format("The probe was stopped after {} of {} handshakes; {} reached the server.",
                  s.seen.handshakes.size(), wanted, s.reached),
      {"missing test: the remaining handshakes"},
      {probe_command(s.seen, fmt::format("--count {} ", wanted))}};
}

/// A fault of this machine is none of the way there, nor of anybody on it.
std::optional<verdict> not_sent_from_here(const probe_facts& s) {
  if (s.reached > 0 || !s.one.local_fault) return std::nullopt;
  const auto again = "then again: " + probe_command(s.seen);
  if (s.one.machine_fault) {
    return verdict{
        verdict_code::inconclusive,
        confidence::confirmed,
        fmt::format("{} was not probed: {}.", place(s.seen), to_string(s.one.detail)),
        {},
        {"see what uses up this machine's ports and descriptors: ss -s, ulimit -n", again}};
  }
  return verdict{verdict_code::unreachable,
                 confidence::confirmed,
                 fmt::format("{} was not probed: nothing left this machine.", place(s.seen)),
                 {},
                 {"check this machine's own network and firewall: natcheck discover", again}};
}

std::optional<verdict> not_reached(const probe_facts& s) {
  if (s.reached > 0) return std::nullopt;
  auto words = words_for(s.one, s.seen);
  const auto certainty =
      words.code == verdict_code::unresolved ? confidence::unconfirmed : confidence::likely;
  return verdict{words.code, certainty, std::move(words.summary), {words.meaning}, {words.advice}};
}

/// Over UDP nothing is sent again, and a datagram may be lost on any good line: one in twenty is no
/// news. TCP itself sends again; a handshake that fails has failed for long.
std::optional<verdict> unstable(const probe_facts& s) {
  const auto all = s.seen.handshakes.size();
  const bool tcp = s.seen.protocol == transport::tcp;
  if (s.lost() == 0 || (!tcp && 20 * s.lost() <= all)) return std::nullopt;
  // A probe from inside proves nothing about access from outside, not even intermittent access.
  const auto what = s.seen.inside.empty() ? "is reachable" : "was probed from inside and answers";
  return verdict{
      verdict_code::unstable,
      reached_certainty(s.one),
      fmt::format("{} {} only intermittently: {} of {} {} ({:.0f} %).", place(s.seen), what,
                  s.lost(), handshakes(all, s.seen), tcp ? "failed" : "got no intact answer",
                  100.0 * static_cast<double>(s.lost()) / static_cast<double>(all)),
      {},
      {probe_command(s.seen, "--count 20 ") +
           ", once by cable and once from another network, to see where packets are lost",
       "on the server's side, look for a connection limit or a lossy link"}};
}

std::optional<verdict> tested_from_inside(const probe_facts& s) {
  if (s.seen.inside.empty()) return std::nullopt;
  const bool proven = std::ranges::any_of(s.seen.inside, is_proof);
  return verdict{
      verdict_code::tested_from_inside,
      proven ? reached_certainty(s.one) : confidence::likely,
      fmt::format("{} answered, but the probe came from inside, which proves nothing about the "
                  "Internet ({}).",
                  place(s.seen), in_ms(s.one.timing.total)),
      {},
      {}};
}

std::optional<verdict> reached_from_outside(const probe_facts& s) {
  const bool plain = s.one.result == probe_result::reached_plain;
  verdict v{verdict_code::reachable,
            reached_certainty(s.one),
            fmt::format("{} is reachable: {} ({}).", place(s.seen),
                        plain ? "a server answered the plain greeting"
                              : "the server answered, and the echo came back intact",
                        in_ms(s.one.timing.total)),
            {},
            {}};
  if (s.one.path == translation::direct) v.code = verdict_code::reachable_direct;
  if (s.one.path == translation::mapped) {
    v.code = verdict_code::reachable_mapped;
    v.evidence.emplace_back("the server's own address is different: a router forwards the port");
  }
  if (plain) {
    v.evidence.emplace_back("a plain greeting carries no nonce, so it is not proven who answered");
  }
  return v;
}

constexpr std::array probe_rules{nothing_probed,      stopped_early, not_sent_from_here,
                                 not_reached,         unstable,      tested_from_inside,
                                 reached_from_outside};

void add_details(verdict& v, const probe_facts& s) {
  const auto add = [&](std::vector<std::string> lines) {
    std::ranges::move(lines, std::back_inserter(v.evidence));
  };
  if (s.reached == 0) add(address_lines(s.seen));
  add(handshake_lines(s.seen, s.one));
  for (const auto reason : s.seen.inside) v.evidence.push_back(inside_line(reason));
  if (!s.seen.inside.empty()) v.advice.push_back(ask_outside(s.seen));
  if (may_lack_hairpin(s.one, s.seen)) v.advice.push_back(ask_outside_if_own(s.seen.address->ip));
}

answer probe_answer(const verdict& judged, const handshake_evidence& one) {
  switch (judged.code) {
    case verdict_code::reachable:
    case verdict_code::reachable_direct:
    case verdict_code::reachable_mapped:
    case verdict_code::tested_from_inside:
      return answer::yes;
    case verdict_code::unstable:
    case verdict_code::unresolved:
    case verdict_code::inconclusive:
      return answer::unknown;
    default:
      return one.local_fault || one.large_lost ? answer::unknown : answer::no;
  }
}

rtt_statistics statistics_of(const std::vector<handshake_evidence>& handshakes) {
  rtt_statistics statistics;
  std::vector<millis> rtts;
  for (const handshake_evidence& one : handshakes) {
    ++statistics.sent;
    if (!one.reached()) continue;
    ++statistics.received;
    rtts.insert(rtts.end(), one.echo_rtts.begin(), one.echo_rtts.end());
    if (one.echo_rtts.empty()) rtts.push_back(*one.timing.greeting);
  }
  if (rtts.empty()) return statistics;
  statistics.min = *std::ranges::min_element(rtts);
  statistics.max = *std::ranges::max_element(rtts);
  statistics.avg =
      std::accumulate(rtts.begin(), rtts.end(), millis{0}) / static_cast<double>(rtts.size());
  return statistics;
}

}  // namespace

const handshake_evidence& representative(const std::vector<handshake_evidence>& all) {
  static const handshake_evidence none = [] {
    handshake_evidence fault;
    fault.machine_fault = true;
    return fault;
  }();
  if (all.empty()) return none;
  const auto reached = std::ranges::find_if(all, &handshake_evidence::reached);
  return reached == all.end() ? all.front() : *reached;
}

int rank_of(const handshake_evidence& one) {
  if (one.machine_fault) return 3;
  if (one.local_fault) return 2;
  const bool answered =
      one.result != probe_result::timed_out && one.result != probe_result::unreachable;
  return answered ? 0 : 1;
}

}  // namespace judging

probe_diagnosis diagnose(const probe_evidence& evidence) {
  const judging::probe_facts s(evidence);
  probe_diagnosis judged;
  judged.main = judging::first_of(judging::probe_rules, s);
  judged.representative = s.one;
  judged.rtt = judging::statistics_of(s.seen.handshakes);
  judged.answer = judging::probe_answer(judged.main, s.one);
  if (s.seen.handshakes.empty() || s.seen.stopped_of) return judged;
  judged.findings = judging::address_findings(s.seen);
  judging::add_details(judged.main, s);
  return judged;
}

}  // namespace natcheck
