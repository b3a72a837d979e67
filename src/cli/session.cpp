#include "cli/session.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <csignal>
#include <cstdlib>
#include <exception>

#include "cli/exit_codes.hpp"

namespace natcheck::cli {

namespace asio = boost::asio;

namespace {

/// nohup ignores SIGHUP on behalf of the program that it starts.
bool ignored(int signal) {
  struct sigaction current {};
  return ::sigaction(signal, nullptr, &current) == 0 && current.sa_handler == SIG_IGN;
}

}  // namespace

session::session(const common_options& options)
    : signals_(io_, SIGINT, SIGTERM),
      style_(style_of_stdout(options.color)),
      waiting_(io_.get_executor(), can_show_progress() && !options.quiet && !options.json,
               style_.unicode) {
  if (!ignored(SIGHUP)) signals_.add(SIGHUP);
  wait_for_signal();
}

void session::print(std::string_view text) {
  waiting_.end();
  if (output_.write(text) != output::state::good) stop();
}

void session::run_to_end(asio::awaitable<void> work) {
  std::exception_ptr thrown;
  const auto ended = [&](std::exception_ptr exception) {
    thrown = std::move(exception);
    io_.stop();  // the signals and the progress line would keep it running
  };
  asio::co_spawn(io_, std::move(work), asio::bind_cancellation_slot(cancel_.slot(), ended));
  io_.run();
  waiting_.end();
  if (!thrown) return;
  try {
    std::rethrow_exception(thrown);
  } catch (const boost::system::system_error& error) {
    const bool cancelled = stopping_ && error.code() == asio::error::operation_aborted;
    if (!cancelled) throw;
  }
}

void session::wait_for_signal() {
  signals_.async_wait([this](boost::system::error_code error, int number) {
    if (error) return;
    if (interrupts_.ends_with(number, repeated_interrupt::clock::now())) {
      waiting_.end();
      std::_Exit(static_cast<int>(exit_code::interrupted));
    }
    if (signal_ == 0) begin_to_stop(number);
    wait_for_signal();
  });
}

void session::begin_to_stop(int number) {
  signal_ = number;
  waiting_.end();
  if (!when_stopping_.empty()) waiting_.begin(when_stopping_);
  stop();
}

void session::stop() {
  stopping_ = true;
  // Posted: whoever prints may be the very coroutine that this cancels.
  asio::post(io_, [this] { cancel_.emit(asio::cancellation_type::terminal); });
}

}  // namespace natcheck::cli
