#include "outside/lifetime.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <natcheck/causes.hpp>

#include "net/event.hpp"
#include "net/when_all.hpp"
#include "outside/stun_port.hpp"

namespace natcheck::outside {
namespace {

using net::asio::awaitable;
using std::chrono::milliseconds;

/// Bindings are made one after the other, not all in one burst that a router may take for a flood.
constexpr milliseconds stagger{20};

/// What came of asking for an answer to another port of ours.
enum class delivery {
  arrived,
  lost,         ///< while ordinary questions were answered
  unsupported,  ///< the server does not send to another port
  unknown,      ///< the server was not there, or the NAT gave the asking port another address
};

std::string in_words(milliseconds idle) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(idle);
  return seconds.count() > 0 ? fmt::format("{} s", seconds.count())
                             : fmt::format("{} ms", idle.count());
}

/// Asks, from a port of its own, for an answer to the mapped port of `idle` (RFC 5780 section 4.6).
class delivery_test {
 public:
  delivery_test(const behavior_server& server, stun_port& idle, endpoint mapped, stun_port& asking)
      : server_(server),
        idle_(idle),
        mapped_(std::move(mapped)),
        asking_(asking),
        pace_(server.rtt) {}

  awaitable<delivery> run();

 private:
  awaitable<void> ask();
  awaitable<void> listen_idle();
  awaitable<void> listen_asking();

  const behavior_server& server_;
  stun_port& idle_;
  endpoint mapped_;
  stun_port& asking_;
  pacing pace_;
  std::vector<std::size_t> redirected_;
  int controls_ = 0;
  bool other_address_ = false;
  std::optional<delivery> end_;
};

awaitable<void> delivery_test::listen_idle() {
  for (;;) {
    const auto received = co_await idle_.next(net::steady_time::max());
    if (!received || !asking_.judge(*received)) continue;
    end_ = delivery::arrived;
    co_return;
  }
}

awaitable<void> delivery_test::listen_asking() {
  for (;;) {
    const auto heard = co_await asking_.next_answer(net::steady_time::max());
    if (!heard) continue;
    const bool redirected =
        std::find(redirected_.begin(), redirected_.end(), heard->question) != redirected_.end();
    // Error 420, or an answer to where the question came from: it knows no RESPONSE-PORT.
    if (redirected) {
      end_ = delivery::unsupported;
      co_return;
    }
    if (heard->said.success) {
      ++controls_;
      other_address_ = heard->said.seen_as()->ip != mapped_.ip;
    }
  }
}

awaitable<void> delivery_test::ask() {
  bool last = false;
  for (int i = 1; !last; ++i) {
    redirected_.push_back(asking_.ask(server_.primary, stun::change::none, mapped_.port));
    asking_.ask(server_.primary);
    last = pacing::is_last(i, controls_);
    co_await net::wait_until(after(last ? pace_.last_wait : pace_.open_filter_again));
  }
}

awaitable<delivery> delivery_test::run() {
  co_await net::when_any(ask(), listen_idle(), listen_asking());
  if (end_) co_return *end_;
  const bool sure = controls_ >= pacing::enough_controls && !other_address_;
  co_return sure ? delivery::lost : delivery::unknown;
}

cause unmeasured(cause_code why) { return {cause_code::lifetime_untested, cause(why)}; }

/// The measurement: all bindings at the same time, and when enough is known of them.
class measurement {
 public:
  measurement(behavior_server server, net::source from, idle_times steps,
              std::function<void(std::string_view)> tell, net::asio::any_io_executor executor)
      : server_(std::move(server)),
        from_(std::move(from)),
        steps_(std::move(steps)),
        tell_(std::move(tell)),
        executor_(executor),
        decided_(executor),
        results_(steps_.size()) {}

  awaitable<void> run(std::vector<cause>& doubts);
  lifetime_bounds bounds() const { return bounds_of(steps_, results_); }

 private:
  awaitable<delivery> deliver_after(milliseconds wait, milliseconds idle);
  awaitable<void> measure(std::size_t step);
  void tell(std::size_t step);

  behavior_server server_;
  net::source from_;
  idle_times steps_;
  std::function<void(std::string_view)> tell_;
  net::asio::any_io_executor executor_;
  net::event decided_;  ///< no later step matters
  step_results results_;
};

awaitable<delivery> measurement::deliver_after(milliseconds wait, milliseconds idle) {
  co_await net::wait_for(wait);
  auto bound = stun_port::open(executor_, from_);
  auto asking = stun_port::open(executor_, from_);
  if (!bound || !asking) co_return delivery::unknown;
  const auto seen = co_await find_binding(*bound, server_.primary, pacing(server_.rtt));
  if (!seen) co_return delivery::unknown;
  server_.rtt = std::max(server_.rtt, seen->rtt);  // silence must last for the slowest
  co_await net::wait_for(idle);
  delivery_test test(server_, *bound, seen->mapped, *asking);
  co_return co_await test.run();
}

void measurement::tell(std::size_t step) {
  if (!results_[step] || !tell_) return;
  tell_(fmt::format("UDP binding: {} after {} idle", *results_[step] ? "still alive" : "gone",
                    in_words(steps_[step])));
}

awaitable<void> measurement::measure(std::size_t step) {
  const auto wait = stagger * static_cast<int>(step);
  const delivery end = co_await deliver_after(wait, steps_[step]);
  if (end == delivery::arrived) results_[step] = true;
  if (end == delivery::lost) results_[step] = false;
  tell(step);
  if (bounds().decided) decided_.set();
}

awaitable<void> measurement::run(std::vector<cause>& doubts) {
  // A binding that was used just now lives: what does not arrive then never will.
  const delivery first = co_await deliver_after(milliseconds{0}, milliseconds{0});
  if (first != delivery::arrived) {
    doubts.push_back(unmeasured(first == delivery::unknown ? cause_code::server_stopped_answering
                                                           : cause_code::response_port_ignored));
    co_return;
  }
  net::coroutines works;
  for (std::size_t i = 0; i < steps_.size(); ++i) works.push_back(measure(i));
  co_await net::when_any(net::when_all(std::move(works)), decided_.wait());
}

void add_steps(idle_times& steps, std::chrono::seconds width, std::chrono::seconds end) {
  const auto begin = steps.empty() ? milliseconds{0} : steps.back();
  for (auto next = begin + width; next <= end; next += width) steps.push_back(next);
}

}  // namespace

idle_times lifetime_steps() {
  using std::chrono::seconds;
  idle_times steps;
  add_steps(steps, seconds{5}, seconds{120});
  add_steps(steps, seconds{15}, seconds{300});
  add_steps(steps, seconds{30}, seconds{600});
  return steps;
}

lifetime_bounds bounds_of(const idle_times& steps, const step_results& results) {
  lifetime_bounds bounds;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!results[i]) continue;
    if (*results[i]) {
      bounds = {steps[i], std::nullopt, false};
    } else if (!bounds.gone_after) {
      bounds.gone_after = steps[i];
    } else {
      bounds.decided = true;
      break;
    }
  }
  return bounds;
}

awaitable<lifetime_bounds> find_lifetime(behavior_server server, net::source from, idle_times steps,
                                         std::function<void(std::string_view)> tell,
                                         std::vector<cause>& doubts, net::steady_time deadline) {
  measurement measuring(std::move(server), std::move(from), std::move(steps), std::move(tell),
                        co_await net::asio::this_coro::executor);
  const auto ended = co_await net::with_deadline(deadline, measuring.run(doubts));
  const lifetime_bounds bounds = measuring.bounds();
  if (!ended && !bounds.decided) {
    doubts.push_back(unmeasured(cause_code::binding_outlived_time));
  }
  co_return bounds;
}

awaitable<void> measure_lifetime(behavior_server server, net::source from,
                                 std::function<void(std::string_view)> tell, nat_evidence& into,
                                 net::steady_time deadline) {
  using std::chrono::seconds;
  const lifetime_bounds found = co_await find_lifetime(
      std::move(server), std::move(from), lifetime_steps(), std::move(tell), into.doubts, deadline);
  if (!found.alive_after && !found.gone_after) co_return;
  binding_lifetime lifetime;
  if (found.alive_after)
    lifetime.alive_after = std::chrono::duration_cast<seconds>(*found.alive_after);
  if (found.gone_after)
    lifetime.gone_after = std::chrono::duration_cast<seconds>(*found.gone_after);
  into.lifetime = lifetime;
}

}  // namespace natcheck::outside
