#include "cli/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace natcheck::cli {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  // Three rows of the table are enough: a swap looks two rows back.
  std::vector<std::size_t> before_last(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
  std::iota(last.begin(), last.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before_last[j - 2] + 1);
      }
    }
    before_last.swap(last);
    last.swap(row);
  }
  return last[b.size()];
}

std::string nearest(std::string_view word, std::span<const std::string> candidates) {
  std::size_t allowed = std::max<std::size_t>(1, word.size() / 3);
  std::string found;
  for (const std::string& candidate : candidates) {
    const bool begun = word.size() > 1 && candidate.starts_with(word);
    const std::size_t distance = begun ? 1 : edit_distance(word, candidate);
    // A word of which every letter would have to change is not a misspelling.
    const bool close = distance < candidate.size() && distance <= allowed;
    if (close && (found.empty() || distance < allowed)) {
      found = candidate;
      allowed = distance;
    }
  }
  return found;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  const std::string found = nearest(word, candidates);
  return found.empty() ? "" : fmt::format("; did you mean {}?", found);
}

namespace {

std::string enumeration(std::span<const std::string> words, const char* before_last) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool first = i == 0;
    text += first ? "" : i + 1 == words.size() ? before_last : ", ";
    text += words[i];
  }
  return text;
}

}  // namespace

std::string one_of(std::span<const std::string> words) { return enumeration(words, " or "); }

std::string all_of(std::span<const std::string> words) { return enumeration(words, " and "); }

}  // namespace natcheck::cli
