#include "cli/discover_screen.hpp"

#include <algorithm>
#include <natcheck/report.hpp>

namespace natcheck::cli {
namespace {

/// A log on the same terminal would be written into the block.
bool can_show_live(const discover_command& command) {
  const common_options& common = command.common;
  return !common.json && !common.quiet && common.verbosity == 0 && !command.redact &&
         can_redraw_stdout();
}

}  // namespace

discover_screen::discover_screen(session& here, const discover_command& command)
    : here_(here),
      live_(can_show_live(command)),
      block_(
          here.executor(), [this](unsigned width) { return rendered(width); },
          [this](std::string_view text) { here_.print(text); }) {}

discover_screen::~discover_screen() { block_.end(); }

std::function<void(const discover_evidence&)> discover_screen::observer() {
  if (!live_) return {};
  return [this](const discover_evidence& so_far) {
    auto judged = diagnose(so_far);
    const auto& before = so_far_.judged.external;
    const bool same = before.has_value() == judged.external.has_value() &&
                      (!before || before->sources == judged.external->sources);
    if (shown_ && same) return;
    shown_ = true;
    so_far_.evidence = so_far;
    so_far_.judged = std::move(judged);
    block_.begin();
    block_.above("");
  };
}

void discover_screen::wait_for(const std::string& what) {
  waiting_for_ = what;
  if (!live_) here_.waiting().change(what);
}

std::string discover_screen::rendered(unsigned width) const {
  text_style style = here_.style();
  style.width = std::min(style.width, width);
  style.color = false;  // the block counts columns
  const auto waited =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - start_);
  return addresses_text(so_far_, style) + progress_line(waiting_for_, waited, style.unicode) + "\n";
}

void discover_screen::print(std::string_view report) {
  block_.end();
  here_.print(report);
}

}  // namespace natcheck::cli
