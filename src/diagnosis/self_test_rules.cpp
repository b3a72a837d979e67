#include <fmt/format.h>

#include <array>
#include <natcheck/diagnosis.hpp>

#include "diagnosis/findings.hpp"
#include "diagnosis/firewall_remedies.hpp"
#include "diagnosis/first_rule.hpp"
#include "diagnosis/remedies.hpp"

namespace natcheck {
namespace judging {
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

/// The check that stands for both; only where there is one.
const self_check& either(const self_test_evidence& seen) {
  return seen.loopback ? *seen.loopback : *seen.lan;
}

bool answers_somewhere(const self_test_evidence& seen) {
  return answers(seen.loopback) || answers(seen.lan);
}

std::optional<verdict> untested(const self_test_evidence& seen) {
  if (seen.loopback || seen.lan) return std::nullopt;
  return verdict{verdict_code::inconclusive,
                 confidence::unconfirmed,
                 "The server was not tested from this machine.",
                 {},
                 {std::string(probe_outside)}};
}

std::optional<verdict> not_listening(const self_test_evidence& seen) {
  const bool proven = fails(seen.loopback) || fails(seen.lan);
  if (answers_somewhere(seen) || !proven) return std::nullopt;
  const self_check& failed = fails(seen.loopback) ? *seen.loopback : *seen.lan;
  const auto port = failed.target.port;
  return verdict{
      verdict_code::not_listening,
      certainty_of(failed),
      fmt::format("The server does not answer even this machine itself (port {}).", port),
      {},
      {fmt::format("see which program has the port: ss -l{}np 'sport = :{}'",
                   seen.protocol == transport::tcp ? "t" : "u", port),
       fmt::format("start the server on another port: natcheck serve --port {}",
                   port == 65535 ? 65534 : port + 1),
       "look for a firewall that blocks loopback: sudo nft list ruleset"}};
}

/// No free port, no descriptor, a rule that forbids sending.
std::optional<verdict> could_not_connect(const self_test_evidence& seen) {
  if (answers_somewhere(seen)) return std::nullopt;
  return verdict{verdict_code::inconclusive,
                 confidence::unconfirmed,
                 fmt::format("This machine could not connect to its own server at {}: {}.",
                             to_string(either(seen).target), to_string(either(seen).detail)),
                 {},
                 {std::string(probe_outside)}};
}

// From here on the server answers somewhere. If loopback alone fails, clients elsewhere are not
// affected.

std::optional<verdict> own_port_is_redirected(const self_test_evidence& seen) {
  if (!fails(seen.lan) || !seen.led_away) return std::nullopt;
  return diagnose(redirect_evidence{seen.protocol, seen.lan->target.port, *seen.led_away}).main;
}

/// Whoever it is that answers in the server's place was let in by this machine.
std::optional<verdict> another_answers(const self_test_evidence& seen) {
  if (!fails(seen.lan) || seen.lan->result != probe_result::other_service) return std::nullopt;
  return verdict{
      verdict_code::host_firewall,
      confidence::likely,
      fmt::format("Something other than this server answers at {}: a NAT rule or another "
                  "program on this machine takes the port.",
                  to_string(seen.lan->target)),
      {},
      {"check the NAT rules: sudo nft list ruleset, and look for dnat and redirect",
       "or serve on another port"}};
}

std::optional<verdict> firewall_blocks(const self_test_evidence& seen) {
  if (!fails(seen.lan)) return std::nullopt;
  return verdict{
      verdict_code::host_firewall,
      confidence::likely,
      fmt::format("The server answers on loopback but not at {}: a firewall{} on this "
                  "machine blocks its own address.",
                  seen.lan->target.ip.to_string(), seen.nat_read ? "" : " or a NAT rule"),
      {},
      let_in({}, {seen.protocol, seen.lan->target.port, {}})};
}

/// No test that this machine runs on itself shows what arrives from outside.
std::optional<verdict> answers_here(const self_test_evidence& seen) {
  const bool udp = seen.protocol == transport::udp;
  const std::string target = seen.hairpin ? to_string(seen.hairpin->target)
                                          : fmt::format("ADDRESS:{}", either(seen).target.port);
  return verdict{
      verdict_code::inconclusive,
      confidence::unconfirmed,
      fmt::format(
          "The server answers on this machine{}; only a probe from outside can show whether "
          "it is reachable from there.",
          udp ? " over UDP" : ""),
      {},
      {fmt::format("{} {}{}", probe_outside, udp ? "--protocol udp " : "", target)}};
}

constexpr std::array self_test_rules{
    untested,        not_listening,   could_not_connect, own_port_is_redirected,
    another_answers, firewall_blocks, answers_here};

finding hairpin_elsewhere(const self_check& check) {
  return {std::string(to_string(verdict_code::wrong_host_answers)),
          fmt::format("From this network, {} leads to something other than this server.",
                      to_string(check.target)),
          "it may be a page of the router that only this network sees: compare with natcheck probe "
          "from outside"};
}

finding hairpin_missing(const self_check& check, const std::optional<self_check>& lan) {
  const std::string inside = lan ? to_string(lan->target) : "the local address";
  return {no_hairpin,
          fmt::format("From this network, {} does not lead to this server, most likely because the "
                      "router does not support hairpinning.",
                      to_string(check.target)),
          "others in this network must use " + inside +
              "; probe from another network to see what the Internet sees"};
}

std::vector<finding> hairpin_findings(const self_test_evidence& seen) {
  // As long as the server is not found inside, the way around says nothing of the router.
  const bool found = answers(seen.lan) || (answers(seen.loopback) && !seen.lan);
  if (!found || !fails(seen.hairpin)) return {};
  if (seen.hairpin->result == probe_result::other_service)
    return {hairpin_elsewhere(*seen.hairpin)};
  return {hairpin_missing(*seen.hairpin, seen.lan)};
}

}  // namespace
}  // namespace judging

diagnosis diagnose(const self_test_evidence& evidence) {
  using judging::line;
  diagnosis judged{judging::first_of(judging::self_test_rules, evidence),
                   judging::hairpin_findings(evidence)};
  judged.main.evidence = {line("loopback", evidence.loopback), line("local address", evidence.lan),
                          line("external address", evidence.hairpin)};
  if (judged.main.code != verdict_code::inconclusive) judged.answer = answer::no;
  return judged;
}

}  // namespace natcheck
