// What a cause says, for the matchers of gmock.
#pragma once

#include <gmock/gmock.h>

#include <natcheck/cause.hpp>

namespace natcheck {

/// Matches a cause whose words match `inner`.
template <class Inner>
auto InWords(Inner inner) {
  return ::testing::ResultOf([](const cause& why) { return to_string(why); }, std::move(inner));
}

}  // namespace natcheck
