#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/v6_only.hpp>
#include <exception>
#include <memory>
#include <natcheck/report.hpp>
#include <natcheck/serve.hpp>

#include "app/crowd.hpp"
#include "app/lease_keeper.hpp"
#include "net/host_network.hpp"
#include "net/random.hpp"

namespace natcheck {
namespace {

using net::tcp;
using net::asio::awaitable;

/// Rest after accept() failed for lack of something (descriptors, memory) that others must free.
constexpr std::chrono::milliseconds accept_rest{50};

tcp::acceptor listen_on(const net::asio::any_io_executor& executor, const endpoint& local,
                        net::error_code& error) {
  tcp::acceptor acceptor(executor);
  const tcp::endpoint raw(local.ip, local.port);
  acceptor.open(raw.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error && local.ip.is_v6()) acceptor.set_option(net::asio::ip::v6_only(true), error);
  if (!error) acceptor.bind(raw, error);
  if (!error) acceptor.listen(net::asio::socket_base::max_listen_connections, error);
  return acceptor;
}

/// A machine without that version of IP is no fault.
bool is_switched_off(const net::error_code& error) {
  return error.value() == EAFNOSUPPORT || error.value() == EADDRNOTAVAIL;
}

failure cannot_listen(const endpoint& local, const net::error_code& error) {
  failure failed = net::failure_from("listening on " + to_string(local) + " (TCP)", error);
  if (error.value() == EADDRINUSE) {
    failed.detail +=
        fmt::format("; `ss -ltnp 'sport = :{}'` names it, or listen on another port", local.port);
  } else if (error.value() == EACCES && local.port < 1024) {
    failed.detail +=
        fmt::format("; ports below 1024 take root, so listen on a higher one: --map {}:{}",
                    local.port, local.port + 8000);
  }
  return failed;
}

/// Everything that one run of `serve` has.
class server {
 public:
  server(net::asio::any_io_executor executor, serve_options options,
         std::function<void(const serve_event&)> observer)
      : executor_(std::move(executor)),
        options_(std::move(options)),
        observer_(std::move(observer)),
        end_(executor_, net::steady_time::max()) {}

  awaitable<result<events::stopped>> run();

 private:
  std::optional<failure> listen();
  std::optional<failure> prepare_mapping();
  awaitable<void> accept_on(tcp::acceptor& acceptor);
  awaitable<void> accept_all();
  awaitable<void> keep_mapping();
  awaitable<std::exception_ptr> work();
  awaitable<std::exception_ptr> run_until_end();
  awaitable<void> clean_up();
  failure no_mapping() const;
  void count(const visit_end& end);
  template <class Event>
  void tell(const Event& event) {
    observer_({std::chrono::system_clock::now(), event});
  }

  net::asio::any_io_executor executor_;
  serve_options options_;
  std::function<void(const serve_event&)> observer_;
  net::steady_time start_ = std::chrono::steady_clock::now();
  std::vector<tcp::acceptor> acceptors_;
  std::shared_ptr<crowd> crowd_;
  std::unique_ptr<lease_keeper> keeper_;
  net::asio::steady_timer end_;  ///< expires, or is cancelled, when the server has to end
  std::optional<failure> failed_;
  events::stopped totals_;
};

std::optional<failure> server::listen() {
  std::uint16_t port = options_.port;
  const std::array<address, 2> anywhere{boost::asio::ip::address_v4::any(),
                                        boost::asio::ip::address_v6::any()};
  std::optional<failure> why;
  for (const address& any : anywhere) {
    net::error_code error;
    tcp::acceptor acceptor = listen_on(executor_, {any, port}, error);
    if (error) why = cannot_listen({any, port}, error);
    if (error && is_switched_off(error)) continue;
    if (error) return why;
    // Port 0 lets the kernel choose; both families then have the same one.
    port = acceptor.local_endpoint(error).port();
    acceptors_.push_back(std::move(acceptor));
  }
  if (acceptors_.empty()) return why;
  options_.port = port;
  return std::nullopt;
}

void server::count(const visit_end& end) {
  if (const auto* greeted = std::get_if<events::greeted>(&end)) {
    ++totals_.greeted;
    tell(*greeted);
    if (options_.once) end_.cancel();
  } else {
    ++totals_.rejected;
    tell(std::get<events::rejected>(end));
  }
}

awaitable<void> server::accept_on(tcp::acceptor& acceptor) {
  net::asio::steady_timer rest(executor_);
  for (;;) {
    auto [error, socket] = co_await acceptor.async_accept(net::as_result);
    if (!error) {
      crowd_->admit(std::move(socket));
      continue;
    }
    // Out of descriptors: somebody makes room. Other errors belong to the one connection that has
    // gone away meanwhile.
    crowd_->make_room();
    rest.expires_after(accept_rest);
    co_await rest.async_wait(net::as_result);
  }
}

awaitable<void> server::accept_all() {
  using namespace net::asio::experimental::awaitable_operators;
  if (acceptors_.size() == 1) co_return co_await accept_on(acceptors_.front());
  co_await (accept_on(acceptors_.front()) && accept_on(acceptors_.back()));
}

awaitable<void> server::keep_mapping() {
  if (!keeper_) co_return;
  const bool mapped = co_await keeper_->keep();
  if (mapped || !options_.require_map) co_return;
  failed_ = no_mapping();
  end_.cancel();
}

/// A fault is handed on as a value: as an exception it would end only its own side of the `||`
/// below, and leave a server that is deaf.
awaitable<std::exception_ptr> server::work() {
  using namespace net::asio::experimental::awaitable_operators;
  try {
    co_await (keep_mapping() && accept_all());
  } catch (const net::asio::multiple_exceptions& faults) {  // the other side was cancelled
    co_return faults.first_exception();
  } catch (...) {
    co_return std::current_exception();
  }
  co_return nullptr;
}

awaitable<std::exception_ptr> server::run_until_end() {
  using namespace net::asio::experimental::awaitable_operators;
  if (options_.run_for) end_.expires_after(*options_.run_for);
  auto first = co_await (end_.async_wait(net::as_result) || work());
  co_return first.index() == 1 ? std::get<1>(std::move(first)) : nullptr;
}

/// Finds out whom to ask for the mapping, or says why nobody can be asked.
std::optional<failure> server::prepare_mapping() {
  const auto host = net::read_host_network({options_.interface, options_.gateway});
  if (!host) return host.error();
  const auto& way = host->ipv4;
  if (way && is_public(way->local)) {
    const endpoint external{way->local, options_.port};
    tell(events::map_not_needed{external, probe_command(external.ip, external.port)});
    return std::nullopt;
  }
  if (way && way->gateway) {
    keeper_ = std::make_unique<lease_keeper>(
        portmap::gateway_access{*way->gateway, {way->local, way->interface}, way->interface_index},
        lease_options{options_.port, *options_.external_port, options_.lifetime, options_.via},
        [this](const lease_event& event) {
          std::visit([this](const auto& e) { tell(e); }, event);
        });
    return std::nullopt;
  }
  mapping_evidence nobody;
  if (way) nobody.internal = {way->local, options_.port};
  nobody.external_port = *options_.external_port;
  tell(events::map_failed{nobody, diagnose(nobody)});
  if (options_.require_map) failed_ = no_mapping();
  return std::nullopt;
}

failure server::no_mapping() const {
  return {outcome::refused, fmt::format("opening port {}", *options_.external_port),
          "there is no mapping, and --require-map asks for one", 0};
}

awaitable<void> server::clean_up() {
  acceptors_.clear();
  // First the visitors: their descriptors may be needed to talk to the gateway.
  co_await crowd_->dismiss();
  if (keeper_) co_await keeper_->release();
}

awaitable<result<events::stopped>> server::run() {
  if (auto failed = listen()) co_return *failed;
  const server_identity identity{random_hex(4), std::string(version())};
  crowd_ = std::make_shared<crowd>(executor_, identity, [this](const visit_end& e) { count(e); });
  for (const tcp::acceptor& acceptor : acceptors_) {
    const auto local = acceptor.local_endpoint();
    tell(events::listening{transport::tcp, {local.address(), local.port()}});
  }
  if (options_.external_port) {
    if (auto failed = prepare_mapping()) co_return *failed;
  }
  std::exception_ptr fault;
  if (!failed_) fault = co_await run_until_end();
  // Whatever ended it, what was opened on the gateway is closed before anything else happens.
  const auto state = co_await net::asio::this_coro::cancellation_state;
  const bool cancelled = state.cancelled() != net::asio::cancellation_type::none;
  co_await net::asio::this_coro::reset_cancellation_state(net::asio::disable_cancellation());
  if (keeper_ && !cancelled) keeper_->conclude();
  if (keeper_ && !cancelled && options_.require_map && !keeper_->holds()) failed_ = no_mapping();
  co_await clean_up();
  co_await net::asio::this_coro::reset_cancellation_state(
      net::asio::enable_terminal_cancellation());
  totals_.uptime = net::since(start_);
  tell(totals_);
  if (fault && !cancelled) std::rethrow_exception(fault);
  if (failed_) co_return *failed_;
  co_return totals_;
}

}  // namespace

awaitable<result<events::stopped>> serve(serve_options options,
                                         std::function<void(const serve_event&)> observer) {
  const auto executor = co_await net::asio::this_coro::executor;
  server running(executor, std::move(options), std::move(observer));
  co_return co_await running.run();
}

}  // namespace natcheck
