#include "diagnosis/probe_rules.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <natcheck/diagnosis.hpp>
#include <numeric>

#include "core/units.hpp"
#include "diagnosis/probe_addresses.hpp"
#include "diagnosis/probe_inside.hpp"
#include "diagnosis/probe_words.hpp"

namespace natcheck {
namespace {

std::size_t reached_count(const probe_evidence& seen) {
  return static_cast<std::size_t>(
      std::ranges::count_if(seen.handshakes, &handshake_evidence::reached));
}

verdict_code reached_code(const handshake_evidence& one) {
  if (!one.path) return verdict_code::reachable;
  return *one.path == translation::direct ? verdict_code::reachable_direct
                                          : verdict_code::reachable_mapped;
}

/// A plain greeter proves only that some program there knows the words.
confidence reached_certainty(const handshake_evidence& one) {
  return one.result == probe_result::reached ? confidence::confirmed : confidence::likely;
}

std::string who_greeted(const handshake_evidence& one) {
  if (one.result == probe_result::reached_plain) return "a server answered the plain greeting";
  return "the server answered, and the echo came back intact";
}

verdict judge_reached(const probe_evidence& seen, const handshake_evidence& one) {
  verdict v{reached_code(one), reached_certainty(one), {}, {}, {}};
  v.summary = fmt::format("{} is reachable: {} ({}).", judging::place(seen), who_greeted(one),
                          in_ms(one.timing.total));
  if (v.code == verdict_code::reachable_mapped) {
    v.evidence.emplace_back("the server's own address is different: a router forwards the port");
  }
  if (one.result == probe_result::reached_plain) {
    v.evidence.emplace_back("a plain greeting carries no nonce, so it is not proven who answered");
  }
  return v;
}

verdict judge_inside(const probe_evidence& seen, const handshake_evidence& one) {
  const bool proven = std::ranges::any_of(seen.inside, judging::is_proof);
  return {verdict_code::tested_from_inside,
          proven ? reached_certainty(one) : confidence::likely,
          fmt::format("{} answered, but the probe came from inside, which proves nothing about the "
                      "Internet ({}).",
                      judging::place(seen), in_ms(one.timing.total)),
          {},
          {}};
}

/// Over UDP nothing is sent again, and a datagram may be lost on any good line: one in twenty is no
/// news. TCP itself sends again; a handshake that fails has failed for long.
bool is_steady(const probe_evidence& seen) {
  const auto all = seen.handshakes.size();
  const auto lost = all - reached_count(seen);
  return lost == 0 || (seen.protocol == transport::udp && 20 * lost <= all);
}

verdict judge_unstable(const probe_evidence& seen, const handshake_evidence& one) {
  const auto all = seen.handshakes.size();
  const auto lost = all - reached_count(seen);
  verdict v{verdict_code::unstable, reached_certainty(one), {}, {}, {}};
  // A probe from inside proves nothing about access from outside, not even intermittent access.
  const auto what = seen.inside.empty() ? "is reachable" : "was probed from inside and answers";
  v.summary = fmt::format("{} {} only intermittently: {} of {} {} ({:.0f} %).",
                          judging::place(seen), what, lost, judging::handshakes(all, seen),
                          seen.protocol == transport::tcp ? "failed" : "got no intact answer",
                          100.0 * static_cast<double>(lost) / static_cast<double>(all));
  v.advice = {judging::probe_command(seen, "--count 20 ") +
                  ", once by cable and once from another network, to see where packets are lost",
              "on the server's side, look for a connection limit or a lossy link"};
  return v;
}

/// A fault of this machine is none of the way there, nor of anybody on it.
verdict judge_not_asked(const probe_evidence& seen, const handshake_evidence& one) {
  const auto code = one.machine_fault ? verdict_code::inconclusive : verdict_code::unreachable;
  const auto again = "then again: " + judging::probe_command(seen);
  verdict v{code,
            confidence::confirmed,
            fmt::format("{} was not probed: nothing left this machine.", judging::place(seen)),
            {},
            {"check this machine's own network and firewall: natcheck discover", again}};
  if (!one.machine_fault) return v;
  v.summary = fmt::format("{} was not probed: {}.", judging::place(seen), to_string(one.detail));
  v.advice = {"see what uses up this machine's ports and descriptors: ss -s, ulimit -n", again};
  return v;
}

verdict judge_failed(const probe_evidence& seen, const handshake_evidence& one) {
  if (one.local_fault) return judge_not_asked(seen, one);
  auto words = judging::words_for(one, seen);
  const auto certainty =
      words.code == verdict_code::unresolved ? confidence::unconfirmed : confidence::likely;
  return {words.code, certainty, std::move(words.summary), {words.meaning}, {words.advice}};
}

verdict judge(const probe_evidence& seen) {
  const auto& one = judging::representative(seen.handshakes);
  const auto reached = reached_count(seen);
  if (reached == 0) return judge_failed(seen, one);
  if (!is_steady(seen)) return judge_unstable(seen, one);
  return seen.inside.empty() ? judge_reached(seen, one) : judge_inside(seen, one);
}

verdict judge_stopped(const probe_evidence& seen) {
  const auto made = seen.handshakes.size();
  return {verdict_code::inconclusive,
          confidence::unconfirmed,
          fmt::format("The probe was stopped after {} of {} handshakes; {} reached the server.",
                      made, *seen.stopped_of, reached_count(seen)),
          {"missing test: the remaining handshakes"},
          {judging::probe_command(seen, fmt::format("--count {} ", *seen.stopped_of))}};
}

verdict judge_nothing(const probe_evidence& seen) {
  return {verdict_code::inconclusive,
          confidence::unconfirmed,
          seen.target + " was not probed.",
          {"missing test: the handshake"},
          {judging::probe_command(seen)}};
}

void add_details(verdict& v, const probe_evidence& seen) {
  if (reached_count(seen) == 0) {
    for (auto& line : judging::address_lines(seen)) v.evidence.push_back(std::move(line));
  }
  for (auto& line : judging::handshake_lines(seen, judging::representative(seen.handshakes))) {
    v.evidence.push_back(std::move(line));
  }
  for (const auto reason : seen.inside) {
    v.evidence.push_back(judging::inside_line(reason));
  }
  if (!seen.inside.empty()) v.advice.push_back(judging::ask_outside(seen));
  if (judging::may_lack_hairpin(judging::representative(seen.handshakes), seen)) {
    v.advice.push_back(judging::ask_outside_if_own(seen.address->ip));
  }
}

answer answer_of(const verdict& judged, const handshake_evidence& one) {
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

const handshake_evidence& judging::representative(const std::vector<handshake_evidence>& all) {
  static const handshake_evidence none = [] {
    handshake_evidence fault;
    fault.machine_fault = true;
    return fault;
  }();
  if (all.empty()) return none;
  const auto reached = std::ranges::find_if(all, &handshake_evidence::reached);
  return reached == all.end() ? all.front() : *reached;
}

probe_diagnosis diagnose(const probe_evidence& evidence) {
  probe_evidence seen = evidence;
  probe_diagnosis judged;
  judged.representative = judging::representative(seen.handshakes);
  judged.rtt = statistics_of(seen.handshakes);
  if (seen.handshakes.empty()) {
    judged.main = judge_nothing(seen);
  } else if (seen.stopped_of) {
    judged.main = judge_stopped(seen);
  } else {
    seen.inside = judging::inside_reasons(evidence);
    judged.main = judge(seen);
    judged.findings = judging::address_findings(seen);
    add_details(judged.main, seen);
  }
  judged.answer = answer_of(judged.main, judged.representative);
  return judged;
}

}  // namespace natcheck
