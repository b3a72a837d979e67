// How long an idle UDP binding lives, on any scale.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outside/behavior.hpp"

namespace natcheck::outside {

using idle_times = std::vector<std::chrono::milliseconds>;

/// Steps of 5 s to 2 minutes, where RFC 4787 REQ-5 draws the line, then 15 s to 5 minutes, then
/// 30 s to 10 minutes. Ascending.
idle_times lifetime_steps();

/// What became of the binding that was idle for each of the steps; empty where it is not known.
using step_results = std::vector<std::optional<bool>>;

struct lifetime_bounds {
  std::optional<std::chrono::milliseconds> alive_after, gone_after;
  bool decided = false;  ///< no later step can change it
};

/// A single dead step between living ones is a loss of packets; two in a row are the end. Pure.
lifetime_bounds bounds_of(const idle_times& steps, const step_results& results);

/// Tries one binding after each of the times, until two in a row are gone. `doubts` hears why
/// nothing could be measured.
boost::asio::awaitable<lifetime_bounds> find_lifetime(behavior_server server, net::source from,
                                                      idle_times steps,
                                                      std::function<void(std::string_view)> tell,
                                                      std::vector<cause>& doubts,
                                                      net::steady_time deadline);

}  // namespace natcheck::outside
