// One command's run: its event loop, the signals that end it, and what it shows meanwhile.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <natcheck/error.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "cli/options.hpp"
#include "cli/output.hpp"
#include "cli/repeated_interrupt.hpp"
#include "cli/terminal.hpp"

namespace natcheck::cli {

class session {
 public:
  explicit session(const common_options& options);

  /// Runs `work` to its end. SIGINT, SIGTERM and SIGHUP cancel it; after that only a second,
  /// deliberate SIGINT counts, and ends the program at once. Empty when it was cancelled before it
  /// had a result. Rethrows what it throws.
  template <class T>
  std::optional<T> run(boost::asio::awaitable<T> work) {
    std::optional<T> value;
    run_to_end(keep(std::move(work), value));
    return value;
  }

  /// Writes to stdout. A command that no one listens to any more is cancelled.
  void print(std::string_view text);

  boost::asio::any_io_executor executor() { return io_.get_executor(); }
  const text_style& style() const { return style_; }
  progress& waiting() { return waiting_; }
  /// What is waited for after a signal; nothing is shown when it is empty.
  void when_stopping(std::string what) { when_stopping_ = std::move(what); }

  /// Whether it was cancelled, by a signal or because its output is not read any more.
  bool stopped() const { return stopping_; }
  /// The signal that ended it, or 0.
  int signal() const { return signal_; }
  /// Whether the result was lost on its egress route, for a reason other than a reader that left.
  bool output_failed() const { return output_.now() == output::state::failed; }

 private:
  template <class T>
  static boost::asio::awaitable<void> keep(boost::asio::awaitable<T> work, std::optional<T>& into) {
    into.emplace(co_await std::move(work));
  }

  void run_to_end(boost::asio::awaitable<void> work);
  void wait_for_signal();
  void begin_to_stop(int number);
  void stop();

  boost::asio::io_context io_{1};
  boost::asio::signal_set signals_;
  boost::asio::cancellation_signal cancel_;
  text_style style_;
  progress waiting_;
  output output_;
  std::string when_stopping_;
  repeated_interrupt interrupts_;
  int signal_ = 0;
  bool stopping_ = false;
};

}  // namespace natcheck::cli
