// What is odd about a mapping that was granted.
#include <fmt/format.h>

#include <array>
#include <natcheck/diagnosis.hpp>

#include "core/text.hpp"
#include "diagnosis/findings.hpp"

namespace natcheck {
namespace {

/// Below this, what is asked for once a second at most cannot be renewed in good time.
constexpr std::chrono::seconds shortest_good_lease{5};

using found = std::optional<finding>;

found unusable_address(const mapping& granted) {
  if (granted.doubt.empty()) return std::nullopt;
  return finding{judging::unusable_external_address, to_string(granted.doubt),
                 "natcheck discover shows which address the Internet sees"};
}

found switched_off(const mapping& granted) {
  if (!granted.switched_off) return std::nullopt;
  return finding{
      judging::mapping_switched_off,
      fmt::format(
          "The router has disabled the mapping of port {}, so no one can connect through it.",
          granted.external_port),
      "enable it on the router's port forwarding page, or try another protocol with --via"};
}

found leads_elsewhere(const mapping& granted) {
  if (granted.shown_to.empty()) return std::nullopt;
  return finding{
      judging::mapping_leads_elsewhere,
      fmt::format("The router lists external port {} as leading to \"{}\" instead of {}, so "
                  "connections may not reach this machine.",
                  granted.external_port, escape_bytes(granted.shown_to),
                  to_string(granted.internal)),
      "test the port from outside; if it fails, correct the entry on the router's port "
      "forwarding page, or try another protocol with --via"};
}

found short_lease(const mapping& granted) {
  const bool is_short = granted.lifetime.count() > 0 && granted.lifetime < shortest_good_lease &&
                        granted.lifetime < granted.asked_lifetime;
  if (!is_short) return std::nullopt;
  return finding{
      judging::short_lease,
      fmt::format("The router opens the port for only {} s at a time; natcheck renews it at most "
                  "once a second, so it may close briefly in between.",
                  granted.lifetime.count()),
      "look for the lease time in the router's UPnP or NAT-PMP settings, or try another protocol "
      "with --via"};
}

constexpr std::array mapping_findings{unusable_address, switched_off, leads_elsewhere, short_lease};

}  // namespace

std::vector<finding> diagnose(const mapping& granted) {
  return judging::all_found(mapping_findings, granted);
}

}  // namespace natcheck
