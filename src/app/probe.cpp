#include <algorithm>
#include <natcheck/probe.hpp>
#include <numeric>

#include "app/handshake.hpp"
#include "net/random.hpp"
#include "net/resolver.hpp"

namespace natcheck {
namespace {

using net::asio::awaitable;

/// Between the handshakes of one probe, so that a burst of loss does not take them all.
constexpr std::chrono::milliseconds pause_between{200};

/// The kernel lets nobody bind an address that this machine does not have; to ask it so is quicker
/// than to list them all.
bool is_own_address(const net::asio::any_io_executor& executor, const address& ip) {
  net::udp::socket socket(executor);
  const net::udp::endpoint local(ip, 0);
  net::error_code error;
  socket.open(local.protocol(), error);
  if (!error) socket.bind(local, error);
  return !error;
}

/// What the target's address alone says about where we are asking from.
std::vector<inside_reason> inside_reasons(const net::asio::any_io_executor& executor,
                                          const address& target) {
  std::vector<inside_reason> reasons;
  switch (scope_of(target)) {
    case address_scope::loopback:
      return {inside_reason::loopback};
    case address_scope::private_use:
    case address_scope::shared:
    case address_scope::link_local:
    case address_scope::unique_local:
      reasons.push_back(inside_reason::private_target);
      break;
    default:
      break;
  }
  if (is_own_address(executor, target)) reasons.push_back(inside_reason::own_address);
  return reasons;
}

/// A server that sees us under the very address we asked for has met us at its own NAT.
void note_hairpin(probe_evidence& evidence) {
  const auto& seen = evidence.handshakes.back().seen_as;
  const auto& reasons = evidence.inside;
  const bool noted =
      std::find(reasons.begin(), reasons.end(), inside_reason::hairpin) != reasons.end();
  if (noted || !seen || seen->ip != evidence.address->ip || !reasons.empty()) return;
  evidence.inside.push_back(inside_reason::hairpin);
}

handshake_evidence not_resolved(const failure& why, millis elapsed) {
  handshake_evidence evidence;
  evidence.result = probe_result::unresolved;
  evidence.detail = why.detail;
  evidence.timing.resolve = evidence.timing.total = elapsed;
  return evidence;
}

bool answered(const handshake_evidence& evidence) {
  return evidence.result != probe_result::timed_out && evidence.result != probe_result::unreachable;
}

/// The first handshake decides which of a name's addresses the others use: the first that
/// answers at all, else the first.
awaitable<handshake_evidence> shake_first_that_answers(const std::vector<address>& addresses,
                                                       handshake_options options,
                                                       std::optional<endpoint>& chosen) {
  const auto whole = options.deadline;
  std::optional<handshake_evidence> first;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const auto now = std::chrono::steady_clock::now();
    options.target.ip = addresses[i];
    options.deadline = now + (whole - now) / static_cast<int>(addresses.size() - i);
    auto evidence = co_await shake_hands(options);
    if (answered(evidence) || !first) chosen = options.target;
    if (answered(evidence)) co_return evidence;
    if (!first) first = std::move(evidence);
  }
  co_return std::move(*first);
}

/// One probe from the name to the last handshake.
class prober {
 public:
  prober(probe_options options, std::function<void(const handshake_evidence&)> progress)
      : options_(std::move(options)),
        progress_(std::move(progress)),
        end_(options_.total ? start_ + *options_.total : net::steady_time::max()) {}

  awaitable<probe_evidence> run();

 private:
  void add(handshake_evidence evidence);
  handshake_options next_handshake() const;
  awaitable<void> repeat();

  net::steady_time start_ = std::chrono::steady_clock::now();
  probe_options options_;
  std::function<void(const handshake_evidence&)> progress_;
  net::steady_time end_;
  std::string session_ = random_hex(8);
  probe_evidence evidence_;
};

handshake_options prober::next_handshake() const {
  const auto deadline = std::min(std::chrono::steady_clock::now() + options_.timeout, end_);
  return {evidence_.address.value_or(endpoint{{}, options_.port}), session_, options_.interface,
          deadline};
}

void prober::add(handshake_evidence evidence) {
  evidence_.handshakes.push_back(std::move(evidence));
  if (evidence_.address) note_hairpin(evidence_);
  if (progress_) progress_(evidence_.handshakes.back());
}

awaitable<void> prober::repeat() {
  net::asio::steady_timer pause(co_await net::asio::this_coro::executor);
  while (evidence_.handshakes.size() < options_.count) {
    pause.expires_after(pause_between);
    co_await pause.async_wait(net::as_result);
    if (std::chrono::steady_clock::now() >= end_) co_return;
    auto evidence = co_await shake_hands(next_handshake());
    add(std::move(evidence));
  }
}

awaitable<probe_evidence> prober::run() {
  const auto first = next_handshake();
  evidence_.target = options_.host.find(':') == std::string::npos
                         ? options_.host + ":" + std::to_string(options_.port)
                         : "[" + options_.host + "]:" + std::to_string(options_.port);
  const auto addresses = co_await net::resolve(options_.host, first.deadline);
  const millis resolving = net::since(start_);
  if (!addresses) {
    add(not_resolved(addresses.error(), resolving));
    co_return std::move(evidence_);
  }
  auto evidence = co_await shake_first_that_answers(*addresses, first, evidence_.address);
  evidence.timing.resolve = resolving;
  evidence.timing.total += resolving;
  const auto executor = co_await net::asio::this_coro::executor;
  evidence_.inside = inside_reasons(executor, evidence_.address->ip);
  add(std::move(evidence));
  co_await repeat();
  co_return std::move(evidence_);
}

}  // namespace

awaitable<probe_report> probe(probe_options options,
                              std::function<void(const handshake_evidence&)> progress) {
  prober running(std::move(options), std::move(progress));
  probe_report report;
  report.evidence = co_await running.run();
  report.rtt = statistics_of(report.evidence);
  report.judged = diagnose(report.evidence);
  co_return report;
}

rtt_statistics statistics_of(const probe_evidence& evidence) {
  rtt_statistics statistics;
  std::vector<millis> rtts;
  for (const handshake_evidence& handshake : evidence.handshakes) {
    ++statistics.sent;
    const bool reached = handshake.result == probe_result::reached ||
                         handshake.result == probe_result::reached_plain;
    if (!reached) continue;
    ++statistics.received;
    rtts.insert(rtts.end(), handshake.echo_rtts.begin(), handshake.echo_rtts.end());
    if (handshake.echo_rtts.empty()) rtts.push_back(*handshake.timing.greeting);
  }
  if (rtts.empty()) return statistics;
  statistics.min = *std::min_element(rtts.begin(), rtts.end());
  statistics.max = *std::max_element(rtts.begin(), rtts.end());
  statistics.avg =
      std::accumulate(rtts.begin(), rtts.end(), millis{0}) / static_cast<double>(rtts.size());
  return statistics;
}

}  // namespace natcheck
