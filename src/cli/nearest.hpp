// "Did you mean …?"
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace natcheck::cli {

/// How many letters must be inserted, left out, replaced or swapped with their neighbor to turn
/// `a` into `b` (Damerau-Levenshtein, each letter edited once at most).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate that `word` was probably meant to be: the nearest one within a third of its
/// letters (one at least), or one that `word` begins. Empty when nothing is close.
std::string nearest(std::string_view word, std::span<const std::string> candidates);

/// "; did you mean upnp?", or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

/// "tcp, udp or both"
std::string one_of(std::span<const std::string> words);

/// "discover, serve and mappings"
std::string all_of(std::span<const std::string> words);

}  // namespace natcheck::cli
