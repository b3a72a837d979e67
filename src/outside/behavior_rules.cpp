#include "outside/behavior_rules.hpp"

#include <algorithm>
#include <natcheck/causes.hpp>

#include "outside/survey.hpp"

namespace natcheck::outside {
namespace {

/// Why the tests cannot be made with this server; empty when they can.
cause objection(const stun_evidence& seen) {
  if (!seen.other_address) return {cause_code::no_second_address, seen.server};
  if (is_credible_other(*seen.address, *seen.other_address)) return {};
  return {cause_code::unusable_second_address, seen.server, *seen.other_address};
}

cause untested_mapping(cause_code why) { return {cause_code::mapping_untested, cause(why)}; }

}  // namespace

std::optional<behavior_server> choose_server(const std::vector<stun_evidence>& seen,
                                             std::vector<cause>& doubts) {
  const stun_evidence* best = nullptr;
  std::vector<cause> objections;
  for (const stun_evidence& each : seen) {
    const bool usable = each.state == service_state::answered && each.family == 4 &&
                        each.protocol == transport::udp && each.address;
    if (!usable) continue;
    cause wrong = objection(each);
    if (!wrong.empty()) {
      objections.push_back(std::move(wrong));
    } else if (best == nullptr ||
               each.rtt.value_or(millis::max()) < best->rtt.value_or(millis::max())) {
      best = &each;
    }
  }
  if (best != nullptr) {
    return behavior_server{best->server, *best->address, *best->other_address,
                           best->rtt.value_or(millis{0})};
  }
  if (objections.empty()) objections.emplace_back(cause_code::no_stun_over_udp);
  doubts.insert(doubts.end(), objections.begin(), objections.end());
  return std::nullopt;
}

bool is_credible_mapped(const address& mapped, const address& server) {
  if (is_public(mapped)) return true;
  return !is_public(server) && scope_of(mapped) == scope_of(server) &&
         mapped != boost::asio::ip::address_v4::loopback();
}

nat_behavior mapping_of(const mapping_seen& seen, std::vector<cause>& doubts) {
  const auto& first = seen.by_primary;
  const auto& second = seen.by_other_address;
  const auto& third = seen.by_other;
  if (!first) {
    doubts.push_back(untested_mapping(cause_code::server_too_slow));
    return nat_behavior::not_tested;
  }
  if (*first == seen.local) return nat_behavior::none;
  if (second == first && (!third || third == first)) return nat_behavior::endpoint_independent;
  if (second && third && second != first) {
    return second == third ? nat_behavior::address_dependent
                           : nat_behavior::address_and_port_dependent;
  }
  doubts.push_back(untested_mapping(second && third ? cause_code::mapped_addresses_contradict
                                                    : cause_code::second_address_silent));
  return nat_behavior::not_tested;
}

change_test doubted(change_test both, const mapping_seen& seen) {
  const bool second_is_there = seen.by_other_address || seen.by_other;
  if (both.result != change_result::silent || second_is_there) return both;
  return {change_result::untested, cause_code::second_address_silent};
}

tested hairpin_of(hairpin_test test, nat_behavior mapping, std::vector<cause>& doubts) {
  const bool one_port_for_all = mapping == nat_behavior::endpoint_independent;
  if (test.result == tested::no && !one_port_for_all) {
    test = {tested::not_tested, cause_code::port_may_depend_on_destination};
  }
  if (test.result == tested::not_tested)
    doubts.emplace_back(cause_code::hairpin_untested, test.doubt);
  return test.result;
}

nat_behavior filtering_of(bool translated, const change_test& both, const change_test& port,
                          std::vector<cause>& doubts) {
  if (both.result == change_result::answered) {
    return translated ? nat_behavior::endpoint_independent : nat_behavior::none;
  }
  const change_test& open = both.result == change_result::untested ? both : port;
  if (open.result == change_result::untested) {
    doubts.emplace_back(cause_code::filtering_untested, open.doubt);
    return nat_behavior::not_tested;
  }
  return port.result == change_result::answered ? nat_behavior::address_dependent
                                                : nat_behavior::address_and_port_dependent;
}

tested port_preservation_of(const std::vector<seen_socket>& sockets) {
  tested kept = tested::not_tested;
  for (const seen_socket& each : sockets) {
    if (each.local == each.mapped) continue;
    if (each.local.port != each.mapped.port) return tested::no;
    kept = tested::yes;
  }
  return kept;
}

}  // namespace natcheck::outside
