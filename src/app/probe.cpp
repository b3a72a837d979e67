#include <algorithm>
#include <natcheck/probe.hpp>
#include <numeric>

#include "app/handshake.hpp"
#include "app/option_checks.hpp"
#include "app/serial.hpp"
#include "app/udp_handshake.hpp"
#include "core/canonical.hpp"
#include "net/own_addresses.hpp"
#include "net/random.hpp"
#include "net/resolver.hpp"
#include "protocols/greeting/questioner.hpp"

namespace natcheck {
namespace {

using net::asio::awaitable;

/// Between the handshakes of one probe, so that a burst of loss does not take them all.
constexpr std::chrono::milliseconds pause_between{200};

/// The kernel lets nobody bind an address that this machine does not have, unless it is told to
/// (net.ipv4.ip_nonlocal_bind); to ask it so first is quicker than to list them all.
bool is_own_address(const net::asio::any_io_executor& executor, const address& ip) {
  net::udp::socket socket(executor);
  const net::udp::endpoint local(ip, 0);
  net::error_code error;
  socket.open(local.protocol(), error);
  if (!error) socket.bind(local, error);
  if (error) return false;
  const auto own = net::read_own_addresses();
  return own.empty() || std::binary_search(own.begin(), own.end(), canonical(ip));
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

handshake_evidence not_resolved(const failure& why) {
  handshake_evidence evidence;
  evidence.result = probe_result::unresolved;
  evidence.detail = why.detail;
  return evidence;
}

bool answered(const handshake_evidence& evidence) {
  return evidence.result != probe_result::timed_out && evidence.result != probe_result::unreachable;
}

std::string target_of(const probe_options& options) {
  const bool v6 = options.host.find(':') != std::string::npos;
  return (v6 ? "[" + options.host + "]" : options.host) + ":" + std::to_string(options.port);
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
  using handshakes = std::vector<handshake_evidence>;

  void add(handshake_evidence evidence);
  void add_rest(handshakes all);
  handshake_options next_handshake() const;
  awaitable<handshakes> attempt(const address& ip, net::steady_time deadline);
  awaitable<handshakes> attempt_each(std::vector<address> addresses);
  awaitable<void> repeat();

  net::steady_time start_ = std::chrono::steady_clock::now();
  probe_options options_;
  std::function<void(const handshake_evidence&)> progress_;
  net::steady_time end_;
  probe_evidence evidence_;
  millis resolving_{0};
};

handshake_options prober::next_handshake() const {
  const auto deadline = std::min(std::chrono::steady_clock::now() + options_.timeout, end_);
  return {evidence_.address.value_or(endpoint{{}, options_.port}), evidence_.session,
          options_.interface, deadline};
}

void prober::add(handshake_evidence evidence) {
  if (evidence_.handshakes.empty()) {
    evidence.timing.resolve = resolving_;
    evidence.timing.total += resolving_;
  }
  evidence_.handshakes.push_back(std::move(evidence));
  if (evidence_.address) note_hairpin(evidence_);
  if (progress_) progress_(evidence_.handshakes.back());
}

/// Of those that were added early, `all` has another copy.
void prober::add_rest(handshakes all) {
  for (std::size_t i = evidence_.handshakes.size(); i < all.size(); ++i) add(std::move(all[i]));
}

/// TCP makes one handshake; UDP sends all that are wanted, since they overlap.
awaitable<prober::handshakes> prober::attempt(const address& ip, net::steady_time deadline) {
  evidence_.address = endpoint{ip, options_.port};
  const auto executor = co_await net::asio::this_coro::executor;
  evidence_.inside = inside_reasons(executor, ip);
  handshake_options options = next_handshake();
  options.deadline = deadline;
  if (options_.protocol == transport::udp) {
    const auto on_settled = [this](const handshake_evidence& one) { add(one); };
    co_return co_await ask_by_datagram(options, options_.count, on_settled);
  }
  auto evidence = co_await shake_hands(options);
  handshakes one;
  one.push_back(std::move(evidence));
  co_return one;
}

/// The first attempt decides which of a name's addresses counts, and is used for what follows: the
/// first that answers at all, else the first.
awaitable<prober::handshakes> prober::attempt_each(std::vector<address> addresses) {
  auto whole = next_handshake().deadline;
  if (options_.protocol == transport::udp) {
    whole = std::min(whole + (options_.count - 1) * greeting::questioner::pace, end_);
  }
  handshakes first;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const auto now = std::chrono::steady_clock::now();
    const auto share = (whole - now) / static_cast<int>(addresses.size() - i);
    auto made = co_await attempt(addresses[i], now + share);
    if (std::any_of(made.begin(), made.end(), answered)) co_return made;
    if (i == 0) first = std::move(made);
  }
  const auto executor = co_await net::asio::this_coro::executor;
  evidence_.address->ip = addresses.front();
  evidence_.inside = inside_reasons(executor, addresses.front());
  co_return first;
}

awaitable<void> prober::repeat() {
  net::asio::steady_timer pause(co_await net::asio::this_coro::executor);
  while (evidence_.handshakes.size() < options_.count) {
    pause.expires_after(pause_between);
    co_await net::expiry(pause);
    if (std::chrono::steady_clock::now() >= end_) co_return;
    auto evidence = co_await shake_hands(next_handshake());
    add(std::move(evidence));
  }
}

awaitable<probe_evidence> prober::run() {
  evidence_.target = target_of(options_);
  evidence_.protocol = options_.protocol;
  evidence_.session = random_hex(8);
  const auto addresses = co_await net::resolve(options_.host, next_handshake().deadline);
  resolving_ = net::since(start_);
  if (!addresses) {
    add(not_resolved(addresses.error()));
    co_return std::move(evidence_);
  }
  auto made = co_await attempt_each(*addresses);
  add_rest(std::move(made));
  if (options_.protocol == transport::tcp) co_await repeat();
  co_return std::move(evidence_);
}

probe_report not_asked(const probe_options& options, failure why) {
  probe_report report;
  report.evidence.target = target_of(options);
  report.evidence.protocol = options.protocol;
  report.judged = diagnose(report.evidence);
  report.judged.main.evidence.insert(report.judged.main.evidence.begin(), why.message());
  report.problem = std::move(why);
  return report;
}

awaitable<probe_report> run(probe_options options,
                            std::function<void(const handshake_evidence&)> progress) {
  if (auto wrong = app::check(options)) co_return not_asked(options, *std::move(wrong));
  prober running(std::move(options), std::move(progress));
  probe_report report;
  report.evidence = co_await running.run();
  report.rtt = statistics_of(report.evidence);
  report.judged = diagnose(report.evidence);
  co_return report;
}

}  // namespace

awaitable<probe_report> probe(probe_options options,
                              std::function<void(const handshake_evidence&)> progress) {
  return app::serially(run(std::move(options), std::move(progress)));
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
