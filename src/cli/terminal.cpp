#include "cli/terminal.hpp"

#include <fmt/format.h>
#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>

namespace natcheck::cli {
namespace {

using namespace std::chrono_literals;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

bool locale_is_utf8() {
  if (std::setlocale(LC_CTYPE, "") != nullptr) {
    return std::string_view(::nl_langinfo(CODESET)) == "UTF-8";
  }
  return names_utf8(read_environment());
}

bool is_capable_terminal(int descriptor) {
  const std::string term = variable("TERM");
  return ::isatty(descriptor) == 1 && !term.empty() && term != "dumb";
}

/// The terminal's width within reason: very long lines are hard to read.
unsigned width_of_stdout() { return std::clamp<unsigned>(columns_of_stdout(), 40, 100); }

}  // namespace

environment read_environment() {
  return {variable("NO_COLOR"), variable("TERM"), variable("LC_ALL"), variable("LC_CTYPE"),
          variable("LANG")};
}

bool use_color(color_choice choice, bool is_terminal, const environment& variables) {
  if (choice != color_choice::automatic) return choice == color_choice::always;
  const bool capable = !variables.term.empty() && variables.term != "dumb";
  return is_terminal && capable && variables.no_color.empty();
}

bool names_utf8(const environment& variables) {
  std::string locale = variables.lang;
  if (!variables.lc_ctype.empty()) locale = variables.lc_ctype;
  if (!variables.lc_all.empty()) locale = variables.lc_all;
  std::ranges::transform(locale, locale.begin(), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  });
  return locale.find(".UTF-8") != std::string::npos || locale.find(".UTF8") != std::string::npos;
}

text_style style_of_stdout(color_choice choice) {
  const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
  return {use_color(choice, is_terminal, read_environment()), locale_is_utf8(), width_of_stdout()};
}

bool can_show_progress() { return is_capable_terminal(STDERR_FILENO); }

unsigned columns_of_stdout() {
  winsize size{};
  const bool known = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col != 0;
  return known ? size.ws_col : 80;
}

bool can_redraw_stdout() { return is_capable_terminal(STDOUT_FILENO); }

std::string progress_line(std::string_view what, std::chrono::seconds waited, bool unicode) {
  const std::string_view dots = unicode ? "…" : "...";
  if (waited < 1s) return fmt::format("{} {}", what, dots);
  return fmt::format("{} {} {} s", what, dots, waited.count());
}

progress::progress(const boost::asio::any_io_executor& executor, bool enabled, bool unicode)
    : timer_(executor), enabled_(enabled), unicode_(unicode) {}

void progress::begin(std::string what) {
  end();
  if (!enabled_) return;
  what_ = std::move(what);
  begun_ = std::chrono::steady_clock::now();
  tick(500ms);
}

void progress::change(std::string what) {
  if (what_.empty()) return begin(std::move(what));
  what_ = std::move(what);
  if (shown_) show();
}

void progress::end() {
  timer_.cancel();
  if (shown_) fmt::print(stderr, "\r\x1b[K");
  shown_ = false;
  what_.clear();
}

void progress::tick(std::chrono::steady_clock::duration delay) {
  timer_.expires_after(delay);
  timer_.async_wait([this](boost::system::error_code error) {
    if (error || what_.empty()) return;
    show();
    tick(500ms);
  });
}

void progress::show() {
  const auto waited =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - begun_);
  fmt::print(stderr, "\r{}\x1b[K", progress_line(what_, waited, unicode_));
  shown_ = true;
}

}  // namespace natcheck::cli
