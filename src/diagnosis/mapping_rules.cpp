#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <natcheck/diagnosis.hpp>

#include "core/asked.hpp"
#include "core/gateway_services.hpp"
#include "diagnosis/evidence_lines.hpp"
#include "diagnosis/remedies.hpp"

namespace natcheck {
namespace {

struct explanation {
  verdict_code code;
  std::string_view summary;
  std::string_view advice;  ///< {}: the options of the question, behind a command
};

// The most telling first: it wins over the others when the protocols failed in different ways.
// A policy stands before a conflict, because miniupnpd answers 718 for ports its rules deny.
constexpr explanation another_nat{
    verdict_code::double_nat,
    "There is another NAT between this machine and the router that answered.",
    "open the port on the nearer router too, or switch that one to bridge mode (access point); "
    "natcheck discover{} shows them"};
constexpr explanation not_allowed{verdict_code::mapping_refused,
                                  "The router does not allow this machine to open ports.",
                                  judging::permit_this_machine};
constexpr explanation table_full{verdict_code::mapping_table_full,
                                 "The router has no room for another port mapping.",
                                 "delete mappings that are no longer needed in the router's menu "
                                 "(natcheck mappings list{} shows them), or restart it"};
constexpr explanation over_quota{
    verdict_code::mapping_table_full,
    "This machine, or this Internet connection, has reached its limit of open ports.",
    "close ports that are no longer needed: those of other programs, or in the router's menu; some "
    "providers allow only a few per customer"};
constexpr explanation conflict{
    verdict_code::port_conflict, "The port is already taken on the router.", {}};
constexpr explanation granted_otherwise{
    verdict_code::port_granted_otherwise,
    "The router opens a different port from the one you asked for.",
    {}};
constexpr explanation open_already{
    verdict_code::port_conflict, "The router already maps this port, on a different external port.",
    "use that external port (see below), close it with natcheck mappings remove{}, or try --via "
    "upnp, which allows several"};
constexpr explanation not_kept{verdict_code::mapping_not_kept,
                               "The router accepted the request, but the mapping is not there.",
                               "restart the router or update its firmware"};
constexpr explanation same_port{
    verdict_code::mapping_refused,
    "The router opens a port only with the same internal and external number.",
    {}};
constexpr explanation port_not_allowed{
    verdict_code::mapping_refused, "The router refuses to open this port.", {}};
constexpr explanation no_lease{
    verdict_code::mapping_refused,
    "The router rejects every lifetime: the one requested, a week, and permanent.",
    "try another protocol (--via nat-pmp) or another --lifetime"};
constexpr explanation no_wan{verdict_code::mapping_refused,
                             "The router cannot open a port now: it has no Internet connection, or "
                             "is behind another router.",
                             "natcheck discover{} shows which"};
constexpr explanation no_reason{
    verdict_code::mapping_refused, "The router did not open the port and does not say why.",
    "natcheck discover{} shows whether it has an Internet connection or is behind another router"};
// miniupnpd also says so with a private external address.
constexpr explanation no_resources{
    verdict_code::mapping_refused,
    "The router has no room for another port, or no public address of its own.",
    "natcheck discover{} shows whether it is behind another router or the provider's NAT"};
constexpr explanation other_refusal{verdict_code::mapping_refused,
                                    "The router refused to open the port.",
                                    "check the router's log, or restart it"};
constexpr std::string_view try_again =
    "try again; if that does not help, restart the router, or try another protocol with --via";
// These three begin with the name of the protocol.
constexpr explanation unusable{verdict_code::inconclusive,
                               "{} is available, but its answer is unusable.",
                               "restart the router or update its firmware, or try another "
                               "protocol with --via"};
constexpr explanation too_slow{verdict_code::inconclusive,
                               "{} is available, but does not answer the mapping request.",
                               try_again};
constexpr explanation broken_off{verdict_code::inconclusive,
                                 "{} is available, but aborts the mapping request.", try_again};
constexpr explanation not_asked{verdict_code::inconclusive,
                                "This machine could not send the request to the router.",
                                "fix the problem named below, then run it again"};
constexpr explanation other_version{
    verdict_code::no_mapping_service,
    "The router responds to {}, but uses a different version from natcheck.",
    {}};
constexpr explanation no_service{verdict_code::no_mapping_service, {}, {}};
constexpr explanation no_router{verdict_code::inconclusive, "This machine has no IPv4 router.",
                                "natcheck discover{}"};
constexpr explanation not_finished{
    verdict_code::inconclusive, "The request timed out before the router answered.",
    "allow more time, at least ten seconds; natcheck discover{} shows what the router offers"};
constexpr explanation unknown{verdict_code::inconclusive,
                              "No mapping was created, and the router did not say why.",
                              "natcheck discover{} shows what the router offers"};

// A protocol that was not fully tested leaves open whether the router offers it.
constexpr std::array ranking{&another_nat,   &not_allowed,       &table_full,    &over_quota,
                             &conflict,      &granted_otherwise, &open_already,  &not_kept,
                             &same_port,     &port_not_allowed,  &no_lease,      &no_wan,
                             &no_reason,     &no_resources,      &other_refusal, &unusable,
                             &broken_off,    &too_slow,          &not_asked,     &not_finished,
                             &other_version, &no_service,        &unknown};

/// Null where the gateway gave no reason of its own.
const explanation* explain(mapping_refusal refusal) {
  switch (refusal) {
    case mapping_refusal::none:
    case mapping_refusal::taken_over:
      return nullptr;
    case mapping_refusal::other:
      return &other_refusal;
    case mapping_refusal::not_authorized:
      return &not_allowed;
    case mapping_refusal::unsupported_version:
      return &other_version;
    case mapping_refusal::network_failure:
      return &no_wan;
    case mapping_refusal::table_full:
      return &table_full;
    case mapping_refusal::no_resources:
      return &no_resources;
    case mapping_refusal::over_quota:
      return &over_quota;
    case mapping_refusal::port_conflict:
      return &conflict;
    case mapping_refusal::address_mismatch:
      return &another_nat;
    case mapping_refusal::port_not_allowed:
      return &port_not_allowed;
    case mapping_refusal::same_port_required:
      return &same_port;
    case mapping_refusal::lifetime_rejected:
      return &no_lease;
    case mapping_refusal::no_reason:
      return &no_reason;
    case mapping_refusal::already_mapped:
      return &open_already;
    case mapping_refusal::granted_otherwise:
      return &granted_otherwise;
    case mapping_refusal::not_kept:
      return &not_kept;
  }
  return nullptr;
}

const explanation* explain(const mapping_attempt& attempt) {
  if (const auto* why = explain(attempt.refusal)) return why;
  if (attempt.local_fault) return &not_asked;
  switch (attempt.state) {
    case service_state::not_tried:
      return &not_finished;
    case service_state::malformed:
      return &unusable;
    case service_state::refused:
      return attempt.present ? &broken_off : &no_service;
    case service_state::silent:
      return attempt.present ? &too_slow : &no_service;
    case service_state::answered:
      break;
  }
  return &unknown;
}

/// Why there is no mapping, and which attempt says so; none where there was no router to ask.
struct reason {
  const explanation& why;
  const mapping_attempt* said_by = nullptr;
};

reason best_reason(const mapping_evidence& seen) {
  if (!seen.gateway) return {no_router};
  const auto& attempts = seen.attempts;
  for (const auto* candidate : ranking) {
    const auto given = std::find_if(attempts.begin(), attempts.end(),
                                    [&](const auto& a) { return explain(a) == candidate; });
    if (given != attempts.end()) return {*candidate, &*given};
  }
  return {unknown};
}

/// An attempt without a word leaves the reason open.
bool all_closed(const mapping_evidence& seen) {
  return std::all_of(seen.attempts.begin(), seen.attempts.end(),
                     [](const auto& a) { return explain(a) != &unknown; });
}

confidence certainty_of(const explanation& why, const mapping_evidence& seen) {
  if (why.code == verdict_code::inconclusive) return confidence::unconfirmed;
  if (why.code != verdict_code::no_mapping_service) return confidence::confirmed;
  return all_closed(seen) ? confidence::likely : confidence::unconfirmed;
}

constexpr std::array<std::string_view, 5> state_words{"accepted", "refused", "no answer",
                                                      "unusable answer", "not tried"};

std::string line(const mapping_attempt& attempt) {
  auto text = fmt::format("{}: ", row_of(attempt.via).name);
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
  if (seen.only_via) options += fmt::format(" --via {}", row_of(*seen.only_via).key);
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

std::string first_advice(const explanation& why, const mapping_evidence& seen) {
  if (why.code == verdict_code::no_mapping_service) {
    if (seen.only_via == mapping_protocol::pcp) {
      const auto others =
          service_names([](const auto& row) { return row.id != mapping_protocol::pcp; });
      return fmt::format("omit --via: natcheck then also tries {}", fmt::join(others, " and "));
    }
    return judging::turn_on_service(seen.gateway->to_string());
  }
  if (&why == &conflict || &why == &port_not_allowed) return try_another_port(seen);
  if (&why == &granted_otherwise) {
    return "accept the port that the router gives: " + command_for(seen.external_port, seen) +
           " --any-port";
  }
  if (&why == &same_port) {
    return fmt::format("ask for that port, for example: {}", command_for(seen.internal.port, seen));
  }
  return fmt::format(fmt::runtime(why.advice), to_options(seen.asked));
}

/// A refusal of which the port may be the reason, and not the device or the router's state.
bool may_be_the_low_port(const explanation& why, const mapping_evidence& seen) {
  return seen.external_port < first_usual_port &&
         (&why == &not_allowed || &why == &no_wan || &why == &no_reason || &why == &other_refusal);
}

std::vector<std::string> advice_for(const explanation& why, const mapping_evidence& seen) {
  std::vector<std::string> advice{first_advice(why, seen)};
  if (!seen.gateway || seen.internal.ip.is_unspecified()) return advice;
  if (may_be_the_low_port(why, seen)) {
    advice.push_back("or, since many routers refuse ports below 1024, try: " +
                     command_for(another_port(seen), seen));
  }
  advice.push_back("or " + judging::forward_by_hand(seen.protocol, seen.external_port,
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
    const auto name = row_of(attempt.via).name;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
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

std::string summary_of(const reason& found, const mapping_evidence& seen) {
  if (&found.why == &no_service) return no_service_summary(seen);
  if (found.said_by == nullptr) return std::string(found.why.summary);
  return fmt::format(fmt::runtime(found.why.summary), row_of(found.said_by->via).name);
}

/// As for `discover`: no answer to ARP, and a whole schedule without an answer.
bool is_dead(const mapping_evidence& seen) {
  if (!seen.gateway || seen.neighbor != neighbor_state::unanswered) return false;
  const auto count = [&](service_state state) {
    return std::count_if(seen.attempts.begin(), seen.attempts.end(),
                         [&](const auto& a) { return a.state == state; });
  };
  const auto silent = count(service_state::silent);
  const auto not_tried = count(service_state::not_tried);
  return silent > 0 && silent + not_tried == std::ssize(seen.attempts);
}

verdict judge_dead(const std::string& router) {
  return {verdict_code::offline,
          confidence::confirmed,
          judging::dead_router(router),
          {judging::unanswered_line(router)},
          judging::revive_router(router)};
}

/// The far end of a VPN is no router whose menu one could open.
verdict judge_tunnel(const mapping_evidence& seen) {
  return {verdict_code::vpn_egress,
          confidence::likely,
          judging::tunnel_egress(seen.tunnel, ", and its far end opens no ports"),
          {},
          judging::around_the_tunnel()};
}

verdict judge(const mapping_evidence& seen) {
  const auto& [why, said_by] = best_reason(seen);
  const bool nobody = &why == &no_router || &why == &no_service;
  if (!seen.tunnel.empty() && nobody) return judge_tunnel(seen);
  if (is_dead(seen)) return judge_dead(seen.gateway->to_string());
  return {why.code,
          certainty_of(why, seen),
          summary_of({why, said_by}, seen),
          {},
          advice_for(why, seen)};
}

}  // namespace

diagnosis diagnose(const mapping_evidence& evidence) {
  verdict v = judge(evidence);
  for (const auto& attempt : evidence.attempts) v.evidence.push_back(line(attempt));
  if (evidence.attempts.empty()) v.evidence.emplace_back("no protocol was tried");
  const bool open = evidence.gateway && v.code == verdict_code::inconclusive;
  return {std::move(v), {}, open ? answer::unknown : answer::no};
}

}  // namespace natcheck
