#include "report/names.hpp"

#include <array>

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

template <class Enumerator, std::size_t Size>
std::string_view pick(const std::array<std::string_view, Size>& names, Enumerator value) {
  return names.at(static_cast<std::size_t>(value));
}

}  // namespace

std::string_view name_of(service_state value) { return pick(states, value); }
std::string_view name_of(interface_kind value) { return pick(kinds, value); }
std::string_view name_of(probe_result value) { return pick(results, value); }

std::string_view name_of(mapping_protocol value) {
  return value == mapping_protocol::nat_pmp ? "nat-pmp" : "upnp";
}

std::string_view name_of(transport value) { return value == transport::tcp ? "tcp" : "udp"; }

std::string_view name_of(dialect value) {
  return value == dialect::natcheck ? "natcheck" : "plain";
}

std::string_view words_for(mapping_protocol value) {
  return value == mapping_protocol::nat_pmp ? "NAT-PMP" : "UPnP";
}

std::string_view words_for(transport value) { return value == transport::tcp ? "TCP" : "UDP"; }

std::string_view words_for(probe_result value) { return pick(result_words, value); }

}  // namespace natcheck::report
