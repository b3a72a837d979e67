#include "diagnosis/findings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "diagnosis/evidence_lines.hpp"
#include "diagnosis/rules.hpp"

namespace natcheck::judging {
namespace {

using found = std::optional<finding>;

found disagreement(const situation& s) {
  const auto local = s.local();
  const bool with_host =
      local && is_public(*local) &&
      std::any_of(s.claims.begin(), s.claims.end(), [&](const claim& c) { return c.ip != *local; });
  if (!differ(s.claims) && !with_host) return std::nullopt;
  std::string summary = "Not everybody names the same outside address:";
  if (with_host) summary += fmt::format(" this machine has {},", local->to_string());
  for (const auto& c : s.claims) summary += fmt::format(" {} says {},", c.name, c.ip.to_string());
  summary.back() = '.';
  return finding{std::string(sources_disagree), summary,
                 "compare with the Internet (WAN) address in the router's menu; a router with two "
                 "Internet connections may be right twice"};
}

found empty_address(const situation& s) {
  if (!s.seen.gateway || !hides_address(s.seen.gateway->upnp)) return std::nullopt;
  return finding{std::string(upnp_empty_address),
                 "UPnP says that the router is connected, but not with which address.",
                 "the router may have turned its port service off because its outside address is "
                 "private: see its log"};
}

found wrong_device(const situation& s) {
  if (!s.seen.gateway || s.seen.gateway->upnp.other_responders.empty()) return std::nullopt;
  std::string names;
  for (const auto& ip : s.seen.gateway->upnp.other_responders) {
    names += (names.empty() ? "" : ", ") + ip.to_string();
  }
  return finding{std::string(upnp_wrong_device),
                 fmt::format("Another device offers to open ports and was not used: {}; the way to "
                             "the Internet is by {}.",
                             names, s.router()),
                 "if it is a second router: a port opened on it does not lead here"};
}

found several_routes(const situation& s) {
  if (!s.seen.host.ipv4) return std::nullopt;
  const auto& used = s.seen.host.ipv4->interface;
  const auto others = default_routes(s.seen.host, used);
  if (others.empty()) return std::nullopt;
  return finding{std::string(several_default_routes),
                 fmt::format("There are several ways to the Internet; {} is used, {} is not.", used,
                             fmt::join(others, ", ")),
                 "to ask the other router: natcheck discover --interface " + others.front()};
}

}  // namespace

std::vector<finding> findings_of(const situation& s) {
  std::vector<finding> all;
  for (const auto look : {disagreement, empty_address, wrong_device, several_routes}) {
    if (auto one = look(s)) all.push_back(*std::move(one));
  }
  return all;
}

}  // namespace natcheck::judging
