#include <fmt/format.h>

#include <algorithm>

#include "diagnosis/evidence_lines.hpp"
#include "diagnosis/remedies.hpp"
#include "diagnosis/rules.hpp"

namespace natcheck::judging {
namespace {

/// The claims are of this scope. Contradicting ones were judged before, so the first stands for
/// all.
bool reports_are(const facts& s, address_scope scope) {
  return !s.reported.empty() && scope_of(s.reported.front().ip) == scope;
}

/// The router reports its internal address, or that of a host at home: it is misconfigured, and
/// its external address stays unknown.
bool names_inner_side(const facts& s) {
  const auto& egress_route = *s.seen.host.ipv4;
  const auto& ip = s.reported.front().ip;
  if (ip == s.seen.gateway->ip) return true;
  // A second router may use our prefix on its own link.
  if (s.outside.hop_within(address_scope::private_use) || s.gateway_owns_it() == tested::no) {
    return false;
  }
  return (egress_route.prefix_length > 0 &&
          same_prefix(ip, egress_route.local, egress_route.prefix_length));
}

std::string reported(const facts& s) { return s.reported.front().ip.to_string(); }

/// The router reports an address that is not public, and the Internet sees one: something
/// upstream of it translates.
confidence second_translation(const facts& s) {
  return s.outside.sees_us() ? confidence::confirmed : confidence::likely;
}

/// "most likely " where no external server proved it.
std::string_view hedge(const facts& s) { return s.outside.sees_us() ? "" : "most likely "; }

verdict own_shared_address(const facts& s) {
  return inconclusive(
      fmt::format(
          "The router reports {} as its external address, but that address is this machine's own.",
          reported(s)),
      {local_line(s), reported(s) + " is on an interface of this machine, as with a VPN",
       "missing test: the router with that VPN off"},
      {"turn the VPN off, then run: " + natcheck_command(s.seen.asked, "discover")});
}

/// Several addresses, none of which most servers saw, are several ways out of the router.
std::string which_connection(const facts& s) {
  const auto ip = s.seen_as();
  return "if the router has two Internet connections: open the port on the one " +
         (ip ? "that " + ip->to_string() + " belongs to" : "that it prefers");
}

/// What translates, by what is known of the way.
std::string_view why_another(const facts& s, bool carrier) {
  if (carrier) return "most likely your provider translates it again (carrier-grade NAT)";
  if (s.gateway_owns_it() == tested::no) {
    return "your provider translates it again (carrier-grade NAT), although the router's address "
           "looks public";
  }
  return "your provider translates it again, or the router has a second Internet connection";
}

verdict mismatch(const facts& s) {
  const bool sure =
      s.outside.reflexive.size() == 1 && s.outside.reflexive.front().servers.size() > 1;
  const auto carrier = s.outside.hop_within(address_scope::shared);
  verdict v;
  v.code = verdict_code::public_address_mismatch;
  v.certainty = sure ? confidence::confirmed : confidence::likely;
  v.summary =
      fmt::format("Your router reports the external address {}, but the Internet sees {}: {}.",
                  reported(s), s.seen_as() ? s.seen_as()->to_string() : "several others",
                  why_another(s, carrier.has_value()));
  v.evidence = {local_line(s)};
  if (carrier) {
    v.evidence.push_back(hop_line(*carrier));
  }
  v.advice = around_the_provider(s);
  const bool by_provider = carrier || s.gateway_owns_it() == tested::no;
  if (!by_provider) v.advice.insert(v.advice.begin(), which_connection(s));
  return v;
}

}  // namespace

std::vector<std::string> around_the_provider(const facts& s) {
  std::vector<std::string> advice{"ask the provider for a public IPv4 address"};
  if (const auto ip = s.seen_ipv6()) advice.push_back(use_ipv6(*ip));
  advice.push_back(use_relay());
  return advice;
}

std::optional<verdict> contradicting_reports(const facts& s) {
  if (!contradict(s.reported)) return std::nullopt;
  const bool all_public =
      std::ranges::all_of(s.reported, [](const reported_address& c) { return is_public(c.ip); });
  // Both are public, and the Internet sees neither: which of them was right does not matter.
  if (all_public && s.outside.sees_us()) return std::nullopt;
  verdict v;
  v.summary =
      "The router reports different external addresses; it is not known which one is right.";
  v.evidence = {local_line(s),
                s.outside.sees_us()
                    ? "missing test: which of them the router uses"
                    : "missing test: an external server that reports which one the Internet sees"};
  v.advice = {status_page(s.router())};
  return v;
}

std::optional<verdict> public_report(const facts& s) {
  if (!reports_are(s, address_scope::global)) return std::nullopt;
  if (s.outside.sees_us()) return mismatch(s);
  verdict v{
      verdict_code::single_nat,
      confidence::unconfirmed,
      fmt::format("One NAT: your router reports {}, a public address, as its own.", reported(s)),
      {local_line(s), "only the router reports this; no external server confirmed it"},
      {open_a_port(s.way())}};
  if (s.outside.reach != beyond::not_asked) v.advice.push_back(prove_it(s.reported.front().ip));
  return v;
}

std::optional<verdict> shared_report(const facts& s) {
  if (!reports_are(s, address_scope::shared)) return std::nullopt;
  if (is_own_address(s.seen.host, s.reported.front().ip)) return own_shared_address(s);
  return verdict{
      verdict_code::cgnat,
      second_translation(s),
      fmt::format("Your provider {}shares one public address among many customers (carrier-grade "
                  "NAT): a port opened on your router stays unreachable from the Internet.",
                  hedge(s)),
      {fmt::format("the router's external address {} is in 100.64.0.0/10 (RFC 6598)", reported(s)),
       local_line(s)},
      around_the_provider(s)};
}

std::optional<verdict> ds_lite_report(const facts& s) {
  if (!reports_are(s, address_scope::ds_lite)) return std::nullopt;
  return verdict{
      verdict_code::ds_lite,
      second_translation(s),
      fmt::format("Your provider {}carries IPv4 over IPv6 (DS-Lite or 464XLAT), and customers "
                  "share the far end: a port opened on your router stays unreachable over IPv4.",
                  hedge(s)),
      {fmt::format("the router's external address {} is in 192.0.0.0/29 (RFC 6333)", reported(s)),
       local_line(s)},
      around_the_provider(s)};
}

std::optional<verdict> private_report(const facts& s) {
  if (!reports_are(s, address_scope::private_use) && !reports_are(s, address_scope::link_local)) {
    return std::nullopt;
  }
  if (names_inner_side(s)) return std::nullopt;
  // A public router next to ours: traffic may leave by another line than the one spoken of.
  const bool one_line_of_two =
      s.outside.next_router_is_public() && s.gateway_owns_it() != tested::no;
  verdict v{
      verdict_code::double_nat,
      one_line_of_two ? confidence::likely : second_translation(s),
      fmt::format(
          "Your router is {}behind a second router (double NAT): a port must be opened on both.",
          hedge(s)),
      {fmt::format(
           "the router's external address {} is {}, so the router is not directly on the Internet",
           reported(s), describe(scope_of(s.reported.front().ip))),
       local_line(s)},
      {"put the outer router, or the provider's modem, into bridge mode",
       fmt::format(
           "or forward TCP port {0} on both: on the outer router to {1}:{0}, and on {2} to {3}:{0}",
           example_port, reported(s), s.router(), s.local()->to_string())}};
  if (const auto carrier = s.outside.hop_within(address_scope::shared)) {
    v.advice.push_back(
        fmt::format("if that does not help: {} on the path looks like the provider's own NAT; ask "
                    "the provider for a public IPv4 address",
                    carrier->ip->to_string()));
  }
  return v;
}

std::optional<verdict> strange_report(const facts& s) {
  if (s.reported.empty()) return std::nullopt;
  return inconclusive(
      fmt::format("The router reports the external address {}, which cannot be public.",
                  reported(s)),
      {fmt::format("{} is {}", reported(s), describe(scope_of(s.reported.front().ip))),
       local_line(s),
       s.outside.sees_us() ? "missing test: the router's real external address"
                           : std::string(untested_outside)},
      {status_page(s.router())});
}

}  // namespace natcheck::judging
