#include "mapping/service_choice.hpp"

#include <algorithm>

namespace natcheck::mappings {
namespace {

/// A better protocol gets so long when a lesser one has answered.
constexpr std::chrono::milliseconds grace_for_better{100};

}  // namespace

void service_choice::reset(const std::vector<mapping_protocol>& best_first) {
  services_.clear();
  order_.clear();
  for (const mapping_protocol via : best_first) services_.push_back({services_.size(), via});
}

void service_choice::begin_search() {
  order_.clear();
  for (mapping_service& each : services_) {
    each.found.reset();
    order_.push_back(&each);
  }
  std::stable_partition(order_.begin(), order_.end(), [](auto* each) { return each->renews; });
  searching_ = services_.size() > 1;
  search_ends_ = time_point::max();
}

service_choice::time_point service_choice::end_of_search(time_point now) const {
  bool is_best = true;
  for (const mapping_service* each : order_) {
    if (each->is_there()) return is_best ? now : now + grace_for_better;
    if (each->found) continue;
    if (each->renews) break;
    is_best = false;
  }
  return time_point::max();
}

void service_choice::found(std::size_t which, result<void> answer, bool has_answered,
                           time_point now) {
  services_[which].found = std::move(answer);
  services_[which].has_answered = has_answered;
  if (searching_) search_ends_ = std::min(search_ends_, end_of_search(now));
}

void service_choice::end_search() {
  searching_ = false;
  std::stable_partition(order_.begin(), order_.end(),
                        [](auto* each) { return each->found.has_value(); });
}

mapping_service* service_choice::next(time_point now) {
  // RFC 6887 section 7.4: an error stands for as long as the server says, and is not asked for
  // again. In a first attempt there is none.
  std::erase_if(order_, [&](auto* each) { return each->refuses_until > now; });
  return order_.empty() ? nullptr : order_.front();
}

void service_choice::forget_refusals() {
  for (mapping_service& each : services_) each.refuses_until = {};
}

}  // namespace natcheck::mappings
