// How a family of rules decides: they stand in an array, in their order.
#pragma once

#include <natcheck/diagnosis.hpp>
#include <utility>

namespace natcheck::judging {

/// The verdict of the first rule that applies; a default one if none does. A rule is a function
/// from the evidence to an optional verdict.
template <class Rules, class Evidence>
verdict first_of(const Rules& rules, const Evidence& seen) {
  for (const auto& rule : rules) {
    if (auto judged = rule(seen)) return *std::move(judged);
  }
  return {};
}

}  // namespace natcheck::judging
