// serve() on the loop of a test, with everything that it reported.
#pragma once

#include <boost/asio/cancellation_signal.hpp>
#include <functional>
#include <memory>
#include <natcheck/serve.hpp>
#include <optional>
#include <stdexcept>
#include <vector>

#include "support/loop.hpp"

namespace natcheck::support {

class running_server {
 public:
  using ending = std::optional<result<events::stopped>>;

  /// Begins to serve, on a port of the kernel's choice where `options` name none.
  running_server(loop& on, serve_options options);

  /// Where it listens; waits until it does.
  endpoint ipv4();
  endpoint ipv6();
  /// What it ended with; waits until it does, and throws what it throws.
  result<events::stopped> wait();
  bool ended() const { return state_->end.has_value() || state_->fault; }
  /// Cancels it, as SIGINT does, and waits.
  events::stopped stop();

  const std::vector<serve_event>& all() const { return state_->events; }
  template <class Event>
  std::vector<Event> events_of() const {
    std::vector<Event> chosen;
    for (const serve_event& event : all()) {
      if (const auto* one = std::get_if<Event>(&event.what)) chosen.push_back(*one);
    }
    return chosen;
  }
  /// Waits for the `count`th event of a kind.
  template <class Event>
  Event wait_for(std::size_t count = 1) {
    const bool came = loop_.run_until([&] { return events_of<Event>().size() >= count; });
    if (!came) throw std::runtime_error("the event has not come");
    return events_of<Event>()[count - 1];
  }
  /// Called for each event, after it was noted.
  void on_event(std::function<void(const serve_event&)> also) { state_->also = std::move(also); }

 private:
  /// Outlives this object: the coroutine refers to it for as long as it is suspended.
  struct state {
    std::vector<serve_event> events;
    std::function<void(const serve_event&)> also;
    ending end;
    std::exception_ptr fault;
    asio::cancellation_signal cancel;
  };

  endpoint local(bool v6);

  loop& loop_;
  std::shared_ptr<state> state_ = std::make_shared<state>();
};

}  // namespace natcheck::support
