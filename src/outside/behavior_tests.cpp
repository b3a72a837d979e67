#include "outside/behavior_tests.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <natcheck/causes.hpp>

#include "net/when_all.hpp"
#include "outside/stun_id.hpp"

namespace natcheck::outside {
namespace {

using net::asio::awaitable;

/// A socket that the server has answered, and the NAT has a binding for.
struct bound_port {
  stun_port port;
  binding seen;
};

/// What a test asks at, when each try sends so many packets.
pacing paced(const behavior_bench& bench, pacing usual, int packets) {
  return bench.slowly ? usual.slowed(packets) : usual;
}

/// Empty, with the reason in `open`, when it cannot be opened or no one answers.
template <class Test>
awaitable<std::optional<bound_port>> bind_port(behavior_bench& bench, Test& open) {
  auto port = stun_port::open(co_await net::asio::this_coro::executor, bench.from);
  if (!port) {
    open.doubt = port.error().detail;
    co_return std::nullopt;
  }
  const pacing pace = paced(bench, pacing(bench.server.rtt), 1);
  const auto seen = co_await find_binding(*port, bench.server.primary, pace);
  if (!seen) {
    open.doubt = cause_code::server_stopped_answering;
    open.starved = true;
    co_return std::nullopt;
  }
  bench.sockets.push_back({port->local(), seen->mapped});
  co_return bound_port{std::move(*port), *seen};
}

/// The slower of the round trips that were measured decides how long silence must last.
pacing pace_of(const behavior_bench& bench, const bound_port& bound, int packets) {
  return paced(bench, pacing(std::max(bench.server.rtt, bound.seen.rtt)), packets);
}

/// Silence means something where enough ordinary questions were answered, and most of them: a
/// router that lets few packets pass may let those pass and not the others.
bool is_telling(int controls, int tries) {
  return controls >= pacing::enough_controls && 2 * controls >= tries;
}

/// Asks to be answered from elsewhere, again and again, each time with an ordinary question beside
/// it that shows whether the server is there.
class change_probe {
 public:
  change_probe(const behavior_server& server, stun::change from_where, bound_port& bound,
               pacing pace)
      : server_(server), from_where_(from_where), port_(bound.port), pace_(pace) {}

  awaitable<change_test> run();

 private:
  endpoint expected() const;
  awaitable<bool> listen(net::steady_time until);
  bool decides(const stun_port::answer& heard);
  bool decide(change_result result, cause doubt);

  const behavior_server& server_;
  stun::change from_where_;
  stun_port& port_;
  pacing pace_;
  std::vector<std::size_t> asked_elsewhere_;
  int controls_ = 0;
  change_test end_;
};

endpoint change_probe::expected() const {
  if (from_where_ == stun::change::port) return {server_.primary.ip, server_.other.port};
  return server_.other;
}

bool change_probe::decide(change_result result, cause doubt) {
  end_ = {result, std::move(doubt)};
  return true;
}

/// True when the answer ends the test.
bool change_probe::decides(const stun_port::answer& heard) {
  const bool elsewhere = std::find(asked_elsewhere_.begin(), asked_elsewhere_.end(),
                                   heard.question) != asked_elsewhere_.end();
  if (!elsewhere) {
    controls_ += heard.said.success && heard.from == server_.primary ? 1 : 0;
    return false;
  }
  if (!heard.said.success) {
    return decide(change_result::untested,
                  {cause_code::second_address_refused, heard.said.error.value_or(0)});
  }
  if (heard.from == expected()) return decide(change_result::answered, {});
  return decide(change_result::untested,
                {cause_code::answered_from_elsewhere, expected(), heard.from});
}

awaitable<bool> change_probe::listen(net::steady_time until) {
  for (;;) {
    const auto heard = co_await port_.next_answer(until);
    if (!heard) co_return false;
    if (decides(*heard)) co_return true;
  }
}

awaitable<change_test> change_probe::run() {
  int i = 1;
  for (;; ++i) {
    asked_elsewhere_.push_back(port_.ask(server_.primary, from_where_));
    port_.ask(server_.primary);
    const bool last = pacing::is_last(i, controls_);
    const bool decided = co_await listen(after(last ? pace_.last_wait : pace_.open_filter_again));
    if (decided) co_return end_;
    if (last) break;
  }
  const bool alive = is_telling(controls_, i);
  decide(alive ? change_result::silent : change_result::untested,
         alive ? cause() : cause_code::silence_means_nothing);
  end_.starved = !alive;
  co_return end_;
}

/// Two sockets that knock at each other's mapped endpoint.
class hairpin_probe {
 public:
  hairpin_probe(const behavior_server& server, bound_port& a, bound_port& b, pacing pace)
      : server_(server), a_(a), b_(b), pace_(pace), open_filter_(id_as_request()) {}

  awaitable<hairpin_test> run();

 private:
  static stun::bytes id_as_request();
  awaitable<void> open_filter();
  awaitable<void> listen(bound_port& at, const bound_port& other);
  void take(bound_port& at, const bound_port& other, const stun_port::datagram& received);

  const behavior_server& server_;
  bound_port& a_;
  bound_port& b_;
  pacing pace_;
  const stun::bytes open_filter_;  ///< no one else knows it
  bool arrived_ = false;
  int controls_ = 0;
  int tries_ = 0;
};

stun::bytes hairpin_probe::id_as_request() {
  stun::binding_request request;
  request.id = new_transaction();
  return stun::encode(request);
}

void hairpin_probe::take(bound_port& at, const bound_port& other,
                         const stun_port::datagram& received) {
  if (received.bytes == open_filter_) {
    if (received.from != other.seen.mapped) {
      // RFC 4787 REQ-9a wants the external source; what counts here is that it was delivered.
      spdlog::debug("hairpin: the source was {}, not {}", to_string(received.from),
                    to_string(other.seen.mapped));
    }
    arrived_ = true;
  } else if (at.port.judge(received)) {
    ++controls_;
  }
}

awaitable<void> hairpin_probe::listen(bound_port& at, const bound_port& other) {
  while (!arrived_) {
    const auto received = co_await at.port.next(net::steady_time::max());
    if (received) take(at, other, *received);
  }
}

awaitable<void> hairpin_probe::open_filter() {
  bool last = false;
  for (int i = 1; !last; ++i) {
    a_.port.send(b_.seen.mapped, open_filter_);
    b_.port.send(a_.seen.mapped, open_filter_);
    a_.port.ask(server_.primary);
    tries_ = i;
    last = pacing::is_last(i, controls_);
    co_await net::wait_until(after(last ? pace_.last_wait : pace_.open_filter_again));
  }
}

awaitable<hairpin_test> hairpin_probe::run() {
  co_await net::when_any(open_filter(), listen(a_, b_), listen(b_, a_));
  hairpin_test end;
  if (arrived_) {
    end.result = tested::yes;
  } else if (is_telling(controls_, tries_)) {
    end.result = tested::no;
  } else {
    end.doubt = cause_code::silence_means_nothing;
    end.starved = true;
  }
  co_return end;
}

}  // namespace

awaitable<bool> answers_anew(behavior_bench& bench) {
  change_test unused;
  const auto bound = co_await bind_port(bench, unused);
  co_return bound.has_value();
}

awaitable<mapping_seen> test_mapping(behavior_bench& bench) {
  mapping_seen seen;
  auto port = stun_port::open(co_await net::asio::this_coro::executor, bench.from);
  if (!port) co_return seen;
  const endpoint& a1 = bench.server.primary;
  const endpoint& a2 = bench.server.other;
  std::vector<endpoint> servers{a1, {a2.ip, a1.port}, a2};
  const pacing pace = paced(bench, pacing(bench.server.rtt), 3);
  const auto answers = co_await find_bindings(*port, std::move(servers), pace);
  const auto mapped = [&](std::size_t which) {
    return answers[which] ? std::optional(answers[which]->mapped) : std::nullopt;
  };
  seen = {port->local(), mapped(0), mapped(1), mapped(2)};
  if (seen.by_primary) bench.sockets.push_back({seen.local, *seen.by_primary});
  co_return seen;
}

awaitable<change_test> test_filtering(behavior_bench& bench, stun::change from_where) {
  change_test open;
  auto bound = co_await bind_port(bench, open);
  if (!bound) co_return open;
  change_probe probe(bench.server, from_where, *bound, pace_of(bench, *bound, 2));
  co_return co_await probe.run();
}

awaitable<hairpin_test> test_hairpin(behavior_bench& bench) {
  hairpin_test open;
  std::optional<bound_port> a, b;
  co_await net::when_all(net::store(a, bind_port(bench, open)),
                         net::store(b, bind_port(bench, open)));
  if (!a || !b) co_return open;
  if (a->seen.mapped == a->port.local() && b->seen.mapped == b->port.local()) {
    open.doubt = cause_code::no_nat;
    co_return open;
  }
  for (const bound_port* each : {&*a, &*b}) {
    const address& mapped = each->seen.mapped.ip;
    if (is_credible_mapped(mapped, bench.server.primary.ip)) continue;
    open.doubt = {cause_code::seen_as_not_public, mapped};
    co_return open;
  }
  hairpin_probe probe(bench.server, *a, *b, pace_of(bench, *a, 3));
  co_return co_await probe.run();
}

}  // namespace natcheck::outside
