#include "server/session_log.hpp"

#include <algorithm>
#include <utility>

#include "core/canonical.hpp"

namespace natcheck::serving {
session_log::clock::time_point session_log::due() const {
  return began_ ? *began_ + period : clock::time_point::max();
}

void session_log::begin(clock::time_point now) {
  began_ = now;
  single_greeted_ = single_rejected_ = 0;
  silent_ = {};
  sources_.clear();
}

void session_log::add(const session_result& end, clock::time_point now) {
  settle(now);
  if (!began_) begin(now);
  const auto* greeted = std::get_if<events::greeted>(&end);
  ++(greeted != nullptr ? greeted_ : rejected_);
  auto& reported = greeted != nullptr ? single_greeted_ : single_rejected_;
  if (reported < most_reported_singly) {
    ++reported;
    std::visit([this](const auto& visit) { report_(visit); }, end);
    return;
  }
  ++(greeted != nullptr ? silent_.greeted : silent_.rejected);
  const auto& peer =
      std::visit([](const auto& visit) -> const endpoint& { return visit.peer; }, end);
  if (sources_.size() < most_sources) sources_.insert(site_of(peer.ip));
}

void session_log::settle(clock::time_point now) {
  if (now >= due()) close(now);
}

void session_log::close(clock::time_point now) {
  if (!began_) return;
  const auto began = *std::exchange(began_, std::nullopt);
  if (silent_.greeted + silent_.rejected == 0) return;
  silent_.sources = sources_.size();
  silent_.period =
      std::chrono::ceil<std::chrono::seconds>(std::min<clock::duration>(now - began, period));
  report_(silent_);
}

}  // namespace natcheck::serving
