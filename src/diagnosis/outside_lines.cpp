#include <fmt/format.h>

#include <algorithm>

#include "core/canonical.hpp"
#include "core/text.hpp"
#include "core/units.hpp"
#include "diagnosis/evidence_lines.hpp"

namespace natcheck::judging {
namespace {

/// Servers with the same answer.
struct group {
  std::string what;
  std::vector<std::string> who;
};

void add(std::vector<group>& groups, std::string what, std::string who) {
  const auto same = std::ranges::find_if(groups, [&](const group& g) { return g.what == what; });
  (same == groups.end() ? groups.emplace_back(group{std::move(what), {}}) : *same)
      .who.push_back(std::move(who));
}

std::string timed(const stun_evidence& server) {
  const auto name = escape_bytes(server.server);
  return server.rtt ? fmt::format("{} ({})", name, in_ms(*server.rtt)) : name;
}

/// Why the server proves nothing about the Internet; empty where it may.
std::string objection(const facts& s, const stun_evidence& server) {
  if (is_within(s.seen, server)) {
    return fmt::format(
        "{} is an address of this machine or its router, so this says nothing about the Internet",
        canonical(server.address->ip).to_string());
  }
  if (names_unusable(server)) return "which cannot be this machine's public address";
  if (server.state == service_state::answered && !is_on_internet(server))
    return "but the server is not on the Internet";
  return {};
}

std::string seen_by(const facts& s, const stun_evidence& server) {
  const auto ip = canonical(server.seen_as->ip).to_string();
  const auto doubt = objection(s, server);
  return doubt.empty() ? ip : fmt::format("{}, {}", ip, doubt);
}

std::vector<std::string> views_of(const facts& s) {
  std::vector<group> groups;
  for (const auto& server : s.seen.stun) {
    if (server.state != service_state::answered || !server.seen_as) continue;
    add(groups, fmt::format("over {}: {}", asked_over(server), seen_by(s, server)), timed(server));
  }
  std::vector<std::string> lines;
  for (const auto& [what, who] : groups) {
    lines.push_back(fmt::format("seen by {} {}", fmt::join(who, ", "), what));
  }
  return lines;
}

bool has_answered(const stun_evidence& server) { return server.state == service_state::answered; }

std::string unanswered(const facts& s, const stun_evidence& server) {
  if (server.state == service_state::not_tried && !server.local_fault) return failed(server);
  const auto doubt = objection(s, server);
  return fmt::format("over {}: {}{}{}", asked_over(server), failed(server),
                     doubt.empty() ? "" : "; ", doubt);
}

std::vector<std::string> failures_of(const facts& s) {
  const auto& stun = s.seen.stun;
  // Who was not waited for, since others had answered, does not matter.
  const bool somebody = std::ranges::any_of(stun, has_answered);
  std::vector<group> groups;
  for (const auto& server : stun) {
    if (has_answered(server)) continue;
    const bool of_no_matter = server.state == service_state::not_tried && !server.local_fault;
    if (somebody && of_no_matter) continue;
    add(groups, unanswered(s, server), escape_bytes(server.server));
  }
  std::vector<std::string> lines;
  for (const auto& [what, who] : groups) {
    lines.push_back(fmt::format("{} {}", fmt::join(who, ", "), what));
  }
  return lines;
}

/// "path to 9.9.0.1: 1 192.168.1.1, 2 no answer, 3 9.9.0.1"
std::string line(const path_evidence& path) {
  if (path.hops.empty()) return {};
  std::string text =
      path.target ? fmt::format("path to {}:", path.target->ip.to_string()) : "path:";
  unsigned before = 0;
  for (const auto& hop : path.hops) {
    // Those between that were not asked to the end are left out: this one may be nearer.
    const bool gap = hop.ttl > before + 1;
    before = hop.ttl;
    text += fmt::format(" {}{} {},", gap ? "at most " : "", hop.ttl,
                        hop.ip ? hop.ip->to_string() : "no answer");
  }
  text.pop_back();
  return path.detail.empty() ? text : fmt::format("{}; {}", text, to_string(path.detail));
}

std::string line(const web_evidence& web) {
  switch (web.result) {
    case web_result::expected:
      return quoted(web.url) + " answers as expected";
    case web_result::failed:
      return fmt::format("{} fails{}{}", quoted(web.url), web.detail.empty() ? "" : ": ",
                         to_string(web.detail));
    case web_result::intercepted:
      return fmt::format("{} is answered by something else: status {}{}", quoted(web.url),
                         web.status, web.location ? ", to " + quoted(*web.location) : "");
    case web_result::not_tried:
      break;
  }
  return {};
}

std::string line(const discover_evidence& seen, const owner_evidence& owner) {
  if (owner.state != service_state::answered || !owner.target || !owner.answered_by) return {};
  const auto test = fmt::format("a packet with TTL 1 to {}", owner.target->to_string());
  switch (gateway_owns_seen_address(seen)) {
    case tested::yes:
      return test + " is answered by that address: it is the router's own";
    case tested::no:
      return fmt::format("{} expires at {}: the address is not the router's own", test,
                         owner.answered_by->to_string());
    case tested::not_tested:
      break;
  }
  return fmt::format("{} is answered by {}, which proves nothing", test,
                     owner.answered_by->to_string());
}

}  // namespace

std::string asked_over(const stun_evidence& server) {
  return fmt::format("{}{}", server.protocol == transport::tcp ? "TCP" : "UDP",
                     server.family == 6 ? " and IPv6" : "");
}

std::string hop_line(const path_hop& hop) {
  return fmt::format("hop {}, {}, is {}", hop.ttl, hop.ip->to_string(),
                     describe(scope_of(*hop.ip)));
}

std::vector<std::string> outside_lines(const facts& s) {
  if (s.seen.stun.empty()) return {std::string(nobody_asked)};
  auto lines = views_of(s);
  for (auto& failure : failures_of(s)) lines.push_back(std::move(failure));
  for (auto& text : {line(s.seen.path), line(s.seen, s.seen.owner), line(s.seen.web)}) {
    if (!text.empty()) lines.push_back(text);
  }
  if (lines.empty()) lines.emplace_back("no external server could be asked");
  return lines;
}

}  // namespace natcheck::judging
