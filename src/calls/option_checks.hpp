// What cannot be asked for: found before anything is asked, in the words of the command line.
#pragma once

#include <chrono>
#include <natcheck/discover.hpp>
#include <natcheck/mappings.hpp>
#include <natcheck/probe.hpp>
#include <natcheck/serve.hpp>
#include <optional>
#include <string_view>

namespace natcheck::calls {

// The command line reads text and has the same bounds.
inline constexpr unsigned longest_lifetime = 604'800;  ///< seconds
inline constexpr unsigned most_handshakes = 1000;
inline constexpr std::chrono::hours longest_time{24 * 365};

/// An IPv4 address that one host can have: neither 0.0.0.0 nor multicast nor broadcast.
bool can_be_gateway(const address& ip);

// Empty when all is well; else a failure of kind `invalid` whose operation names the option and its
// value: "lifetime 0". An interface that does not exist is `unavailable`. Blocks no longer than the
// kernel takes to list its interfaces.
std::optional<failure> check(const discover_options& options);
std::optional<failure> check(const serve_options& options);
std::optional<failure> check(const probe_options& options);
std::optional<failure> check(const mappings_options& options);
std::optional<failure> check(const add_options& options);
std::optional<failure> check(const remove_options& options);

}  // namespace natcheck::calls
