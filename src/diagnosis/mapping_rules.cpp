#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <natcheck/diagnosis.hpp>

#include "core/asked.hpp"
#include "core/gateway_services.hpp"
#include "diagnosis/evidence_lines.hpp"
#include "diagnosis/first_rule.hpp"
#include "diagnosis/remedies.hpp"

namespace natcheck {
namespace judging {
namespace {

/// Why there is no mapping. The most specific first: it wins over the others if the protocols
/// failed in different ways. A protocol that was not fully tested leaves open whether the router
/// offers it.
enum class reason {
  another_nat,
  not_allowed,
  table_full,
  over_quota,
  conflict,
  granted_otherwise,
  open_already,
  not_kept,
  same_port,
  port_not_allowed,
  no_lease,
  no_wan,
  no_reason,
  no_resources,
  other_refusal,
  unusable,
  broken_off,
  too_slow,
  not_asked,
  not_finished,
  other_version,
  no_service,
  unknown,
  no_router,
};

struct explanation {
  reason why;
  mapping_refusal refusal;  ///< that says so; none: the state of the attempt does
  verdict_code code;
  std::string_view summary;
  std::string_view advice;  ///< {}: the options of the request, after a command
};

constexpr std::string_view try_again =
    "try again; if that does not help, restart the router, or try another protocol with --via";

// In the order of reason.
constexpr std::array<explanation, 24> explanations{{
    {reason::another_nat, mapping_refusal::address_mismatch, verdict_code::double_nat,
     "There is another NAT between this machine and the router that answered.",
     "open the port on the nearer router too, or switch that one to bridge mode (access point); "
     "natcheck discover{} shows them"},
    // A policy stands before a conflict: miniupnpd answers 718 for ports its rules deny.
    {reason::not_allowed, mapping_refusal::not_authorized, verdict_code::mapping_refused,
     "The router does not allow this machine to open ports.", permit_this_machine},
    {reason::table_full, mapping_refusal::table_full, verdict_code::mapping_table_full,
     "The router has no room for another port mapping.",
     "delete mappings that are no longer needed in the router's menu (natcheck mappings list{} "
     "shows them), or restart it"},
    {reason::over_quota, mapping_refusal::over_quota, verdict_code::mapping_table_full,
     "This machine, or this Internet connection, has reached its limit of open ports.",
     "close ports that are no longer needed: those of other programs, or in the router's menu; "
     "some providers allow only a few per customer"},
    {reason::conflict, mapping_refusal::port_conflict, verdict_code::port_conflict,
     "The port is already taken on the router.", ""},
    {reason::granted_otherwise, mapping_refusal::granted_otherwise,
     verdict_code::port_granted_otherwise,
     "The router opens a different port from the one you asked for.", ""},
    {reason::open_already, mapping_refusal::already_mapped, verdict_code::port_conflict,
     "The router already maps this port, on a different external port.",
     "use that external port (see below), close it with natcheck mappings remove{}, or try --via "
     "upnp, which allows several"},
    {reason::not_kept, mapping_refusal::not_kept, verdict_code::mapping_not_kept,
     "The router accepted the request, but the mapping is not there.",
     "restart the router or update its firmware"},
    {reason::same_port, mapping_refusal::same_port_required, verdict_code::mapping_refused,
     "The router opens a port only with the same internal and external number.", ""},
    {reason::port_not_allowed, mapping_refusal::port_not_allowed, verdict_code::mapping_refused,
     "The router refuses to open this port.", ""},
    {reason::no_lease, mapping_refusal::lifetime_rejected, verdict_code::mapping_refused,
     "The router rejects every lifetime: the one requested, a week, and permanent.",
     "try another protocol (--via nat-pmp) or another --lifetime"},
    {reason::no_wan, mapping_refusal::network_failure, verdict_code::mapping_refused,
     "The router cannot open a port now: it has no Internet connection, or is behind another "
     "router.",
     "natcheck discover{} shows which"},
    {reason::no_reason, mapping_refusal::no_reason, verdict_code::mapping_refused,
     "The router did not open the port and does not say why.",
     "natcheck discover{} shows whether it has an Internet connection or is behind another router"},
    // miniupnpd also says so with a private external address.
    {reason::no_resources, mapping_refusal::no_resources, verdict_code::mapping_refused,
     "The router has no room for another port, or no public address of its own.",
     "natcheck discover{} shows whether it is behind another router or the provider's NAT"},
    {reason::other_refusal, mapping_refusal::other, verdict_code::mapping_refused,
     "The router refused to open the port.", "check the router's log, or restart it"},
    // These three begin with the name of the protocol.
    {reason::unusable, mapping_refusal::none, verdict_code::inconclusive,
     "{} is available, but its answer is unusable.",
     "restart the router or update its firmware, or try another protocol with --via"},
    {reason::broken_off, mapping_refusal::none, verdict_code::inconclusive,
     "{} is available, but aborts the mapping request.", try_again},
    {reason::too_slow, mapping_refusal::none, verdict_code::inconclusive,
     "{} is available, but does not answer the mapping request.", try_again},
    {reason::not_asked, mapping_refusal::none, verdict_code::inconclusive,
     "This machine could not send the request to the router.",
     "fix the problem named below, then run it again"},
    {reason::not_finished, mapping_refusal::none, verdict_code::inconclusive,
     "The request timed out before the router answered.",
     "allow more time, at least ten seconds; natcheck discover{} shows what the router offers"},
    {reason::other_version, mapping_refusal::unsupported_version, verdict_code::no_mapping_service,
     "The router responds to {}, but uses a different version from natcheck.", ""},
    {reason::no_service, mapping_refusal::none, verdict_code::no_mapping_service, "", ""},
    {reason::unknown, mapping_refusal::none, verdict_code::inconclusive,
     "No mapping was created, and the router did not say why.",
     "natcheck discover{} shows what the router offers"},
    {reason::no_router, mapping_refusal::none, verdict_code::inconclusive,
     "This machine has no IPv4 router.", "natcheck discover{}"},
}};

const explanation& row_of(reason why) { return explanations.at(static_cast<std::size_t>(why)); }

reason reason_of(const mapping_attempt& attempt) {
  const auto told = std::ranges::find(explanations, attempt.refusal, &explanation::refusal);
  if (attempt.refusal != mapping_refusal::none && told != explanations.end()) return told->why;
  if (attempt.local_fault) return reason::not_asked;
  switch (attempt.state) {
    case service_state::not_tried:
      return reason::not_finished;
    case service_state::malformed:
      return reason::unusable;
    case service_state::refused:
      return attempt.present ? reason::broken_off : reason::no_service;
    case service_state::silent:
      return attempt.present ? reason::too_slow : reason::no_service;
    case service_state::answered:
      break;
  }
  return reason::unknown;
}

/// The attempt that says most about why there is no mapping; null if none was made.
const mapping_attempt* most_specific(const mapping_evidence& seen) {
  const auto best = std::ranges::min_element(seen.attempts, {}, reason_of);
  return best == seen.attempts.end() ? nullptr : &*best;
}

reason best_reason(const mapping_evidence& seen) {
  if (!seen.gateway) return reason::no_router;
  const auto* const best = most_specific(seen);
  return best == nullptr ? reason::unknown : reason_of(*best);
}

confidence certainty_of(reason why, const mapping_evidence& seen) {
  const auto code = row_of(why).code;
  if (code == verdict_code::inconclusive) return confidence::unconfirmed;
  if (code != verdict_code::no_mapping_service) return confidence::confirmed;
  // An attempt without an answer of any kind leaves the reason open.
  const bool open =
      std::ranges::find(seen.attempts, reason::unknown, reason_of) != seen.attempts.end();
  return open ? confidence::unconfirmed : confidence::likely;
}

constexpr std::array<std::string_view, 5> state_words{"accepted", "refused", "no answer",
                                                      "unusable answer", "not tried"};

std::string line(const mapping_attempt& attempt) {
  auto text = fmt::format("{}: ", natcheck::row_of(attempt.via).name);
  const auto detail = to_string(attempt.detail);
  if (attempt.state == service_state::silent && !detail.empty()) return text + detail;
  text += state_words.at(static_cast<std::size_t>(attempt.state));
  const bool named = detail.find(std::to_string(attempt.code)) != std::string::npos;
  if (attempt.code > 0 && !named) text += fmt::format(", code {}", attempt.code);
  if (attempt.refusal == mapping_refusal::not_kept) text += ", missing when read back";
  return detail.empty() ? text : fmt::format("{}: {}", text, detail);
}

/// What was typed beside the ports, with a space before it.
std::string options_of(const mapping_evidence& seen) {
  std::string options;
  if (seen.both_transports) options += " --protocol both";
  if (!seen.both_transports && seen.protocol == transport::udp) options += " --protocol udp";
  if (seen.only_via) options += fmt::format(" --via {}", natcheck::row_of(*seen.only_via).key);
  return options + to_options(seen.asked);
}

/// What was typed, for another external port.
std::string command_for(int external, const mapping_evidence& seen) {
  const auto* const command =
      seen.asked_by == mapping_command::serve ? "natcheck serve --map" : "natcheck mappings add";
  return fmt::format("{} {}:{}{}", command, external, seen.internal.port, options_of(seen));
}

/// Many routers keep those below for themselves.
constexpr int first_usual_port = 1024;

/// An example of another external port.
int another_port(const mapping_evidence& seen) {
  if (seen.external_port < first_usual_port) return 8000 + seen.external_port;
  return seen.external_port == 65535 ? 65534 : seen.external_port + 1;
}

std::string try_another_port(const mapping_evidence& seen) {
  return fmt::format(
      "try another external port, for example: {}; or accept any free port: {} --any-port",
      command_for(another_port(seen), seen), command_for(seen.external_port, seen));
}

std::string first_advice(reason why, const mapping_evidence& seen) {
  if (row_of(why).code == verdict_code::no_mapping_service) {
    if (seen.only_via == mapping_protocol::pcp) {
      const auto others =
          service_names([](const auto& row) { return row.id != mapping_protocol::pcp; });
      return fmt::format("omit --via: natcheck then also tries {}", fmt::join(others, " and "));
    }
    return turn_on_service(seen.gateway->to_string());
  }
  if (why == reason::conflict || why == reason::port_not_allowed) return try_another_port(seen);
  if (why == reason::granted_otherwise) {
    return "accept the port that the router gives: " + command_for(seen.external_port, seen) +
           " --any-port";
  }
  if (why == reason::same_port) {
    return fmt::format("ask for that port, for example: {}", command_for(seen.internal.port, seen));
  }
  return fmt::format(fmt::runtime(row_of(why).advice), to_options(seen.asked));
}

std::vector<std::string> advice_for(reason why, const mapping_evidence& seen) {
  std::vector<std::string> advice{first_advice(why, seen)};
  if (!seen.gateway || seen.internal.ip.is_unspecified()) return advice;
  // Of these refusals the port may be the reason, and not this machine or the router's state.
  const bool perhaps_the_port = why == reason::not_allowed || why == reason::no_wan ||
                                why == reason::no_reason || why == reason::other_refusal;
  if (perhaps_the_port && seen.external_port < first_usual_port) {
    advice.push_back("or, since many routers refuse ports below 1024, try: " +
                     command_for(another_port(seen), seen));
  }
  advice.push_back("or " + forward_by_hand(seen.protocol, seen.external_port,
                                           seen.gateway->to_string(), seen.internal));
  advice.push_back(fmt::format(
      "then from outside, with the router's public address, run: natcheck probe {}ADDRESS:{}",
      seen.protocol == transport::udp ? "--protocol udp " : "", seen.external_port));
  return advice;
}

/// Names those that were asked: what was not asked may be there.
std::string no_service_summary(const mapping_evidence& seen) {
  std::vector<std::string_view> names;
  for (const auto& attempt : seen.attempts) {
    const auto name = natcheck::row_of(attempt.via).name;
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  if (names.size() > 1) {
    return fmt::format(
        "The router offers neither {} to this machine, so natcheck cannot open the "
        "port.",
        fmt::join(names, " nor "));
  }
  return fmt::format(
      "The router does not offer {} to this machine, so natcheck cannot open the "
      "port that way.",
      names.front());
}

/// As for `discover`: no answer to ARP, and a whole schedule without an answer.
bool is_dead(const mapping_evidence& seen) {
  if (!seen.gateway || seen.neighbor != neighbor_state::unanswered) return false;
  const auto count = [&](service_state state) {
    return std::ranges::count_if(seen.attempts, [&](const auto& a) { return a.state == state; });
  };
  const auto silent = count(service_state::silent);
  const auto not_tried = count(service_state::not_tried);
  return silent > 0 && silent + not_tried == std::ssize(seen.attempts);
}

/// The far end of a VPN is not a router with a menu.
std::optional<verdict> tunnel_opens_nothing(const mapping_evidence& seen) {
  const auto why = best_reason(seen);
  const bool nobody = why == reason::no_router || why == reason::no_service;
  if (seen.tunnel.empty() || !nobody) return std::nullopt;
  return verdict{verdict_code::vpn_egress,
                 confidence::likely,
                 tunnel_egress(seen.tunnel, ", and its far end opens no ports"),
                 {},
                 around_the_tunnel()};
}

std::optional<verdict> router_is_dead(const mapping_evidence& seen) {
  if (!is_dead(seen)) return std::nullopt;
  const auto router = seen.gateway->to_string();
  return verdict{verdict_code::offline,
                 confidence::confirmed,
                 dead_router(router),
                 {unanswered_line(router)},
                 revive_router(router)};
}

std::optional<verdict> best_explanation(const mapping_evidence& seen) {
  const auto why = best_reason(seen);
  const auto& row = row_of(why);
  const auto* const said_by = most_specific(seen);
  const std::string_view name = said_by == nullptr ? "" : natcheck::row_of(said_by->via).name;
  return verdict{row.code,
                 certainty_of(why, seen),
                 why == reason::no_service ? no_service_summary(seen)
                                           : fmt::format(fmt::runtime(row.summary), name),
                 {},
                 advice_for(why, seen)};
}

constexpr std::array mapping_rules{tunnel_opens_nothing, router_is_dead, best_explanation};

}  // namespace
}  // namespace judging

diagnosis diagnose(const mapping_evidence& evidence) {
  verdict v = judging::first_of(judging::mapping_rules, evidence);
  for (const auto& attempt : evidence.attempts) v.evidence.push_back(judging::line(attempt));
  if (evidence.attempts.empty()) v.evidence.emplace_back("no protocol was tried");
  const bool open = evidence.gateway && v.code == verdict_code::inconclusive;
  return {std::move(v), {}, open ? answer::unknown : answer::no};
}

}  // namespace natcheck
