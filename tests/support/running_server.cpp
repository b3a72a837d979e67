#include "support/running_server.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>

namespace natcheck::support {

running_server::running_server(loop& on, serve_options options) : loop_(on) {
  if (options.port == serve_options{}.port) options.port = 0;
  const auto observer = [shared = state_](const serve_event& event) {
    shared->events.push_back(event);
    if (shared->also) shared->also(event);
  };
  const auto ended = [shared = state_](std::exception_ptr fault, result<events::stopped> how) {
    shared->fault = std::move(fault);
    shared->end = std::move(how);
  };
  asio::co_spawn(loop_.context(), serve(std::move(options), observer),
                 asio::bind_cancellation_slot(state_->cancel.slot(), ended));
}

endpoint running_server::local(bool v6) {
  const auto mine = [&](const events::listening& e) { return e.local.ip.is_v6() == v6; };
  std::optional<endpoint> found;
  loop_.run_until([&] {
    for (const auto& event : events_of<events::listening>()) {
      if (mine(event)) found = event.local;
    }
    return found || ended();
  });
  if (!found) throw std::runtime_error("the server does not listen");
  const char* ip = v6 ? "::1" : "127.0.0.1";
  return {asio::ip::make_address(ip), found->port};
}

endpoint running_server::ipv4() { return local(false); }
endpoint running_server::ipv6() { return local(true); }

result<events::stopped> running_server::wait() {
  if (!loop_.run_until([&] { return ended(); })) throw std::runtime_error("the server goes on");
  if (state_->fault) std::rethrow_exception(state_->fault);
  return *state_->end;
}

events::stopped running_server::stop() {
  state_->cancel.emit(asio::cancellation_type::terminal);
  loop_.run_until([&] { return ended(); });
  const auto stopped = events_of<events::stopped>();
  if (stopped.size() != 1) throw std::runtime_error("the server did not report that it stopped");
  return stopped.front();
}

}  // namespace natcheck::support
