#include "client/udp_handshake.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <natcheck/causes.hpp>

#include "net/random.hpp"
#include "net/route_refusal.hpp"
#include "net/socket_errors.hpp"
#include "protocols/greeting/udp_prober.hpp"

namespace natcheck::client {
namespace {

using greeting::udp_prober;
using net::udp;
using net::asio::awaitable;
using std::chrono::steady_clock;

constexpr auto asking = operation_code::asking_over_udp;

bool is_no_delivery(outcome kind) {
  return kind == outcome::refused || kind == outcome::unreachable;
}

/// The kernel has errors of its own for some ICMP messages. One of them only tells the MTU.
bool is_no_delivery(const net::socket_error& told) {
  if (told.icmp) return told.error.value() != EMSGSIZE;
  return is_no_delivery(net::failure_from(asking, told.error).kind);
}

/// One socket, and the questions asked from it.
class udp_exchange {
 public:
  udp_exchange(const handshake_options& options, unsigned count,
               std::function<void(const handshake_evidence&)> on_settled)
      : options_(options),
        on_settled_(std::move(on_settled)),
        machine_(options.target, options.session, count) {}

  awaitable<std::vector<handshake_evidence>> run();

 private:
  std::optional<failure> open(const net::asio::any_io_executor& executor);
  void send_due();
  void send(std::string_view datagram);
  void receive_all();
  bool note_refusals();
  void tell();

  const handshake_options& options_;
  std::function<void(const handshake_evidence&)> on_settled_;
  udp_prober machine_;
  std::optional<udp::socket> socket_;
  std::vector<handshake_evidence> told_;
};

/// Connected, so that the kernel tells of ICMP errors and drops what comes from anyone else.
std::optional<failure> udp_exchange::open(const net::asio::any_io_executor& executor) {
  const auto& target = options_.target;
  const address any = target.ip.is_v6() ? address(boost::asio::ip::address_v6::any())
                                        : address(boost::asio::ip::address_v4::any());
  const net::source from{any, options_.interface};
  if (!from.interface.empty()) {
    auto refused = net::route_refusal(asking, from, transport::udp, target);
    if (refused) return refused;
  }
  auto opened = net::open_udp(executor, from, asking);
  if (!opened) return opened.error();
  socket_.emplace(std::move(*opened));
  net::error_code error;
  socket_->connect({target.ip, target.port}, error);
  if (error) return net::route_failure(asking, target.ip, error);
  net::keep_errors(socket_->native_handle());
  return std::nullopt;
}

/// Each ICMP error once: what a call of the socket fails with is one of them as well.
/// Whether there was any.
bool udp_exchange::note_refusals() {
  bool any = false;
  while (const auto refusal = net::next_error(socket_->native_handle())) {
    if (!is_no_delivery(*refusal)) continue;
    failure failed = net::failure_from(asking, refusal->error);
    const auto result =
        failed.kind == outcome::refused ? probe_result::refused : probe_result::unreachable;
    if (!is_no_delivery(failed.kind)) failed.detail = {};
    machine_.handle_refusal(steady_clock::now(), {result, failed.detail, refusal->icmp});
    any = true;
  }
  return any;
}

/// An error here may still be about an earlier datagram; then this one was not sent.
void udp_exchange::send(std::string_view datagram) {
  net::error_code error;
  socket_->send(net::asio::buffer(datagram), 0, error);
  if (!error) return;
  const bool noted = note_refusals();
  const bool earlier = noted || is_no_delivery(net::failure_from(asking, error).kind);
  if (earlier) socket_->send(net::asio::buffer(datagram), 0, error);
  if (!error || error == net::asio::error::would_block) return;
  const failure failed = net::failure_from(asking, error);
  machine_.handle_refusal(
      steady_clock::now(),
      {probe_result::unreachable, failed.detail, {}, true, failed.kind == outcome::unavailable});
}

void udp_exchange::send_due() {
  if (!machine_.is_due(steady_clock::now())) return;
  greeting::fresh anew{random_hex(16), random_bytes(udp_prober::payload_size)};
  note_refusals();
  send(machine_.next_datagram(steady_clock::now(), std::move(anew)));
}

void udp_exchange::receive_all() {
  note_refusals();
  std::array<char, 2048> buffer;
  // A flood of answers does not keep us beyond the time.
  for (int i = 0; i < 64; ++i) {
    net::error_code error;
    const auto length = socket_->receive(net::asio::buffer(buffer), 0, error);
    if (error == net::asio::error::would_block) return;
    if (error) {
      note_refusals();
    } else {
      machine_.handle_datagram(steady_clock::now(), std::string_view(buffer.data(), length));
    }
  }
}

void udp_exchange::tell() {
  while (auto settled = machine_.poll_settled(steady_clock::now())) {
    told_.push_back(std::move(*settled));
    if (on_settled_) on_settled_(told_.back());
  }
}

handshake_evidence not_asked(const failure& why) {
  handshake_evidence evidence;
  evidence.result = probe_result::unreachable;
  evidence.local_fault = true;
  evidence.machine_fault = why.kind == outcome::unavailable;
  evidence.detail = why.detail;
  return evidence;
}

awaitable<std::vector<handshake_evidence>> udp_exchange::run() {
  const auto executor = co_await net::asio::this_coro::executor;
  if (const auto failed = open(executor)) {
    told_.push_back(not_asked(*failed));
    co_return std::move(told_);
  }
  for (;;) {
    const auto now = steady_clock::now();
    if (now >= options_.deadline || machine_.finished(now)) break;
    send_due();
    const auto wake = std::min(machine_.next_timeout(), options_.deadline);
    // Waiting and reading are separate so that the end of the wait swallows no datagram.
    const auto readable = co_await net::with_deadline(wake, net::wait_readable(*socket_));
    if (readable) receive_all();
    tell();
  }
  auto rest = machine_.finish(steady_clock::now());
  std::move(rest.begin(), rest.end(), std::back_inserter(told_));
  if (told_.empty()) {
    told_.push_back(not_asked({outcome::cut_short, asking, cause_code::nothing_sent_in_time, 0}));
  }
  co_return std::move(told_);
}

}  // namespace

awaitable<std::vector<handshake_evidence>> ask_by_datagram(
    handshake_options options, unsigned count,
    std::function<void(const handshake_evidence&)> on_settled) {
  udp_exchange asker(options, count, std::move(on_settled));
  co_return co_await asker.run();
}

}  // namespace natcheck::client
