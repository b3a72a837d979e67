#include "outside/path.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <vector>

#include "core/timed_out.hpp"
#include "net/random.hpp"
#include "net/route_refusal.hpp"
#include "outside/error_queue.hpp"
#include "protocols/stun/codec.hpp"

namespace natcheck::outside {
namespace {

using namespace std::chrono_literals;
using net::steady_time;
using net::asio::awaitable;
using payload = std::vector<std::uint8_t>;

constexpr int highest_ttl = 8;
constexpr std::uint16_t dns_port = 53;

/// When those that are silent are asked, after the start. A router may well drop one: most limit
/// how many ICMP errors they send (RFC 1812 section 4.3.2.8). Linux sends one of them a second to
/// each host, after a burst of six: the last repetition outlasts that.
constexpr std::array<millis, 4> sending_times{0ms, 150ms, 400ms, 1000ms};
constexpr millis least_wait = 200ms;  ///< after the last

/// Asks for the name servers of the root, which every name server knows (RFC 1035 section 4.1).
const payload root_query{0x6e, 0x63, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0,  // one question
                         0,    0,    2, 0, 1};                      // ".", NS, IN

/// Something that whoever listens on that port expects.
payload payload_for(std::uint16_t port) {
  if (port == dns_port) return root_query;
  stun::binding_request request;
  const std::string id = random_bytes(request.id.size());
  std::copy(id.begin(), id.end(), request.id.begin());
  return stun::encode(request);
}

/// One TTL, and the socket that asks with it.
struct probe {
  probe(net::udp::socket asking, unsigned ttl) : socket(std::move(asking)), hop{ttl, {}, {}} {}

  net::udp::socket socket;
  path_hop hop;
  steady_time first_sent{};
  int sent = 0;
  bool is_end = false;    ///< nothing got further: the target, or who sent the datagram back
  std::string sent_back;  ///< in words, where it is not the target
};

result<probe> open_probe(const net::asio::any_io_executor& executor, const endpoint& target,
                         const net::source& from, int ttl) {
  const std::string operation = "tracing the path to " + to_string(target);
  auto socket = net::open_udp(executor, from, operation);
  if (!socket) return socket.error();
  net::error_code error = limit_hops(*socket, ttl);
  if (!error) socket->connect({target.ip, target.port}, error);
  if (error) return net::failure_from(operation, error);
  return probe(std::move(*socket), static_cast<unsigned>(ttl));
}

class tracer {
 public:
  tracer(endpoint target, address local, path_evidence& seen)
      : target_(std::move(target)), local_(std::move(local)), seen_(seen) {}

  /// Makes a socket for each TTL.
  std::optional<failure> open(const net::asio::any_io_executor& executor, const net::source& from);

  /// Asks until the path is complete, the schedule is over, or nothing can be sent.
  awaitable<void> run();

  /// What to say of a run that came to its end.
  void conclude();

 private:
  awaitable<void> ask();
  void send_to_silent();
  steady_time end() const;
  awaitable<void> listen(probe& asked);
  void read_errors(probe& asked);
  void read_answers(probe& asked);
  void note_error(probe& asked, const icmp_error& error);
  void note(probe& asked, const address& from, bool is_end);
  void publish();
  void leave_out_unasked();
  bool complete() const;

  endpoint target_;
  address local_;
  path_evidence& seen_;
  payload payload_ = payload_for(target_.port);
  std::vector<probe> probes_;
  steady_time start_ = std::chrono::steady_clock::now();
  millis slowest_{0};  ///< of those that answered
  int sent_ = 0;
  net::error_code send_error_;
};

std::optional<failure> tracer::open(const net::asio::any_io_executor& executor,
                                    const net::source& from) {
  auto refused = net::route_refusal("tracing the path", from, transport::udp, target_);
  if (refused) return refused;
  probes_.reserve(highest_ttl);
  for (int ttl = 1; ttl <= highest_ttl; ++ttl) {
    auto opened = open_probe(executor, target_, from, ttl);
    if (!opened) return opened.error();
    probes_.push_back(std::move(*opened));
  }
  return std::nullopt;
}

awaitable<void> tracer::run() {
  net::coroutines works;
  works.push_back(ask());
  for (probe& each : probes_) works.push_back(listen(each));
  co_await net::when_any(std::move(works));
}

void tracer::conclude() {
  if (seen_.state == service_state::answered) return publish();
  if (sent_ == 0) {
    seen_.detail = net::failure_from({}, send_error_).detail;
    return;
  }
  seen_.state = service_state::silent;
  seen_.detail = fmt::format("no answer to {} packets in {:.0f} ms", sent_,
                             millis(sending_times.back() + least_wait).count());
}

awaitable<void> tracer::ask() {
  net::asio::steady_timer timer(co_await net::asio::this_coro::executor);
  for (const millis offset : sending_times) {
    timer.expires_at(start_ + std::chrono::duration_cast<steady_time::duration>(offset));
    co_await net::wait(timer);
    co_await net::unless_cancelled();
    send_to_silent();
    if (sent_ == 0) co_return;
  }
  while (std::chrono::steady_clock::now() < end()) {
    timer.expires_at(end());
    co_await net::wait(timer);
    co_await net::unless_cancelled();
  }
}

void tracer::send_to_silent() {
  for (probe& each : probes_) {
    if (each.is_end) break;
    if (each.hop.ip) continue;
    if (each.sent == 0) each.first_sent = std::chrono::steady_clock::now();
    net::error_code error;
    each.socket.send(net::asio::buffer(payload_), 0, error);
    if (error) {
      send_error_ = error;
      continue;
    }
    ++each.sent;
    ++sent_;
  }
}

/// The last repetition is given the time of the slowest answer so far, and some more.
steady_time tracer::end() const {
  const millis wait = sending_times.back() + std::max<millis>(least_wait, slowest_ + 100ms);
  return start_ + std::chrono::duration_cast<steady_time::duration>(wait);
}

/// Listens to one of the sockets, until the path is complete.
awaitable<void> tracer::listen(probe& asked) {
  while (!complete()) {
    // An error in the queue makes a socket readable, too.
    co_await net::wait_readable(asked.socket);
    co_await net::unless_cancelled();
    read_errors(asked);
    read_answers(asked);
  }
}

void tracer::read_errors(probe& asked) {
  std::optional<icmp_error> error;
  while (take_error(asked.socket, error)) {
    // Our own kernel speaks for a next hop that is not there.
    if (error && error->from != local_ && !asked.hop.ip) note_error(asked, *error);
  }
}

/// The socket is connected: what it receives bears the target's address.
void tracer::read_answers(probe& asked) {
  std::array<std::byte, 512> buffer;
  net::error_code error;
  do {
    asked.socket.receive(net::asio::buffer(buffer), 0, error);
    if (!error && !asked.hop.ip) note(asked, target_.ip, true);
  } while (!error);
}

void tracer::note_error(probe& asked, const icmp_error& error) {
  const bool is_end = error.why == icmp_error::reason::unreachable;
  if (is_end && error.from != target_.ip) {
    asked.sent_back =
        fmt::format("{} reported the destination as unreachable (ICMP type 3, code {})",
                    error.from.to_string(), error.code);
  }
  note(asked, error.from, is_end);
}

void tracer::note(probe& asked, const address& from, bool is_end) {
  const millis waited = net::since(asked.first_sent);
  slowest_ = std::max(slowest_, waited);
  asked.hop.ip = from;
  // After a repetition no one knows which of the two was answered (RFC 6298 section 3).
  if (asked.sent == 1) asked.hop.rtt = waited;
  asked.is_end = is_end;
  spdlog::debug("path to {}: {} at TTL {} after {:.1f} ms", to_string(target_), from.to_string(),
                asked.hop.ttl, waited.count());
  publish();
}

void tracer::publish() {
  seen_.state = service_state::answered;
  seen_.hops.clear();
  std::size_t known = 0;
  const probe* last = nullptr;
  for (const probe& each : probes_) {
    seen_.hops.push_back(each.hop);
    if (!each.hop.ip) continue;
    // A router that lets some TTL end and sends the next packet back is one router.
    const bool again = last != nullptr && last->hop.ip == each.hop.ip;
    if (!again) known = seen_.hops.size();
    last = &each;
    if (each.is_end) break;
  }
  seen_.hops.resize(known);
  if (last->is_end) leave_out_unasked();
  seen_.target_answered = last->is_end;
  seen_.detail = last->sent_back;
}

/// Whoever is silent before the end, and may have been lost, is no router yet: the end may be
/// nearer than where it answered first.
void tracer::leave_out_unasked() {
  auto& hops = seen_.hops;
  const auto is_unasked = [this](const path_hop& hop) {
    const auto sent = static_cast<std::size_t>(probes_[hop.ttl - 1].sent);
    return !hop.ip && sent < sending_times.size();
  };
  while (hops.size() > 1 && is_unasked(hops[hops.size() - 2])) hops.erase(hops.end() - 2);
}

bool tracer::complete() const {
  for (const probe& each : probes_) {
    if (!each.hop.ip) return false;
    if (each.is_end || is_public(*each.hop.ip)) return true;
  }
  return true;
}

}  // namespace

endpoint fallback_target() { return {net::asio::ip::make_address("198.41.0.4"), dns_port}; }

std::optional<endpoint> path_target(const std::vector<stun_server>& servers) {
  for (const auto& server : servers) {
    for (const address& ip : server.addresses) {
      if (ip.is_v4() && !cannot_be_outside(ip)) return endpoint{ip, server.port};
    }
  }
  const bool all_are_near =
      std::all_of(servers.begin(), servers.end(), [](const stun_server& server) {
        return server.is_literal &&
               std::any_of(server.addresses.begin(), server.addresses.end(), cannot_be_outside);
      });
  if (all_are_near) return std::nullopt;
  return fallback_target();
}

awaitable<void> trace(endpoint target, net::source from, path_evidence& seen,
                      steady_time deadline) {
  seen = {};
  seen.target = target;
  seen.detail = timed_out::before_schedule;
  tracer path(target, from.local, seen);
  const auto executor = co_await net::asio::this_coro::executor;
  if (const auto failed = path.open(executor, from)) {
    seen.detail = failed->detail;
    co_return;
  }
  const auto ended = co_await net::with_deadline(deadline, path.run());
  if (ended) path.conclude();
}

}  // namespace natcheck::outside
