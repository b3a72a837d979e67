#include "report/names.hpp"

#include <fmt/format.h>

#include <array>

#include "core/gateway_services.hpp"

namespace natcheck::report {
namespace {

// Each in the order of its enumeration.
constexpr std::array<std::string_view, 5> states{"answered", "refused", "silent", "malformed",
                                                 "not-tried"};
constexpr std::array<std::string_view, 6> kinds{"ethernet", "wifi",     "tunnel",
                                                "bridge",   "loopback", "other"};
constexpr std::array<std::string_view, 10> results{
    "reached", "reached-plain", "refused", "timed-out", "unreachable",
    "silent",  "other-service", "reset",   "corrupted", "unresolved"};
constexpr std::array<std::string_view, 10> result_words{
    "reached", "reached, plain greeting",  "refused",           "timed out",    "unreachable",
    "silent",  "another service answered", "connection broken", "echo altered", "not resolved"};
constexpr std::array<std::string_view, 3> dialects{"natcheck", "plain", "http"};
constexpr std::array<std::string_view, 5> behaviors{"not-tested", "none", "endpoint-independent",
                                                    "address-dependent",
                                                    "address-and-port-dependent"};
constexpr std::array<std::string_view, 3> tests{"not-tested", "no", "yes"};
constexpr std::array<std::string_view, 4> web_results{"not-tried", "expected", "intercepted",
                                                      "failed"};

constexpr std::array<std::string_view, 7> visitor_locations{
    "outside", "perhaps-outside", "same-machine", "nearby", "same-network", "not-public", "router"};

template <class Enumerator, std::size_t Size>
std::string_view pick(const std::array<std::string_view, Size>& names, Enumerator value) {
  return names.at(static_cast<std::size_t>(value));
}

}  // namespace

std::string_view name_of(service_state value) { return pick(states, value); }
std::string_view name_of(interface_kind value) { return pick(kinds, value); }
std::string_view name_of(probe_result value) { return pick(results, value); }

std::string_view name_of(mapping_protocol value) { return row_of(value).key; }
std::string_view name_of(nat_behavior value) { return pick(behaviors, value); }
std::string_view name_of(tested value) { return pick(tests, value); }
std::string_view name_of(web_result value) { return pick(web_results, value); }

std::string_view name_of(visitor_location value) { return pick(visitor_locations, value); }

std::string_view name_of(transport value) { return value == transport::tcp ? "tcp" : "udp"; }

std::string_view name_of(dialect value) { return pick(dialects, value); }

std::string_view words_for(mapping_protocol value) { return row_of(value).name; }

std::string_view words_for(transport value) { return value == transport::tcp ? "TCP" : "UDP"; }

std::string_view words_for(probe_result value) { return pick(result_words, value); }

std::string words_for(std::chrono::seconds value) {
  const auto s = value.count();
  if (s < 120) return fmt::format("{} s", s);
  if (s < 2 * 3600) return fmt::format("{} min", s / 60);
  return fmt::format("{} h", s / 3600);
}

std::optional<std::string> page_at(transport protocol, const endpoint& external) {
  if (protocol != transport::tcp) return std::nullopt;
  return fmt::format("http://{}/", to_string(external));
}

std::string outside_of(const mapping& entry) {
  if (!entry.external_address) return fmt::format("port {} of the router", entry.external_port);
  return to_string(endpoint{*entry.external_address, entry.external_port});
}

std::string advice_for(const events::watching& event) {
  if (event.able || !event.forbidden) return {};
  return "sudo setcap cap_net_raw+ep \"$(command -v natcheck)\", or run it with sudo";
}

}  // namespace natcheck::report
