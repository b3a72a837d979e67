// What is odd about a mapping that was granted.
#include <fmt/format.h>

#include <natcheck/diagnosis.hpp>

#include "diagnosis/findings.hpp"

namespace natcheck {
namespace {

/// Below this, what is asked for once a second at most cannot be renewed in good time.
constexpr std::chrono::seconds shortest_good_lease{5};

finding switched_off(const mapping& granted) {
  return {
      std::string(judging::mapping_switched_off),
      fmt::format("The router keeps the mapping of port {} switched off, so nobody gets in by it.",
                  granted.external_port),
      "switch it on in the port forwarding page of the router, or try another protocol with --via"};
}

}  // namespace

std::vector<finding> findings_of(const mapping& granted) {
  std::vector<finding> all;
  if (!granted.doubt.empty()) {
    all.push_back({std::string(judging::unusable_external_address), granted.doubt,
                   "natcheck discover tells which address the Internet sees"});
  }
  if (granted.switched_off) all.push_back(switched_off(granted));
  const bool is_short = granted.lifetime.count() > 0 && granted.lifetime < shortest_good_lease &&
                        granted.lifetime < granted.asked_lifetime;
  if (!is_short) return all;
  all.push_back(
      {std::string(judging::short_lease),
       fmt::format("The router opens the port for {} s at a time; natcheck asks for it once a "
                   "second at most, so it may be closed for moments in between.",
                   granted.lifetime.count()),
       "look for the lease time in the router's UPnP or NAT-PMP settings, or try another "
       "protocol with --via"});
  return all;
}

}  // namespace natcheck
