#include "client/handshake.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <natcheck/causes.hpp>

#include "client/conversation.hpp"

namespace natcheck::client {
namespace {

using net::asio::awaitable;

/// The payload of the echo rounds: small, medium, and close to a full segment.
const echo_rounds usual_rounds{64, 512, 1024};
/// What fits through wherever the greeting does.
const echo_rounds small_rounds{64};

bool worth_a_plain_try(const handshake_evidence& evidence) {
  const bool connected = evidence.timing.connect.has_value();
  return connected &&
         (evidence.result == probe_result::silent || evidence.result == probe_result::reset) &&
         !evidence.server_version;
}

/// Whether a small echo comes back where a larger one did not.
awaitable<bool> passes_small(const handshake_options& options) {
  conversation again(options);
  const auto evidence = co_await again.speak(small_rounds);
  co_return evidence.result == probe_result::reached;
}

/// What a small echo brings where the large one was answered by nothing, not even a greeting: both
/// may have been in one packet that was lost. A plain greeter never answers it, and so is not
/// waited for long.
awaitable<std::optional<handshake_evidence>> ask_small(handshake_options options,
                                                       const handshake_evidence& plain) {
  const millis round_trips = 4 * (*plain.timing.connect + *plain.timing.greeting);
  options.deadline =
      std::min(options.deadline, after(std::max<millis>(least_wait_for_echo, round_trips)));
  conversation again(options);
  auto small = co_await again.speak(small_rounds);
  if (small.result != probe_result::reached) co_return std::nullopt;
  small.result = probe_result::timed_out;
  small.large_lost = true;
  small.detail = {cause_code::only_smaller_greeting, bytes_of(usual_rounds),
                  bytes_of(small_rounds)};
  small.echo_rtts.clear();
  co_return small;
}

}  // namespace

awaitable<handshake_evidence> shake_hands(handshake_options options) {
  conversation natchecks(options);
  handshake_evidence first = co_await natchecks.speak(usual_rounds);
  spdlog::debug("greeting {}: {} after {:.1f} ms{}{}", to_string(options.target),
                first.timing.connect ? "connected" : "not connected", first.timing.total.count(),
                first.detail.empty() ? "" : ", ", to_string(first.detail));
  if (natchecks.missed_echo()) first.large_lost = co_await passes_small(options);
  if (!worth_a_plain_try(first)) co_return first;
  conversation plain(options);
  handshake_evidence second = co_await plain.speak_plainly();
  if (second.result != probe_result::reached_plain) co_return first;
  second.timing.total += first.timing.total;
  if (!natchecks.missed_greeting()) co_return second;
  auto small = co_await ask_small(options, second);
  if (!small) co_return second;
  small->timing.total += second.timing.total;
  co_return *std::move(small);
}

}  // namespace natcheck::client
