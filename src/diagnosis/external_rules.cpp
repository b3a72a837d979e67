#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <natcheck/diagnosis.hpp>

#include "core/canonical.hpp"
#include "core/text.hpp"
#include "diagnosis/evidence_lines.hpp"
#include "diagnosis/findings.hpp"
#include "diagnosis/outside_view.hpp"

namespace natcheck {
namespace {

constexpr const char* probe_tells =
    "only a probe from outside shows whether this server is reachable";

discover_evidence evidence_of(const external_evidence& seen) {
  discover_evidence all;
  all.stun = seen.stun;
  if (seen.local) all.host.ipv4.emplace().local = *seen.local;
  if (seen.gateway) {
    all.gateway.emplace().ip = *seen.gateway;
    all.gateway->upnp.external_address = seen.router_says;
  }
  return all;
}

std::vector<std::string> servers_of(const judging::outside_view& outside, const address& ip) {
  for (const reflexive_address& each : outside.reflexive) {
    if (each.ip == ip) return each.servers;
  }
  return {};
}

std::string names_of(const std::vector<std::string>& servers) {
  return fmt::format("{} {}", fmt::join(servers, " and "), servers.size() == 1 ? "sees" : "see");
}

/// "192.168.77.1, its own address in this network"
std::string described(const external_evidence& seen) {
  const address& ip = *seen.router_says;
  if (ip.is_v6()) return ip.to_string() + ", an IPv6 address";
  if (ip == seen.gateway) return ip.to_string() + ", its own address in this network";
  return fmt::format("{}, which is {}", ip.to_string(), describe(scope_of(ip)));
}

std::string why_nobody_outside(const external_evidence& seen) {
  if (seen.stun.empty()) return std::string(judging::nobody_asked);
  const auto answered = [](const stun_evidence& one) {
    return one.state == service_state::answered && one.seen_as;
  };
  const auto server = std::ranges::find_if(seen.stun, answered);
  if (server == seen.stun.end()) return "no STUN server outside this network answered";
  if (!judging::names_unusable(*server)) {
    return fmt::format("the STUN server that answered, {}, is not outside this network",
                       escape_bytes(server->server));
  }
  return fmt::format("{} answers with {}, which cannot be this machine's public address",
                     escape_bytes(server->server), canonical(server->seen_as->ip).to_string());
}

bool names_public(const external_evidence& seen) {
  return seen.router_says && seen.router_says->is_v4() && is_public(*seen.router_says);
}

finding disagreement(const external_evidence& seen, const address& ip,
                     const std::vector<std::string>& servers) {
  const std::string router = names_public(seen) ? seen.router_says->to_string() : described(seen);
  return {judging::sources_disagree,
          fmt::format("The router reports the external address {}; {} {}.", router,
                      names_of(servers), ip.to_string()),
          "there may be another NAT upstream of the router, or the address it reports may be out "
          "of date: " +
              std::string(probe_tells)};
}

finding unknown(const external_evidence& seen) {
  const std::string why = why_nobody_outside(seen);
  const std::string summary =
      seen.router_says
          ? fmt::format("The external address is not known: the router reports {}, and {}.",
                        described(seen), why)
          : fmt::format("The external address is not known: the router does not report it, and {}.",
                        why);
  return {judging::external_address_unknown, summary,
          "look it up on the router's status page, or with natcheck discover"};
}

finding unconfirmed(const external_evidence& seen, const address& ip) {
  const char* const who = seen.router_says ? "the router" : "this machine";
  return {judging::external_address_unconfirmed,
          fmt::format("Only {} reports the external address {}: {}.", who, ip.to_string(),
                      why_nobody_outside(seen)),
          probe_tells};
}

/// External servers that saw different addresses, none of them in the majority.
finding several(const judging::outside_view& outside) {
  std::vector<std::string> all;
  for (const reflexive_address& each : outside.reflexive) {
    all.push_back(fmt::format("{} {}", names_of(each.servers), each.ip.to_string()));
  }
  return {judging::sources_disagree,
          fmt::format("External servers see different addresses: {}.", fmt::join(all, ", ")),
          "this line may have several external addresses: probe each of them from outside"};
}

external_judgement judge_seen(const external_evidence& seen, const judging::outside_view& outside,
                              const address& ip) {
  external_judgement judged;
  judged.ip = ip;
  judged.sources = servers_of(outside, ip);
  judged.direct = seen.local == ip;
  if (judged.direct == true) judged.sources.emplace_back("interface");
  if (seen.router_says == ip) judged.sources.emplace_back("router");
  if (seen.router_says && seen.router_says != ip)
    judged.doubt = disagreement(seen, ip, servers_of(outside, ip));
  return judged;
}

/// No external server answered.
external_judgement judge_report(const external_evidence& seen) {
  external_judgement judged;
  if (names_public(seen)) {
    judged.ip = seen.router_says;
    judged.sources = {"router"};
  } else if (!seen.router_says && !seen.mapped && seen.local && is_public(*seen.local)) {
    judged.ip = seen.local;
    judged.sources = {"interface"};
  }
  if (!seen.asking) judged.doubt = judged.ip ? unconfirmed(seen, *judged.ip) : unknown(seen);
  return judged;
}

}  // namespace

external_judgement diagnose(const external_evidence& evidence) {
  const judging::outside_view outside(evidence_of(evidence));
  if (const auto ip = outside.agreed()) return judge_seen(evidence, outside, *ip);
  external_judgement judged = judge_report(evidence);
  if (outside.sees_us()) judged.doubt = several(outside);
  return judged;
}

}  // namespace natcheck
