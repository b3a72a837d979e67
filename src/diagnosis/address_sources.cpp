#include "diagnosis/address_sources.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "core/text.hpp"

namespace natcheck::judging {
namespace {

/// Who, of this host and its gateway, names this address too.
std::vector<std::string> sources_within(const facts& s, const address& ip) {
  std::vector<std::string> sources;
  if (s.local() == ip) sources.emplace_back("interface");
  for (const auto& one : s.reported) {
    if (one.ip == ip) sources.emplace_back(one.source);
  }
  return sources;
}

/// No external server answered: what this host or its gateway reports, if they agree.
std::optional<public_address> named_from_inside(const facts& s) {
  const auto local = s.local();
  const bool on_host = local && is_public(*local);
  if (!on_host && s.reported.empty()) return std::nullopt;
  const address ip = on_host ? *local : s.reported.front().ip;
  const bool all_agree = std::ranges::all_of(s.reported, [&](const auto& c) { return c.ip == ip; });
  if (!is_public(ip) || !all_agree) return std::nullopt;
  return public_address{ip, sources_within(s, ip)};
}

// --- in words ------------------------------------------------------------------------------

/// "stun.a", "stun.a and 2 more"
std::string in_short(const std::vector<std::string>& servers) {
  const auto first = without_port(servers.front());
  return servers.size() == 1 ? first : fmt::format("{} and {} more", first, servers.size() - 1);
}

/// An address that the router reports, and the services that do so.
struct claim {
  address ip;
  std::vector<std::string_view> services;
};

std::vector<claim> claims_of(const facts& s) {
  std::vector<claim> all;
  for (const auto& one : s.named) {
    auto known = std::ranges::find(all, one.ip, &claim::ip);
    if (known == all.end()) known = all.insert(known, {one.ip, {}});
    known->services.push_back(one.name);
  }
  return all;
}

/// "UPnP says 5.5.5.5"
std::string words_of(const claim& one) {
  return fmt::format("{} {} {}", fmt::join(one.services, ", "),
                     one.services.size() > 1 ? "say" : "says", one.ip.to_string());
}

/// What the router says if that is not `external`: "; your router reports 100.64.5.2".
std::string dissent(const facts& s, const address& external) {
  auto claims = claims_of(s);
  const bool agrees = std::erase_if(claims, [&](const claim& c) { return c.ip == external; }) > 0;
  if (claims.size() == 1 && !agrees) {
    return "; your router reports " + claims.front().ip.to_string();
  }
  std::string all;
  for (const auto& one : claims) all += "; " + words_of(one);
  return all;
}

/// The router's services that report exactly that.
std::string services_of(const facts& s, const address& ip) {
  std::vector<std::string_view> names;
  for (const auto& one : s.reported) {
    if (one.ip == ip) names.push_back(one.name);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

/// Who reports the public address; external servers among them.
std::string seen_outside(const facts& s, const address& ip) {
  const auto& servers = std::ranges::find(s.outside.reflexive, ip, &reflexive_address::ip)->servers;
  const auto who = in_short(servers);
  const auto services = services_of(s, ip);
  const bool own = s.local() == ip;
  if (services.empty()) return (own ? "this machine's own, seen by " : "seen by ") + who;
  return fmt::format("{}the router ({}){} {} agree", own ? "this machine's own; " : "", services,
                     servers.size() > 1 ? "," : " and", who);
}

/// What each source says if no two agree.
std::string contradiction(const facts& s) {
  std::vector<std::string> all;
  if (is_public(*s.local())) all.push_back("this machine has " + s.local()->to_string());
  for (const auto& one : claims_of(s)) all.push_back(words_of(one));
  for (const auto& one : s.outside.reflexive) {
    all.push_back(fmt::format("{} saw {}", in_short(one.servers), one.ip.to_string()));
  }
  return fmt::format("{}", fmt::join(all, ", "));
}

std::string why_not_known(const facts& s) {
  if (!s.local()) return "no IPv4 route to the Internet";
  if (s.outside.sees_us()) return contradiction(s);
  const std::string outside = s.seen.stun.empty() ? "" : ", and no external server answered";
  if (!s.seen.gateway) return "there is no router to ask" + outside;
  const auto claims = claims_of(s);
  if (claims.empty()) return "the router did not report it" + outside;
  const auto& [ip, services] = claims.front();
  if (claims.size() > 1 || is_public(*s.local()) || is_public(ip)) return contradiction(s);
  return fmt::format("the router reports {} ({}), which is not a public address but {}",
                     ip.to_string(), fmt::join(services, ", "), describe(scope_of(ip)));
}

}  // namespace

std::optional<public_address> public_address_of(const facts& s) {
  if (!s.outside.sees_us()) return named_from_inside(s);
  const auto ip = s.seen_as();
  if (!ip) return std::nullopt;
  public_address found{*ip, sources_within(s, *ip)};
  found.sources.emplace_back("stun");
  return found;
}

std::string external_source(const facts& s, const std::optional<public_address>& external) {
  if (!external) return why_not_known(s);
  if (s.outside.sees_us()) return seen_outside(s, external->ip) + dissent(s, external->ip);
  const auto services = services_of(s, external->ip);
  if (s.local() != external->ip) return "reported by your router (" + services + ")";
  if (services.empty()) return "this machine's own";
  return "this machine's own, your router agrees (" + services + ")";
}

std::string ipv6_source(const facts& s) {
  if (!s.seen.host.ipv6) return {};
  std::vector<std::string> all;
  for (const auto& one : s.outside.ipv6_reflexive) {
    const auto who = in_short(one.servers);
    all.push_back(one.ip == s.seen.host.ipv6->local
                      ? "seen by " + who
                      : fmt::format("{} sees {}", who, one.ip.to_string()));
  }
  return fmt::format("{}", fmt::join(all, "; "));
}

}  // namespace natcheck::judging
