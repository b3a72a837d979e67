// What stdout and stderr can show, and the line that says what is being waited for.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <natcheck/report.hpp>
#include <string>
#include <string_view>

#include "cli/options.hpp"

namespace natcheck::cli {

/// The environment, as far as output depends on it. Empty: not set.
struct environment {
  std::string no_color, term, lc_all, lc_ctype, lang;
};

environment read_environment();

/// https://no-color.org: NO_COLOR counts when it is not empty. `always` overrides everything.
bool use_color(color_choice choice, bool is_terminal, const environment& variables);

/// Whether the locale's encoding is UTF-8 by the environment's word: LC_ALL before LC_CTYPE before
/// LANG. For locales that this machine does not have installed, as after ssh from another one.
bool names_utf8(const environment& variables);

/// The style for text on stdout.
text_style style_of_stdout(color_choice choice);

/// Whether stderr is a terminal on which a line can be erased again.
bool can_show_progress();
/// The same of stdout, and several lines.
bool can_redraw_stdout();

/// How wide the terminal is just now; 80 where it does not say.
unsigned columns_of_stdout();

/// "asking 192.168.1.1 … 1 s"
std::string progress_line(std::string_view what, std::chrono::seconds waited, bool unicode);

/// A line on stderr for waits longer than half a second, erased when the wait is over.
class progress {
 public:
  /// Shows nothing at all when it is not `enabled`.
  progress(const boost::asio::any_io_executor& executor, bool enabled, bool unicode);

  /// Begins to wait for `what`; ends the wait before.
  void begin(std::string what);
  /// Goes on waiting, for something else; the time goes on as well.
  void change(std::string what);
  void end();

 private:
  void tick(std::chrono::steady_clock::duration delay);
  void show();

  boost::asio::steady_timer timer_;
  bool enabled_;
  bool unicode_;
  bool shown_ = false;
  std::string what_;
  std::chrono::steady_clock::time_point begun_;
};

}  // namespace natcheck::cli
