#include "cli/serve_screen.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <natcheck/report.hpp>

#include "report/names.hpp"
#include "report/qr.hpp"

namespace natcheck::cli {
namespace {

template <class... Events>
bool is_one_of(const serve_event& event) {
  return (std::holds_alternative<Events>(event.what) || ...);
}

bool goes_wrong(const serve_event& event) {
  if (const auto* left = std::get_if<events::stale_mapping>(&event.what)) return !left->removed;
  if (const auto* closed = std::get_if<events::unmapped>(&event.what)) return !closed->removed;
  if (const auto* tested = std::get_if<events::self_tested>(&event.what)) {
    return tested->judged.main.code != verdict_code::inconclusive;
  }
  return is_one_of<events::map_failed, events::mapping_lost, events::renewal_failed,
                   events::blocked, events::redirected>(event);
}

/// The page to be shown as a QR code: on IPv4, where every phone gets.
std::optional<std::string> page_of(const serve_event& event) {
  if (const auto* direct = std::get_if<events::map_not_needed>(&event.what)) {
    return report::page_at(direct->protocol, direct->external);
  }
  const auto* seen = std::get_if<events::external_address>(&event.what);
  const bool leads_here = seen != nullptr && seen->external && seen->evidence.mapped;
  return leads_here ? report::page_at(seen->protocol, *seen->external) : std::nullopt;
}

/// A log on the same terminal would be written into the block.
bool can_live(const common_options& common) {
  return !common.json && !common.quiet && common.verbosity == 0 && can_redraw_stdout();
}

/// A QR code is a picture: without its own colours it would be a negative on a light terminal, and
/// many cameras do not read that.
text_style coloured(text_style style) {
  style.color = true;
  return style;
}

}  // namespace

serve_screen::serve_screen(session& here, const serve_command& command)
    : here_(here),
      command_(command),
      live_(can_live(command.common)),
      status_(command.options.external_port.has_value()),
      block_(
          here.executor(), [this](unsigned width) { return rendered(width); },
          [this](std::string_view text) { here_.print(text); }) {
  if (command.options.external_port) here.when_stopping("closing the port on the router");
}

std::string serve_screen::told(const serve_event& event) const {
  std::string text = to_text(event, here_.style());
  const auto page = command_.qr && live_ ? page_of(event) : std::nullopt;
  if (page) text += report::qr_text(*page, coloured(here_.style()));
  return text;
}

std::string serve_screen::rendered(unsigned width) const {
  text_style style = here_.style();
  style.width = std::min(style.width, width);
  return status_.text(serve_status::clock::now(), style);
}

void serve_screen::show_live(const serve_event& event) {
  status_.update(event);
  if (is_one_of<events::stopped>(event)) block_.end();
  // The block tells of renewals.
  block_.above(is_one_of<events::renewed>(event) ? std::string() : told(event));
  if (is_one_of<events::listening>(event)) block_.begin();
}

void serve_screen::show_quietly(const serve_event& event) const {
  text_style plain = here_.style();
  plain.color = false;
  if (goes_wrong(event)) fmt::print(stderr, "{}", to_text(event, plain));
}

void serve_screen::show(const serve_event& event) {
  if (command_.common.json) return here_.print(to_json(event));
  if (command_.common.quiet) return show_quietly(event);
  if (live_) return show_live(event);
  here_.print(told(event));
}

}  // namespace natcheck::cli
