#include <fmt/format.h>

#include "diagnosis/evidence_lines.hpp"
#include "diagnosis/findings.hpp"
#include "diagnosis/remedies.hpp"
#include "diagnosis/rules.hpp"

namespace natcheck::judging {
namespace {

/// An external server saw an address of this machine, so nothing translates.
bool is_seen_untranslated(const facts& s) {
  const auto& reflexive = s.outside.ipv6_reflexive;
  const auto& way = s.seen.host.ipv6;
  return way && !reflexive.empty() && is_address_of(s.seen.host, *way, reflexive.front().ip);
}

verdict silent_ipv6(const facts& s, const address& ip, const std::string& no_ipv4) {
  verdict v;
  v.code = verdict_code::no_internet;
  v.certainty = confidence::likely;
  v.summary = no_ipv4 + ", and nothing on the Internet answers over IPv6.";
  v.evidence = {public_ipv6_line(ip)};
  v.advice = {"check the router's Internet connection: its cable or line, and its status page",
              "if the router is online: restart it, then ask the provider about IPv6"};
  if (s.seen.host.ipv6->gateway) {
    v.evidence.push_back("the IPv6 router is " + s.seen.host.ipv6->gateway->to_string());
  }
  return v;
}

}  // namespace

verdict ipv6_alone(const facts& s, const std::string& no_ipv4, std::vector<std::string> why) {
  const address ip = *s.global_ipv6();
  if (s.outside.ipv6_silent) return silent_ipv6(s, ip, no_ipv4);
  verdict v{
      verdict_code::ipv6_only,
      s.outside.ipv6_answered ? confidence::likely : confidence::unconfirmed,
      no_ipv4 + "; it has a public IPv6 address.",
      std::move(why),
      {prove_it(ip), fmt::format("if that fails: allow TCP port {} to it in the router's IPv6 "
                                 "firewall",
                                 example_port)}};
  if (const auto known = s.seen_ipv6()) v.advice = {use_ipv6(*known), prove_it(*known)};
  if (is_seen_untranslated(s)) {
    v.certainty = confidence::confirmed;
    v.summary = no_ipv4 + "; over IPv6 it has a public address that works.";
  }
  v.evidence.push_back(public_ipv6_line(ip));
  return v;
}

verdict translated_ipv6(const facts& s) {
  verdict v;
  v.summary = "This machine has no IPv4 route to the Internet, and its IPv6 address is not public.";
  v.evidence = {"no IPv4 route", "IPv6 address " + s.seen.host.ipv6->local.to_string() + " is " +
                                     std::string(describe(scope_of(s.seen.host.ipv6->local)))};
  if (!s.outside.ipv6_reflexive.empty()) {
    v.evidence.push_back("the Internet sees " + s.outside.ipv6_reflexive.front().ip.to_string() +
                         ": something translates IPv6 (NPTv6, RFC 6296)");
  }
  v.evidence.emplace_back("missing test: a connection from outside");
  const auto& reflexive = s.outside.ipv6_reflexive;
  if (!reflexive.empty() && is_prefix_translated(s.seen.host.ipv6->local, reflexive.front().ip)) {
    v.advice = {give_out_ipv6(reflexive.front().ip)};
  } else {
    v.advice = {
        "forward the port to this machine in the router's IPv6 settings, or let it hand out the "
        "provider's prefix"};
  }
  return v;
}

}  // namespace natcheck::judging
