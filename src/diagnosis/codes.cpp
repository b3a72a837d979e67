#include <array>
#include <natcheck/diagnosis.hpp>

namespace natcheck {
namespace {

// In the order of verdict_code.
constexpr std::array<std::string_view, 36> verdict_names{
    "direct",
    "single-nat",
    "nat-no-mapping-service",
    "double-nat",
    "cgnat",
    "ds-lite",
    "public-address-mismatch",
    "vpn-egress",
    "gateway-wan-down",
    "no-internet",
    "captive-portal",
    "ipv6-only",
    "offline",
    "inconclusive",
    "reachable",
    "reachable-direct",
    "reachable-mapped",
    "tested-from-inside",
    "unstable",
    "refused",
    "timed-out",
    "unreachable",
    "unresolved",
    "silent",
    "reset",
    "corrupted",
    "wrong-host-answers",
    "mapping-refused",
    "port-conflict",
    "port-granted-otherwise",
    "mapping-table-full",
    "mapping-not-kept",
    "no-mapping-service",
    "not-listening",
    "host-firewall",
    "return-path-broken",
};

constexpr std::array<std::string_view, 3> confidence_names{"confirmed", "likely", "unconfirmed"};

}  // namespace

std::string_view to_string(verdict_code value) {
  return verdict_names.at(static_cast<std::size_t>(value));
}

std::string_view to_string(confidence value) {
  return confidence_names.at(static_cast<std::size_t>(value));
}

}  // namespace natcheck
