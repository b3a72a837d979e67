#include <fmt/format.h>

#include "diagnosis/evidence_lines.hpp"
#include "diagnosis/remedies.hpp"
#include "diagnosis/rules.hpp"

namespace natcheck::judging {
namespace {

/// The claims are of this scope. Contradicting ones were judged before, so the first speaks for
/// all.
bool claims_are(const situation& s, address_scope scope) {
  return !s.claims.empty() && scope_of(s.claims.front().ip) == scope;
}

std::string claimed(const situation& s) { return s.claims.front().ip.to_string(); }

std::vector<std::string> around_the_provider(const situation& s) {
  std::vector<std::string> advice{"ask the provider for a public IPv4 address"};
  if (const auto ip = s.global_ipv6()) advice.push_back(use_ipv6(*ip));
  advice.push_back(use_relay());
  return advice;
}

verdict own_shared_address(const situation& s) {
  verdict v;
  v.summary = fmt::format("The router names {} as its outside address, which is this machine's.",
                          claimed(s));
  v.evidence = {local_line(s), claimed(s) + " is on an interface of this machine, as a VPN has it",
                "missing test: somebody outside who says which address is seen"};
  v.advice = {"switch the VPN off, then run natcheck discover again"};
  return v;
}

}  // namespace

std::optional<verdict> contradicting_claims(const situation& s) {
  if (!contradict(s.claims)) return std::nullopt;
  verdict v;
  v.summary = "The router names different outside addresses; which one is right is not known.";
  v.evidence = {local_line(s), "missing test: somebody outside who says which address is seen"};
  v.advice = {"look for the Internet (WAN) address in the router's menu: http://" + s.router() +
              "/"};
  return v;
}

std::optional<verdict> public_claim(const situation& s) {
  if (!claims_are(s, address_scope::global)) return std::nullopt;
  return verdict{
      verdict_code::single_nat,
      confidence::unconfirmed,
      fmt::format("One NAT: your router says that {}, a public address, is its own.", claimed(s)),
      {local_line(s), "nobody outside was asked: this is what the router says"},
      {fmt::format("natcheck serve --map {}", example_port)}};
}

std::optional<verdict> shared_claim(const situation& s) {
  if (!claims_are(s, address_scope::shared)) return std::nullopt;
  if (is_own_address(s.seen.host, s.claims.front().ip)) return own_shared_address(s);
  return verdict{
      verdict_code::cgnat,
      confidence::likely,
      "Your provider most likely shares one public address among many customers "
      "(carrier-grade NAT): a port opened on your router stays unreachable from the "
      "Internet.",
      {fmt::format("the router's outside address {} is in 100.64.0.0/10 (RFC 6598)", claimed(s)),
       local_line(s), "nobody outside was asked"},
      around_the_provider(s)};
}

std::optional<verdict> ds_lite_claim(const situation& s) {
  if (!claims_are(s, address_scope::ds_lite)) return std::nullopt;
  return verdict{
      verdict_code::ds_lite,
      confidence::likely,
      "Your provider most likely carries IPv4 through an IPv6 tunnel (DS-Lite), whose "
      "far end is shared: a port opened on your router stays unreachable by IPv4.",
      {fmt::format("the router's outside address {} is in 192.0.0.0/29 (RFC 6333)", claimed(s)),
       local_line(s), "nobody outside was asked"},
      around_the_provider(s)};
}

std::optional<verdict> private_claim(const situation& s) {
  if (!claims_are(s, address_scope::private_use) && !claims_are(s, address_scope::link_local)) {
    return std::nullopt;
  }
  return verdict{
      verdict_code::double_nat,
      confidence::likely,
      "Your router most likely stands behind a second router (double NAT): a port must be opened "
      "on both.",
      {fmt::format("the router's outside address {} is {}, so it is not on the Internet itself",
                   claimed(s), describe(scope_of(s.claims.front().ip))),
       local_line(s), "nobody outside was asked"},
      {"put the outer router, or the provider's modem, into bridge mode",
       fmt::format(
           "or forward TCP port {0} on both: on the outer router to {1}:{0}, and on {2} to {3}:{0}",
           example_port, claimed(s), s.router(), s.local()->to_string())}};
}

std::optional<verdict> strange_claim(const situation& s) {
  if (s.claims.empty()) return std::nullopt;
  verdict v;
  v.summary = fmt::format("The router claims the outside address {}, which cannot be a public one.",
                          claimed(s));
  v.evidence = {fmt::format("{} is {}", claimed(s), describe(scope_of(s.claims.front().ip))),
                local_line(s), "missing test: somebody outside who says which address is seen"};
  v.advice = {"look for the Internet (WAN) address in the router's menu: http://" + s.router() +
              "/"};
  return v;
}

}  // namespace natcheck::judging
