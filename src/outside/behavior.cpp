#include "outside/behavior.hpp"

#include <algorithm>

#include "outside/behavior_tests.hpp"

namespace natcheck::outside {
namespace {

using net::asio::awaitable;

constexpr const char* out_of_time = "the time limit ended before this was decided";

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
  auto end = co_await net::before(deadline, std::move(test));
  if (end) into = std::move(*end);
}

}  // namespace

awaitable<nat_evidence> ask_behavior(behavior_server server, net::source from,
                                     net::steady_time deadline) {
  behavior_bench bench{server, std::move(from), {}};
  findings found;
  co_await net::side_by_side(
      decide(found.mapping, test_mapping(bench), deadline),
      decide(found.both, test_filtering(bench, stun::change::address_and_port), deadline),
      decide(found.port, test_filtering(bench, stun::change::port), deadline),
      decide(found.hairpin, test_hairpin(bench), deadline));
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
