#include <fmt/format.h>

#include <array>
#include <natcheck/diagnosis.hpp>

#include "diagnosis/findings.hpp"
#include "diagnosis/firewall_remedies.hpp"
#include "diagnosis/remedies.hpp"

namespace natcheck {
namespace {

bool answers(const std::optional<self_check>& check) {
  return check &&
         (check->result == probe_result::reached || check->result == probe_result::reached_plain);
}

/// What never left this machine proves nothing about others.
bool fails(const std::optional<self_check>& check) {
  return check && !answers(check) && !check->local_fault;
}

// In the order of probe_result.
constexpr std::array<std::string_view, 10> result_words{"answered",
                                                        "answered the plain greeting",
                                                        "refused",
                                                        "no answer",
                                                        "not reached",
                                                        "connected, but received nothing",
                                                        "something else answered",
                                                        "the connection was broken",
                                                        "the greeting was altered",
                                                        "not resolved"};

std::string line(const char* name, const std::optional<self_check>& check) {
  if (!check) return fmt::format("{}: not tested", name);
  auto text = fmt::format("{} {}: {}", name, to_string(check->target),
                          result_words.at(static_cast<std::size_t>(check->result)));
  return check->detail.empty() ? text : fmt::format("{} ({})", text, to_string(check->detail));
}

/// A refusal is an answer, as are wrong ones; what is silent may have been dropped on its way, and
/// what was not reached may never have left.
confidence certainty_of(const self_check& failed) {
  const bool answered =
      failed.result == probe_result::refused || failed.result == probe_result::other_service ||
      failed.result == probe_result::reset || failed.result == probe_result::corrupted ||
      failed.result == probe_result::silent;
  return answered ? confidence::confirmed : confidence::likely;
}

verdict judge_deaf(const self_test_evidence& seen) {
  const self_check& failed = fails(seen.loopback) ? *seen.loopback : *seen.lan;
  const auto port = failed.target.port;
  return {verdict_code::not_listening,
          certainty_of(failed),
          fmt::format("The server does not answer even this machine itself (port {}).", port),
          {},
          {fmt::format("see which program has the port: ss -l{}np 'sport = :{}'",
                       seen.protocol == transport::tcp ? "t" : "u", port),
           fmt::format("start the server on another port: natcheck serve --port {}",
                       port == 65535 ? 65534 : port + 1),
           "look for a firewall that blocks loopback: sudo nft list ruleset"}};
}

/// Whoever it is that answers in the server's place was let in by this machine.
verdict judge_displaced(const self_test_evidence& seen) {
  return {verdict_code::host_firewall,
          confidence::likely,
          fmt::format("Something other than this server answers at {}: a NAT rule or another "
                      "program on this machine takes the port.",
                      to_string(seen.lan->target)),
          {},
          {"check the NAT rules: sudo nft list ruleset, and look for dnat and redirect",
           "or serve on another port"}};
}

/// No free port, no descriptor, a rule that forbids sending.
verdict judge_faulty(const self_test_evidence& seen) {
  const self_check& any = seen.loopback ? *seen.loopback : *seen.lan;
  return {verdict_code::inconclusive,
          confidence::unconfirmed,
          fmt::format("This machine could not connect to its own server at {}: {}.",
                      to_string(any.target), to_string(any.detail)),
          {},
          {std::string(judging::probe_outside)}};
}

verdict judge_walled(const self_test_evidence& seen) {
  if (seen.led_away)
    return diagnose(redirect_evidence{seen.protocol, seen.lan->target.port, *seen.led_away}).main;
  if (seen.lan->result == probe_result::other_service) return judge_displaced(seen);
  return {verdict_code::host_firewall,
          confidence::likely,
          fmt::format("The server answers on loopback but not at {}: a firewall{} on this machine "
                      "blocks its own address.",
                      seen.lan->target.ip.to_string(), seen.nat_read ? "" : " or a NAT rule"),
          {},
          judging::let_in({}, {seen.protocol, seen.lan->target.port, {}})};
}

verdict judge_untested() {
  return {verdict_code::inconclusive,
          confidence::unconfirmed,
          "The server was not tested from this machine.",
          {},
          {std::string(judging::probe_outside)}};
}

/// No test that this machine runs on itself shows what arrives from outside.
verdict judge_sound(const self_test_evidence& seen) {
  const self_check& any = seen.loopback ? *seen.loopback : *seen.lan;
  const bool udp = seen.protocol == transport::udp;
  const std::string target =
      seen.hairpin ? to_string(seen.hairpin->target) : fmt::format("ADDRESS:{}", any.target.port);
  return {verdict_code::inconclusive,
          confidence::unconfirmed,
          fmt::format("The server answers on this machine{}; only a probe from outside can show "
                      "whether it is reachable from there.",
                      udp ? " over UDP" : ""),
          {},
          {fmt::format("{} {}{}", judging::probe_outside, udp ? "--protocol udp " : "", target)}};
}

verdict judge(const self_test_evidence& seen) {
  if (!seen.loopback && !seen.lan) return judge_untested();
  if (!answers(seen.loopback) && !answers(seen.lan)) {
    const bool any_proof = fails(seen.loopback) || fails(seen.lan);
    return any_proof ? judge_deaf(seen) : judge_faulty(seen);
  }
  // Where loopback alone fails, clients elsewhere are not affected.
  if (fails(seen.lan)) return judge_walled(seen);
  return judge_sound(seen);
}

finding hairpin_elsewhere(const self_check& check) {
  return {std::string(to_string(verdict_code::wrong_host_answers)),
          fmt::format("From this network, {} leads to something other than this server.",
                      to_string(check.target)),
          "it may be a page of the router that only this network sees: compare with natcheck probe "
          "from outside"};
}

finding hairpin_missing(const self_check& check, const std::optional<self_check>& lan) {
  const std::string inside = lan ? to_string(lan->target) : "the local address";
  return {std::string(judging::no_hairpin),
          fmt::format("From this network, {} does not lead to this server, most likely because the "
                      "router does not support hairpinning.",
                      to_string(check.target)),
          "others in this network must use " + inside +
              "; probe from another network to see what the Internet sees"};
}

std::vector<finding> findings_of(const self_test_evidence& seen) {
  // As long as the server is not found inside, the way around says nothing of the router.
  const bool found = answers(seen.lan) || (answers(seen.loopback) && !seen.lan);
  if (!found || !fails(seen.hairpin)) return {};
  if (seen.hairpin->result == probe_result::other_service)
    return {hairpin_elsewhere(*seen.hairpin)};
  return {hairpin_missing(*seen.hairpin, seen.lan)};
}

}  // namespace

diagnosis diagnose(const self_test_evidence& evidence) {
  diagnosis judged{judge(evidence), findings_of(evidence)};
  judged.main.evidence = {line("loopback", evidence.loopback), line("local address", evidence.lan),
                          line("external address", evidence.hairpin)};
  if (judged.main.code != verdict_code::inconclusive) judged.answer = answer::no;
  return judged;
}

}  // namespace natcheck
