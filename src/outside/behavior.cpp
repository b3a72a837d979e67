#include "outside/behavior.hpp"

#include <algorithm>
#include <natcheck/causes.hpp>

#include "outside/behavior_tests.hpp"

namespace natcheck::outside {
namespace {

using net::asio::awaitable;

constexpr auto out_of_time = cause_code::not_decided_in_time;

/// The tests' results, each with what it is while it was not decided.
struct findings {
  mapping_seen mapping;
  change_test both{change_result::untested, out_of_time};
  change_test port{change_result::untested, out_of_time};
  hairpin_test hairpin{tested::not_tested, out_of_time};
};

/// The result, or what stands there already when the time is over first.
template <class T>
awaitable<void> decide(T& into, awaitable<T> test, net::steady_time deadline) {
  auto end = co_await net::with_deadline(deadline, std::move(test));
  if (end) into = std::move(*end);
}

/// For the router's count of packets to restart.
constexpr std::chrono::milliseconds rest{500};

bool is_starved(const findings& found) {
  return !found.mapping.by_primary || found.both.starved || found.port.starved ||
         found.hairpin.starved;
}

bool is_complete(const mapping_seen& mapping) {
  return mapping.by_primary && mapping.by_other_address && mapping.by_other;
}

/// Some routers let only some ten packets a second pass, and answers stop: the tests that brought
/// nothing for that reason are made again, one after the other and slowly.
awaitable<void> test_slowly(behavior_bench& bench, findings& found, net::steady_time deadline) {
  bench.slowly = true;
  co_await net::wait_until(std::min(after(rest), deadline));
  const auto is_there = co_await net::with_deadline(deadline, answers_anew(bench));
  if (!is_there || !*is_there) co_return;
  if (!is_complete(found.mapping)) co_await decide(found.mapping, test_mapping(bench), deadline);
  if (found.both.starved) {
    co_await decide(found.both, test_filtering(bench, stun::change::address_and_port), deadline);
  }
  const bool open = found.both.result != change_result::answered;
  if (open && found.port.starved) {
    co_await decide(found.port, test_filtering(bench, stun::change::port), deadline);
  }
  if (found.hairpin.starved) co_await decide(found.hairpin, test_hairpin(bench), deadline);
}

}  // namespace

awaitable<nat_evidence> ask_behavior(behavior_server server, net::source from,
                                     net::steady_time deadline) {
  behavior_bench bench{server, std::move(from), {}, false};
  findings found;
  co_await net::when_all(
      decide(found.mapping, test_mapping(bench), deadline),
      decide(found.both, test_filtering(bench, stun::change::address_and_port), deadline),
      decide(found.port, test_filtering(bench, stun::change::port), deadline),
      decide(found.hairpin, test_hairpin(bench), deadline));
  if (is_starved(found)) co_await test_slowly(bench, found, deadline);
  nat_evidence evidence;
  evidence.server = server.name;
  evidence.mapping = mapping_of(found.mapping, evidence.doubts);
  const bool translated =
      std::any_of(bench.sockets.begin(), bench.sockets.end(),
                  [](const seen_socket& each) { return each.local != each.mapped; });
  const change_test both = doubted(found.both, found.mapping);
  evidence.filtering = filtering_of(translated, both, found.port, evidence.doubts);
  evidence.hairpin = hairpin_of(found.hairpin, evidence.mapping, evidence.doubts);
  evidence.port_preservation = port_preservation_of(bench.sockets);
  co_return evidence;
}

}  // namespace natcheck::outside
