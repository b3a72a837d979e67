#include <fmt/format.h>

#include <algorithm>

#include "diagnosis/evidence_lines.hpp"
#include "diagnosis/remedies.hpp"
#include "diagnosis/rules.hpp"

namespace natcheck::judging {
namespace {

/// A gateway that raises the TTL of what it forwards (routers for mobile lines do) lets nothing
/// expire: a host behind it is hop 1, and an answer may come from anywhere.
bool passes_expired_packets(const discover_evidence& evidence) {
  return std::ranges::any_of(evidence.path.hops, [&](const auto& hop) {
    return hop.ttl == 1 && hop.ip && is_public(*hop.ip) && *hop.ip != evidence.gateway->ip &&
           hop.ip != evidence.owner.target;
  });
}

/// What to do about a second NAT of which it is not known whose it is.
std::vector<std::string> find_out_whose(const facts& s) {
  return {status_page(s.router()),
          "if it is private (10.x, 172.16-31.x, 192.168.x): forward the port on the outer router "
          "too, or put that one into bridge mode",
          "if it differs from the address that the Internet sees: ask the provider for a public "
          "IPv4 address"};
}

verdict another_nat(const facts& s, std::string summary) {
  verdict v{verdict_code::double_nat,
            confidence::likely,
            std::move(summary),
            {local_line(s)},
            find_out_whose(s)};
  if (const auto outer = s.outside.hop_within(address_scope::private_use)) {
    v.evidence.push_back(hop_line(*outer));
    v.advice = open_outer_router(s, *outer->ip);
  }
  return v;
}

}  // namespace

tested gateway_owns_seen_address(const discover_evidence& evidence) {
  const auto& owner = evidence.owner;
  if (owner.state != service_state::answered || !owner.target || !evidence.gateway) {
    return tested::not_tested;
  }
  if (owner.answered_by == owner.target) {
    return passes_expired_packets(evidence) ? tested::not_tested : tested::yes;
  }
  const bool expired_there = owner.expired && owner.answered_by == evidence.gateway->ip;
  return expired_there ? tested::no : tested::not_tested;
}

// The router names the address that the Internet sees, and yet is not the one that has it: it was
// told to name it ("override WAN address").
std::optional<verdict> report_disowned(const facts& s) {
  const auto ip = s.seen_as();
  if (!ip || !reports_name(s, *ip) || s.gateway_owns_it() != tested::no) return std::nullopt;
  if (const auto hop = s.outside.hop_within(address_scope::shared)) {
    return verdict{
        verdict_code::cgnat,
        confidence::likely,
        fmt::format("Your router reports the public address {}, but does not have it: most likely "
                    "your provider shares it among many customers (carrier-grade NAT).",
                    ip->to_string()),
        {hop_line(*hop), local_line(s)},
        around_the_provider(s)};
  }
  return another_nat(s, fmt::format("Your router reports the public address {}, but does not have "
                                    "it: most likely it is behind a second router (double NAT).",
                                    ip->to_string()));
}

// The address that is seen is not named by the router: an earlier rule judged that.
std::optional<verdict> report_outdated(const facts& s) {
  const auto ip = s.seen_as();
  if (!ip || s.reported.empty() || s.gateway_owns_it() != tested::yes) return std::nullopt;
  return verdict{
      verdict_code::public_address_mismatch,
      s.outside.agreed() ? confidence::confirmed : confidence::likely,
      fmt::format(
          "Your router reports the external address {}, but has {}, which the Internet sees: its "
          "report is out of date, or is about another of its Internet connections.",
          s.reported.front().ip.to_string(), ip->to_string()),
      {local_line(s)},
      {fmt::format("give others the address {}", ip->to_string()), open_a_port(s.way()),
       prove_it(*ip),
       "if the port stays closed: restart the router, or make that connection its main one"}};
}

// Beside a router on the path that has no public address, which is named by an earlier rule.
std::optional<verdict> nat_behind_gateway(const facts& s) {
  if (!s.seen_as() || s.gateway_owns_it() != tested::no) return std::nullopt;
  return another_nat(s, fmt::format("The Internet sees {}, which your router does not have: most "
                                    "likely there is another NAT upstream of it (double NAT).",
                                    s.seen_as()->to_string()));
}

}  // namespace natcheck::judging
