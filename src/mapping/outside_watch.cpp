#include "mapping/outside_watch.hpp"

#include <algorithm>

#include "outside/servers.hpp"

namespace natcheck::mappings {
namespace {

using net::asio::awaitable;
using namespace std::chrono_literals;

constexpr auto names_limit = 1s;
constexpr auto survey_limit = 3s;
/// A line may come back with another address, and the router go on naming the old one.
constexpr auto ask_interval = 10min;

bool is_any_answered(const std::vector<stun_evidence>& all) {
  return std::any_of(all.begin(), all.end(), [](const stun_evidence& each) {
    return each.state == service_state::answered;
  });
}

}  // namespace

outside_watch::outside_watch(net::asio::any_io_executor executor, std::vector<std::string> servers,
                             std::function<void()> on_answer)
    : executor_(executor),
      servers_(std::move(servers)),
      on_answer_(std::move(on_answer)),
      moved_(executor) {}

void outside_watch::use_route(const std::optional<route_info>& way) {
  const auto from = way ? std::optional(net::source{way->local, way->interface}) : std::nullopt;
  const bool same = from.has_value() == from_.has_value() &&
                    (!from || (from->local == from_->local && from->interface == from_->interface));
  if (same) return;
  from_ = from;
  own_networks_.clear();
  if (way) own_networks_.push_back({way->local, way->prefix_length});
  ask_again();
}

void outside_watch::ask_again() {
  ++way_;
  known_ = false;
  seen_.clear();
  const bool asks = from_ && !servers_.empty();
  due_ = asks ? net::steady_time::min() : net::steady_time::max();
  moved_.set();
}

awaitable<void> outside_watch::ask() {
  const auto start = std::chrono::steady_clock::now();
  const unsigned way = way_;
  const outside::egress_routes ways{from_, std::nullopt};
  const auto servers = co_await outside::find_servers(servers_, start + names_limit);
  outside::survey_options options;
  options.own_networks = own_networks_;
  auto answers = co_await outside::survey(servers, ways, options, start + survey_limit);
  co_await net::unless_cancelled();
  if (way != way_) co_return;
  due_ = std::chrono::steady_clock::now() + ask_interval;
  // A short outage takes nothing away from what was seen before it.
  if (known_ && !is_any_answered(answers)) co_return;
  seen_ = std::move(answers);
  known_ = true;
  on_answer_();
}

awaitable<void> outside_watch::run() {
  for (;;) {
    co_await net::with_deadline(due_, moved_.wait());
    moved_.reset();
    if (due_ > std::chrono::steady_clock::now()) continue;
    due_ = net::steady_time::max();
    co_await ask();
  }
}

}  // namespace natcheck::mappings
