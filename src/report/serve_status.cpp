#include "report/serve_status.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "report/names.hpp"
#include "report/page.hpp"

namespace natcheck {
namespace {

constexpr std::size_t head_width = 10;

std::string countdown(std::chrono::seconds left) {
  const auto s = std::max<std::int64_t>(left.count(), 0);
  if (s >= 3600) return fmt::format("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60);
  return fmt::format("{}:{:02}", s / 60, s % 60);
}

std::string line(const char* head, const std::string& content, const text_style& style) {
  const auto whole = report::padded(head, head_width) + content;
  return report::one_line(whole, style.width - 1, style.unicode) + "\n";
}

/// The first line of the text of an event.
std::string first_line(const serve_event& event, bool unicode) {
  const text_style wide{false, unicode, 1000};
  const auto text = to_text(event, wide);
  return text.substr(0, text.find('\n'));
}

bool is_same_port(const mapping& a, const mapping& b) {
  return a.protocol == b.protocol && a.internal == b.internal;
}

}  // namespace

serve_status::open_port& serve_status::port_of(const mapping& entry) {
  const auto found = std::ranges::find_if(
      ports_, [&](const open_port& each) { return is_same_port(each.entry, entry); });
  return found == ports_.end() ? ports_.emplace_back() : *found;
}

/// It may have moved with this host's address: then it takes the place of the one that was lost.
void serve_status::reopen(const mapping& entry, clock::time_point at) {
  const auto moved = std::ranges::find_if(ports_, [&](const open_port& each) {
    return each.lost && each.entry.protocol == entry.protocol &&
           each.entry.internal.ip.is_v4() == entry.internal.ip.is_v4();
  });
  const bool known = std::ranges::any_of(
      ports_, [&](const open_port& each) { return is_same_port(each.entry, entry); });
  if (!known && moved != ports_.end()) ports_.erase(moved);
  open(entry, at);
}

void serve_status::open(const mapping& entry, clock::time_point at) {
  open_port& which = port_of(entry);
  which = {entry, at, false, which.external};
  failed_ = false;
}

namespace {

template <class... Events>
bool is_one_of(const serve_event& event) {
  return (std::holds_alternative<Events>(event.what) || ...);
}

/// What happens while the server runs; what is reported when it starts is above.
bool is_news(const serve_event& event) {
  return is_one_of<events::greeted, events::rejected, events::crowded, events::blocked,
                   events::renewed, events::renewal_failed, events::mapping_lost, events::remapped>(
      event);
}

}  // namespace

/// Takes in one event; those that are not named change nothing.
struct serve_status::updater {
  serve_status& status;
  const serve_event& event;

  void operator()(const events::mapped& e) const { status.open(e.entry, event.at); }
  void operator()(const events::renewed& e) const { status.open(e.entry, event.at); }
  void operator()(const events::remapped& e) const { status.reopen(e.entry, event.at); }
  void operator()(const events::mapping_lost& e) const {
    open_port& which = status.port_of(e.entry);
    which.lost = true;
    which.external.reset();
  }
  void operator()(const events::unmapped& e) const {
    std::erase_if(status.ports_,
                  [&](const open_port& each) { return is_same_port(each.entry, e.entry); });
  }
  void operator()(const events::map_failed&) const { status.failed_ = true; }
  void operator()(const events::greeted& e) const {
    ++status.greeted_;
    status.last_visitor_ = e.peer;
  }
  void operator()(const events::rejected&) const { ++status.rejected_; }
  void operator()(const events::crowded& e) const {
    status.greeted_ += e.greeted;
    status.rejected_ += e.rejected;
  }
  void operator()(const events::map_not_needed& e) const { status.direct_ = e.external; }
  void operator()(const events::external_address& e) const {
    for (open_port& each : status.ports_) {
      const bool meant = each.entry.protocol == e.protocol && each.entry.internal.ip.is_v4();
      if (meant && e.evidence.mapped) each.external = e.external;
    }
  }
  template <class Other>
  void operator()(const Other&) const {}
};

void serve_status::update(const serve_event& event) {
  std::visit(updater{*this, event}, event.what);
  if (is_news(event)) last_ = event;
}

std::string serve_status::ports_line(clock::time_point now) const {
  std::vector<std::string> all;
  if (direct_) all.push_back(to_string(*direct_) + " (no NAT)");
  for (const open_port& each : ports_) {
    const mapping& entry = each.entry;
    const auto where = each.external ? to_string(*each.external) : report::outside_of(entry);
    const auto* kind = entry.protocol == transport::udp ? " UDP" : "";
    const auto left =
        std::chrono::duration_cast<std::chrono::seconds>(each.granted + entry.lifetime - now);
    const auto state = each.lost                     ? std::string("lost, asking again")
                       : entry.lifetime.count() == 0 ? std::string("permanent")
                                                     : countdown(left);
    all.push_back(fmt::format("{}{} ({})", where, kind, state));
  }
  if (all.empty()) return failed_ ? "none; see above" : "none yet";
  return fmt::format("{}", fmt::join(all, ", "));
}

std::string serve_status::visitors_line() const {
  auto text = fmt::format("{} greeted, {} rejected", greeted_, rejected_);
  if (last_visitor_) text += ", last from " + to_string(*last_visitor_);
  return text;
}

std::string serve_status::text(clock::time_point now, const text_style& style) const {
  const auto rule = style.unicode ? std::string_view("─") : std::string_view("-");
  std::string all;
  for (unsigned i = 0; i + 1 < std::min(style.width, 80U); ++i) all += rule;
  all += "\n";
  if (maps_) all += line("Open", ports_line(now), style);
  all += line("Visitors", visitors_line(), style);
  if (last_) all += line("Last", first_line(*last_, style.unicode), style);
  return all;
}

}  // namespace natcheck
