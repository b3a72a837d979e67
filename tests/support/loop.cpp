#include "support/loop.hpp"

#include <stdexcept>

namespace natcheck::support {

bool loop::run_until(const std::function<bool()>& done, milliseconds limit) {
  const auto deadline = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    io_.restart();
    // Out of work counts as a step: then nothing will ever happen any more.
    if (io_.run_one_until(deadline) == 0 && !done()) return false;
  }
  return true;
}

void loop::finish(asio::awaitable<void> work, milliseconds limit) {
  struct ending {
    bool ended = false;
    std::exception_ptr fault;
  };
  const auto state = std::make_shared<ending>();
  asio::co_spawn(io_, std::move(work), [state](std::exception_ptr fault) {
    *state = {true, std::move(fault)};
  });
  if (!run_until([&] { return state->ended; }, limit)) throw_not_ended();
  if (state->fault) std::rethrow_exception(state->fault);
}

void loop::throw_not_ended() {
  throw std::runtime_error("a coroutine has not ended within its limit");
}

}  // namespace natcheck::support
