#include "client/udp_handshake.hpp"

#include <algorithm>
#include <cerrno>
#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>

#include "net/drive.hpp"
#include "net/random.hpp"
#include "net/route_refusal.hpp"
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

/// One socket, and the questions asked from it: a machine of net::drive().
class udp_exchange {
 public:
  udp_exchange(const handshake_options& options, unsigned count,
               std::function<void(const handshake_evidence&)> on_settled)
      : options_(options),
        on_settled_(std::move(on_settled)),
        machine_(options.target, options.session, count) {}

  awaitable<std::vector<handshake_evidence>> run();

  std::optional<net::outgoing> poll_transmit(net::steady_time now);
  void handle_sent(std::size_t socket, const net::error_code& error);
  void handle_packet(net::steady_time now, std::size_t socket, const endpoint& from,
                     std::string_view datagram);
  void handle_error(net::steady_time now, std::size_t socket, const net::socket_error& error);
  net::steady_time next_timeout() const {
    return std::min(machine_.next_timeout(), options_.deadline);
  }
  bool finished(net::steady_time now);

 private:
  result<udp::socket> open(const net::asio::any_io_executor& executor) const;
  void report_settled(net::steady_time now);

  const handshake_options& options_;
  std::function<void(const handshake_evidence&)> on_settled_;
  udp_prober machine_;
  std::string datagram_;  ///< that is being sent
  std::vector<handshake_evidence> settled_;
};

/// Connected, so that the kernel tells of ICMP errors and drops what comes from anyone else.
result<udp::socket> udp_exchange::open(const net::asio::any_io_executor& executor) const {
  const auto& target = options_.target;
  const address any = target.ip.is_v6() ? address(boost::asio::ip::address_v6::any())
                                        : address(boost::asio::ip::address_v4::any());
  const net::source from{any, options_.interface};
  if (!from.interface.empty()) {
    auto refused = net::route_refusal(asking, from, transport::udp, target);
    if (refused) return *std::move(refused);
  }
  auto opened = net::open_udp(executor, from, asking);
  if (!opened) return opened;
  net::error_code error;
  opened->connect({target.ip, target.port}, error);
  if (error) return net::route_failure(asking, target.ip, error);
  net::keep_errors(opened->native_handle());
  return opened;
}

std::optional<net::outgoing> udp_exchange::poll_transmit(net::steady_time now) {
  if (now >= options_.deadline || machine_.finished(now) || !machine_.is_due(now)) {
    return std::nullopt;
  }
  greeting::fresh anew{random_hex(16), random_bytes(udp_prober::payload_size)};
  datagram_ = machine_.next_datagram(now, std::move(anew));
  return net::outgoing{0, options_.target, datagram_};
}

void udp_exchange::handle_sent(std::size_t /*socket*/, const net::error_code& error) {
  if (!error || error == net::asio::error::would_block) return;
  const failure failed = net::failure_from(asking, error);
  machine_.handle_refusal(
      steady_clock::now(),
      {probe_result::unreachable, failed.detail, {}, true, failed.kind == outcome::unavailable});
}

void udp_exchange::handle_packet(net::steady_time now, std::size_t /*socket*/,
                                 const endpoint& /*from*/, std::string_view datagram) {
  machine_.handle_datagram(now, datagram);
}

void udp_exchange::handle_error(net::steady_time now, std::size_t /*socket*/,
                                const net::socket_error& error) {
  if (!is_no_delivery(error)) return;
  failure failed = net::failure_from(asking, error.error);
  const auto result =
      failed.kind == outcome::refused ? probe_result::refused : probe_result::unreachable;
  if (!is_no_delivery(failed.kind)) failed.detail = {};
  machine_.handle_refusal(now, {result, failed.detail, error.icmp});
}

/// Asked after everything that happens.
bool udp_exchange::finished(net::steady_time now) {
  report_settled(now);
  return now >= options_.deadline || machine_.finished(now);
}

void udp_exchange::report_settled(net::steady_time now) {
  while (auto settled = machine_.poll_settled(now)) {
    settled_.push_back(std::move(*settled));
    if (on_settled_) on_settled_(settled_.back());
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
  auto socket = open(executor);
  if (!socket) {
    settled_.push_back(not_asked(socket.error()));
    co_return std::move(settled_);
  }
  co_await net::drive(std::span(&*socket, 1), *this);
  auto rest = machine_.finish(steady_clock::now());
  std::move(rest.begin(), rest.end(), std::back_inserter(settled_));
  if (settled_.empty()) {
    settled_.push_back(
        not_asked({outcome::cut_short, asking, cause_code::nothing_sent_in_time, 0}));
  }
  co_return std::move(settled_);
}

}  // namespace

awaitable<std::vector<handshake_evidence>> ask_by_datagram(
    handshake_options options, unsigned count,
    std::function<void(const handshake_evidence&)> on_settled) {
  udp_exchange asker(options, count, std::move(on_settled));
  co_return co_await asker.run();
}

}  // namespace natcheck::client
