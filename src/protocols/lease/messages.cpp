#include "protocols/lease/messages.hpp"

#include <algorithm>

namespace natcheck::lease {

result_row meaning_of(const codec& by, int result) {
  const auto known = std::ranges::find(by.results, result, &result_row::result);
  if (known != by.results.end()) return *known;
  return {result, cause_code::result_undefined, mapping_refusal::other};
}

}  // namespace natcheck::lease
