
#include <algorithm>
#include <boost/asio/ip/unicast.hpp>
#include <natcheck/causes.hpp>
#include <natcheck/probe.hpp>

#include "calls/option_checks.hpp"
#include "calls/serial.hpp"
#include "client/handshake.hpp"
#include "client/udp_handshake.hpp"
#include "core/canonical.hpp"
#include "diagnosis/probe_inside.hpp"
#include "diagnosis/probe_rejections.hpp"
#include "diagnosis/probe_rules.hpp"
#include "net/event.hpp"
#include "net/own_addresses.hpp"
#include "net/random.hpp"
#include "net/resolver.hpp"
#include "net/vicinity.hpp"
#include "outside/first_hops.hpp"
#include "probe/address_race.hpp"
#include "protocols/greeting/udp_prober.hpp"

namespace natcheck::probing {
namespace {

using net::asio::awaitable;

/// Between the handshakes of one probe, so that a burst of loss does not take them all.
constexpr std::chrono::milliseconds pause_between{200};

/// How long the routers of the first hops have to answer who has the address that the server saw.
constexpr millis shortest_locating{50};
constexpr millis longest_locating{250};
constexpr std::uint16_t unused_port = 33434;  // traceroute's

/// With which packets to that address leave this machine.
std::optional<unsigned> own_ttl(const net::asio::any_io_executor& executor, const address& target) {
  net::udp::socket socket(executor);
  net::error_code error;
  boost::asio::ip::unicast::hops hops;
  socket.open(net::udp::endpoint(target, 0).protocol(), error);
  if (!error) socket.get_option(hops, error);
  return error ? std::nullopt : std::optional(static_cast<unsigned>(hops.value()));
}

/// The kernel lets no one bind an address that this machine does not have, unless it is told to
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
  auto reasons = judging::inside_by_scope(target);
  const bool loopback = scope_of(target) == address_scope::loopback;
  if (!loopback && is_own_address(executor, target)) reasons.push_back(inside_reason::own_address);
  return reasons;
}

handshake_evidence not_resolved(const failure& why) {
  handshake_evidence evidence;
  evidence.result = probe_result::unresolved;
  evidence.detail = why.detail;
  return evidence;
}

handshake_evidence given_up(std::chrono::steady_clock::duration waited) {
  handshake_evidence evidence;
  evidence.timing.total = waited;
  evidence.detail = {cause_code::other_address_reached_first,
                     std::chrono::duration<double>(waited).count()};
  return evidence;
}

std::string target_of(const probe_options& options) {
  const bool v6 = options.host.find(':') != std::string::npos;
  return (v6 ? "[" + options.host + "]" : options.host) + ":" + std::to_string(options.port);
}

/// What came of one of the name's addresses.
struct asked_address {
  address ip;
  std::vector<inside_reason> inside{};
  prober_location visitor_location{};
  std::vector<handshake_evidence> handshakes{};
  std::optional<net::event> answered{};  ///< it can be reached at all
};

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
  client::handshake_options handshake_with(const address& ip) const;
  awaitable<void> shake(asked_address& asked);
  awaitable<void> look_around(asked_address& asked);
  awaitable<bool> ask(asked_address& asked);
  awaitable<void> ask_each();
  void choose(const std::optional<std::size_t>& winner);
  awaitable<void> locate_ourselves();
  awaitable<void> repeat();

  net::steady_time start_ = std::chrono::steady_clock::now();
  probe_options options_;
  std::function<void(const handshake_evidence&)> progress_;
  net::steady_time end_;
  probe_evidence evidence_;
  std::vector<asked_address> asked_;
  millis resolving_{0};
};

client::handshake_options prober::handshake_with(const address& ip) const {
  const auto deadline = std::min(std::chrono::steady_clock::now() + options_.timeout, end_);
  return {{ip, options_.port}, evidence_.session, options_.interface, deadline};
}

void prober::add(handshake_evidence evidence) {
  if (evidence_.handshakes.empty()) {
    evidence.timing.resolve = resolving_;
    evidence.timing.total += resolving_;
  }
  evidence_.handshakes.push_back(std::move(evidence));
  if (progress_) progress_(evidence_.handshakes.back());
}

/// TCP makes one handshake; UDP sends all that are wanted, since they overlap. Those that are known
/// early are told at once where there is no other address that may be the one.
awaitable<void> prober::shake(asked_address& asked) {
  client::handshake_options options = handshake_with(asked.ip);
  options.on_connected = [&asked] { asked.answered->set(); };
  if (options_.protocol == transport::tcp) {
    auto evidence = co_await shake_hands(options);
    asked.handshakes.push_back(std::move(evidence));
    co_return;
  }
  options.on_connected();
  options.deadline =
      std::min(options.deadline + (options_.count - 1) * greeting::udp_prober::pace, end_);
  std::function<void(const handshake_evidence&)> on_settled;
  if (asked_.size() == 1) on_settled = [this](const handshake_evidence& one) { add(one); };
  asked.handshakes = co_await ask_by_datagram(options, options_.count, on_settled);
}

/// Where we ask from. Whoever is close to the target, or does not reach it, need not ask who is
/// first on the way: routers send few ICMP errors, and the handshake may need one.
awaitable<void> prober::look_around(asked_address& asked) {
  const auto executor = co_await net::asio::this_coro::executor;
  asked.inside = inside_reasons(executor, asked.ip);
  asked.visitor_location = net::read_location(asked.ip, options_.interface);
  asked.visitor_location.ttl = own_ttl(executor, asked.ip);
  const bool on_the_way = asked.visitor_location.gateway || asked.visitor_location.tunnel;
  co_await asked.answered->wait();
  if (asked.inside.empty() && on_the_way) {
    const endpoint target{asked.ip, options_.port};
    net::coroutines watches;
    watches.push_back(
        outside::watch_first_hops(target, options_.interface, asked.visitor_location.hops));
    if (options_.protocol == transport::tcp) {
      watches.push_back(
          outside::watch_for_proxy(target, options_.interface, asked.visitor_location.proxy));
    }
    co_await net::when_all(std::move(watches));
  }
  co_await net::forever();
}

awaitable<bool> prober::ask(asked_address& asked) {
  asked.answered.emplace(co_await net::asio::this_coro::executor);
  co_await net::when_any(shake(asked), look_around(asked));
  co_return judging::representative(asked.handshakes).reached();
}

awaitable<void> prober::ask_each() {
  address_race race(co_await net::asio::this_coro::executor, asked_.size(),
                    [this](std::size_t number) { return ask(asked_[number]); });
  const auto winner = co_await race.run();
  for (std::size_t i = 0; i < asked_.size(); ++i) {
    auto& made = asked_[i].handshakes;
    if (made.empty()) made.push_back(given_up(race.waited(i)));
    evidence_.attempts.push_back({asked_[i].ip, judging::representative(asked_[i].handshakes)});
  }
  choose(winner);
}

void prober::choose(const std::optional<std::size_t>& winner) {
  const auto best = std::ranges::min_element(asked_, {}, [](const asked_address& one) {
    return judging::rank_of(judging::representative(one.handshakes));
  });
  asked_address& chosen = winner ? asked_[*winner] : *best;
  evidence_.address = endpoint{chosen.ip, options_.port};
  evidence_.inside = chosen.inside;
  evidence_.visitor_location = chosen.visitor_location;
  // Of those that were added early, this is another copy.
  for (std::size_t i = evidence_.handshakes.size(); i < chosen.handshakes.size(); ++i) {
    add(chosen.handshakes[i]);
  }
}

/// Where a router this side of the target's has the address that the server saw, it answers as soon
/// as the first routers on the way did.
awaitable<void> prober::locate_ourselves() {
  const auto seen = judging::address_to_locate(evidence_);
  if (!seen) co_return;
  const auto& timing = evidence_.handshakes.front().timing;
  const auto round_trip = timing.connect ? timing.connect : timing.greeting;
  const auto wait =
      std::clamp<millis>(2 * round_trip.value_or(millis{0}), shortest_locating, longest_locating);
  const auto deadline = std::chrono::steady_clock::now() +
                        std::chrono::duration_cast<net::steady_time::duration>(wait);
  const endpoint unused{*seen, unused_port};
  co_await outside::locate(unused, options_.interface, evidence_.visitor_location.seen_hops,
                           std::min(deadline, end_));
}

awaitable<void> prober::repeat() {
  while (evidence_.handshakes.size() < options_.count) {
    co_await net::wait_for(pause_between);
    if (std::chrono::steady_clock::now() >= end_) co_return;
    auto evidence = co_await shake_hands(handshake_with(evidence_.address->ip));
    add(std::move(evidence));
  }
}

awaitable<probe_evidence> prober::run() {
  evidence_.target = target_of(options_);
  evidence_.protocol = options_.protocol;
  evidence_.session = random_hex(8);
  const auto deadline = handshake_with({}).deadline;
  const auto addresses = co_await net::resolve(options_.host, deadline);
  resolving_ = net::since(start_);
  if (!addresses) {
    add(not_resolved(addresses.error()));
    co_return std::move(evidence_);
  }
  for (const address& ip : *addresses) {
    if (std::ranges::find(asked_, ip, &asked_address::ip) == asked_.end()) asked_.push_back({ip});
  }
  co_await ask_each();
  co_await locate_ourselves();
  if (options_.protocol == transport::tcp) co_await repeat();
  co_return std::move(evidence_);
}

probe_report not_asked(const probe_options& options, failure why) {
  probe_report report;
  report.evidence.target = target_of(options);
  report.evidence.protocol = options.protocol;
  report.judged = diagnose(report.evidence);
  report.judged.main.evidence.insert(report.judged.main.evidence.begin(), to_string(why));
  report.problem = std::move(why);
  return report;
}

awaitable<probe_report> run(probe_options options,
                            std::function<void(const handshake_evidence&)> progress) {
  if (auto wrong = calls::check(options)) co_return not_asked(options, *std::move(wrong));
  prober running(std::move(options), std::move(progress));
  probe_report report;
  report.evidence = co_await running.run();
  judging::name_own_rejections(report.evidence);
  report.judged = diagnose(report.evidence);
  co_return report;
}

}  // namespace
}  // namespace natcheck::probing

namespace natcheck {

boost::asio::awaitable<probe_report> probe(
    probe_options options, std::function<void(const handshake_evidence&)> progress) {
  return calls::serially(probing::run(std::move(options), std::move(progress)));
}

}  // namespace natcheck
