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

/// The first line of what is told of an event.
std::string first_line(const serve_event& event, bool unicode) {
  const text_style wide{false, unicode, 1000};
  const auto told = to_text(event, wide);
  return told.substr(0, told.find('\n'));
}

bool is_same_external_port(const mapping& a, const mapping& b) {
  return a.protocol == b.protocol && a.internal == b.internal;
}

}  // namespace

serve_status::door& serve_status::door_of(const mapping& entry) {
  const auto found = std::find_if(doors_.begin(), doors_.end(), [&](const door& each) {
    return is_same_external_port(each.entry, entry);
  });
  return found == doors_.end() ? doors_.emplace_back() : *found;
}

/// It may have moved with this host's address: then it takes the place of the one that was lost.
void serve_status::reopen(const mapping& entry, clock::time_point at) {
  const auto moved = std::find_if(doors_.begin(), doors_.end(), [&](const door& each) {
    return each.lost && each.entry.protocol == entry.protocol &&
           each.entry.internal.ip.is_v4() == entry.internal.ip.is_v4();
  });
  const bool known = std::any_of(doors_.begin(), doors_.end(), [&](const door& each) {
    return is_same_external_port(each.entry, entry);
  });
  if (!known && moved != doors_.end()) doors_.erase(moved);
  open(entry, at);
}

void serve_status::open(const mapping& entry, clock::time_point at) {
  door& which = door_of(entry);
  which = {entry, at, false, which.external};
  failed_ = false;
}

namespace {

/// What happens while the server runs; what is told at its start stands above.
bool is_news(const serve_event& event) {
  return std::holds_alternative<events::greeted>(event.what) ||
         std::holds_alternative<events::rejected>(event.what) ||
         std::holds_alternative<events::crowded>(event.what) ||
         std::holds_alternative<events::blocked>(event.what) ||
         std::holds_alternative<events::renewed>(event.what) ||
         std::holds_alternative<events::renewal_failed>(event.what) ||
         std::holds_alternative<events::mapping_lost>(event.what) ||
         std::holds_alternative<events::remapped>(event.what);
}

}  // namespace

void serve_status::update(const serve_event& event) {
  struct {
    serve_status& status;
    const serve_event& event;

    void operator()(const events::mapped& e) const { status.open(e.entry, event.at); }
    void operator()(const events::renewed& e) const { status.open(e.entry, event.at); }
    void operator()(const events::remapped& e) const { status.reopen(e.entry, event.at); }
    void operator()(const events::mapping_lost& e) const {
      door& which = status.door_of(e.entry);
      which.lost = true;
      which.external.reset();
    }
    void operator()(const events::unmapped& e) const {
      std::erase_if(status.doors_,
                    [&](const door& d) { return is_same_external_port(d.entry, e.entry); });
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
    void operator()(const events::listening&) const {}
    void operator()(const events::map_not_needed& e) const { status.direct_ = e.external; }
    void operator()(const events::external_address& e) const {
      for (door& each : status.doors_) {
        const bool meant = each.entry.protocol == e.protocol && each.entry.internal.ip.is_v4();
        if (meant && e.evidence.mapped) each.external = e.external;
      }
    }
    void operator()(const events::redirected&) const {}
    void operator()(const events::pinhole_failed&) const {}
    void operator()(const events::stale_mapping&) const {}
    void operator()(const events::self_tested&) const {}
    void operator()(const events::watching&) const {}
    void operator()(const events::blocked&) const {}
    void operator()(const events::renewal_failed&) const {}
    void operator()(const events::stopped&) const {}
  } const taker{*this, event};
  std::visit(taker, event.what);
  if (is_news(event)) last_ = event;
}

std::string serve_status::doors_line(clock::time_point now) const {
  std::vector<std::string> all;
  if (direct_) all.push_back(to_string(*direct_) + " (no NAT)");
  for (const door& each : doors_) {
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
  if (maps_) all += line("Open", doors_line(now), style);
  all += line("Visitors", visitors_line(), style);
  if (last_) all += line("Last", first_line(*last_, style.unicode), style);
  return all;
}

}  // namespace natcheck
