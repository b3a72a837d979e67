
#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>
#include <natcheck/report.hpp>
#include <natcheck/serve.hpp>

#include "arrivals/arrival_watch.hpp"
#include "arrivals/nat_rules.hpp"
#include "calls/option_checks.hpp"
#include "calls/serial.hpp"
#include "diagnosis/visitor_location.hpp"
#include "mapping/external_addresses.hpp"
#include "mapping/mapping_manager.hpp"
#include "mapping/mapping_reports.hpp"
#include "net/event.hpp"
#include "net/host_network.hpp"
#include "net/own_addresses.hpp"
#include "net/random.hpp"
#include "net/when_all.hpp"
#include "server/connection_table.hpp"
#include "server/listeners.hpp"
#include "server/self_test.hpp"
#include "server/session_log.hpp"

namespace natcheck::serving {
namespace {

using net::tcp;
using net::asio::awaitable;

/// Rest after accept() failed for lack of something (descriptors, memory) that others must free.
constexpr std::chrono::milliseconds accept_rest{50};

/// `options.external_port` is set.
mappings::manager_options to_be_mapped(const serve_options& options) {
  mappings::manager_options wanted;
  wanted.internal_port = options.port;
  wanted.external_port = *options.external_port;
  wanted.protocols = options.protocols;
  wanted.via = options.via;
  wanted.lifetime = options.lifetime;
  wanted.any_port = options.any_port;
  wanted.asked = {options.interface, options.gateway};
  wanted.stun_servers = options.stun_servers;
  return wanted;
}

/// Everything that one run of `serve` has.
class server {
 public:
  server(net::asio::any_io_executor executor, serve_options options,
         std::function<void(const serve_event&)> observer)
      : executor_(std::move(executor)),
        options_(std::move(options)),
        observer_(std::move(observer)),
        session_log_([this](const auto& event) {
          std::visit([this](const auto& e) { this->report_now(e); }, event);
        }),
        session_ended_(executor_),
        end_(executor_),
        addresses_([this](const auto& event) { this->report_now(event); }) {}

  awaitable<result<events::stopped>> run();

 private:
  std::optional<failure> listen();
  void begin_accepting();
  awaitable<void> accept_on(tcp::acceptor& acceptor);
  awaitable<void> keep_mappings();
  awaitable<void> insist_on_map();
  awaitable<void> test_self();
  awaitable<void> report_summaries();
  awaitable<std::exception_ptr> run_until_end();
  awaitable<void> clean_up();
  net::coroutines all_works();
  failure no_mapping() const;
  void count(const session_result& end);
  void complete(serve_event& event);
  void update(const serve_event& event);
  void report(serve_event event);
  void know_outside();
  page_facts facts_of_sender(const events::greeted& visitor) const;
  std::optional<endpoint> hairpin_target(transport protocol) const;
  diagnosis without_repetition(diagnosis judged);
  template <class Event>
  void report_now(const Event& event) {
    report({std::chrono::system_clock::now(), event});
  }

  net::asio::any_io_executor executor_;
  serve_options options_;
  std::function<void(const serve_event&)> observer_;
  net::steady_time start_ = std::chrono::steady_clock::now();
  listening_sockets sockets_;
  server_identity identity_;
  std::shared_ptr<connection_table> connections_;
  std::unique_ptr<arrivals::arrival_watch> arrivals_;
  std::unique_ptr<mappings::mapping_manager> mappings_;
  session_log session_log_;
  net::event session_ended_;  ///< the time of the next summary may be another
  net::event end_;            ///< the server has to end
  std::optional<failure> failed_;
  std::optional<failure> local_fault_;       ///< why the router could not even be asked
  std::string own_session_ = random_hex(8);  ///< of visits that this server pays to itself
  mappings::external_addresses addresses_;
  /// The NAT rules of this host that lead the port elsewhere, by transport.
  std::array<arrivals::nat_rule_search, 2> redirects_;  ///< by transport
  std::vector<std::string> reported_findings_;          ///< of the self-test
};

void server::report(serve_event event) {
  complete(event);
  update(event);
  observer_(event);
  connections_->set_outside(addresses_.of(transport::tcp));
  addresses_.settle();
}

/// What the lease does not know of its mapping is where others find it.
void server::complete(serve_event& event) {
  if (auto* mapped = std::get_if<events::mapped>(&event.what)) {
    addresses_.open(mapped->entry, mapped->probe_command, mapped->external);
  } else if (auto* again = std::get_if<events::remapped>(&event.what)) {
    addresses_.open(again->entry, again->probe_command, again->external);
  } else if (auto* greeted = std::get_if<events::greeted>(&event.what)) {
    if (!greeted->from) greeted->from = judging::location_of(facts_of_sender(*greeted));
  }
}

/// Of one who came by datagram.
page_facts server::facts_of_sender(const events::greeted& visitor) const {
  page_facts facts{visitor.peer, {}, addresses_.of(transport::udp), {}, {}, {}, visitor.ttl};
  if (!mappings_) return facts;
  const external_evidence here = mappings_->outside();
  if (here.local) facts.local.ip = *here.local;
  facts.gateway = here.gateway;
  return facts;
}

/// What the server itself has to know of an event.
void server::update(const serve_event& event) {
  if (const auto* direct = std::get_if<events::map_not_needed>(&event.what)) {
    addresses_.open_directly(direct->protocol, direct->external, direct->probe_command);
  } else if (const auto* failed = std::get_if<events::map_failed>(&event.what)) {
    local_fault_ = mappings::local_fault_of(failed->evidence);
    addresses_.fail(failed->evidence.protocol, failed->evidence.external_port);
  } else if (const auto* lost = std::get_if<events::mapping_lost>(&event.what)) {
    if (lost->entry.internal.ip.is_v4()) addresses_.lose(lost->entry.protocol);
  }
}

void server::know_outside() {
  const external_evidence seen = mappings_->outside();
  addresses_.know(seen);
  connections_->set_gateway(seen.gateway);
  connections_->set_outside(addresses_.of(transport::tcp));
  addresses_.settle();
}

// --- listening -----------------------------------------------------------------------------

std::optional<failure> server::listen() {
  auto opened = listen_everywhere(executor_, options_, identity_,
                                  [this](const session_result& end) { count(end); });
  if (!opened) return opened.error();
  sockets_ = *std::move(opened);
  options_.port = sockets_.at.front().second.port;
  return std::nullopt;
}

/// Tells where it listens, and lets visitors in.
void server::begin_accepting() {
  connections_ = std::make_shared<connection_table>(executor_, identity_,
                                                    [this](const session_result& e) { count(e); });
  for (const auto& [protocol, local] : sockets_.at) report_now(events::listening{protocol, local});
  arrivals_ = std::make_unique<arrivals::arrival_watch>(
      executor_, options_.protocols, options_.port, [this](const arrival_evidence& seen) {
        report_now(events::blocked{seen, diagnose(seen)});
      });
  connections_->on_accepted(
      [this](const endpoint& peer) { arrivals_->accepted(transport::tcp, peer); });
  if (sockets_.datagrams) {
    sockets_.datagrams->on_datagram = [this](const endpoint& peer) {
      arrivals_->accepted(transport::udp, peer);
    };
  }
  report_now(arrivals_->begin());
  for (const transport protocol : options_.protocols) {
    auto& search = redirects_[static_cast<std::size_t>(protocol)];
    search = arrivals::read_nat_rule(protocol, options_.port, false);
    if (!search.found) continue;
    const redirect_evidence seen{protocol, options_.port, *search.found};
    report_now(events::redirected{seen, diagnose(seen)});
  }
}

void server::count(const session_result& end) {
  const auto* greeted = std::get_if<events::greeted>(&end);
  const auto* rejected = std::get_if<events::rejected>(&end);
  if (greeted != nullptr && greeted->session == own_session_) {
    return arrivals_->was_ourselves(greeted->protocol, greeted->peer);
  }
  if (rejected != nullptr && arrivals_->may_be_own(rejected->peer.ip)) return;
  session_log_.add(end, std::chrono::steady_clock::now());
  session_ended_.set();
  if (greeted != nullptr && options_.once) end_.set();
}

awaitable<void> server::report_summaries() {
  for (;;) {
    session_ended_.reset();
    co_await net::with_deadline(session_log_.due(), session_ended_.wait());
    session_log_.settle(std::chrono::steady_clock::now());
  }
}

awaitable<void> server::accept_on(tcp::acceptor& acceptor) {
  for (;;) {
    tcp::endpoint peer;  // known only now where the visitor is gone already
    auto [error, socket] = co_await acceptor.async_accept(peer, net::as_result);
    if (!error) {
      connections_->admit(std::move(socket), {peer.address(), peer.port()});
      continue;
    }
    // Out of descriptors: someone makes room. Other errors belong to the one connection that has
    // gone away meanwhile.
    connections_->evict_one();
    co_await net::wait_for(accept_rest);
  }
}

// --- the doors -----------------------------------------------------------------------------

awaitable<void> server::keep_mappings() {
  if (!mappings_) co_return;
  const auto kept = co_await mappings_->run();
  if (kept) co_return;
  failed_ = kept.error();
  end_.set();
}

awaitable<void> server::insist_on_map() {
  if (!mappings_ || !options_.require_map) co_return;
  co_await mappings_->attempted();
  co_await net::unless_cancelled();
  if (mappings_->all_open()) co_return;
  failed_ = no_mapping();
  end_.set();
}

failure server::no_mapping() const {
  if (local_fault_) return *local_fault_;
  return {outcome::refused,
          {operation_code::opening_port, *options_.external_port},
          cause_code::mapping_required,
          0};
}

/// Only to where the Internet finds this server: the gateway could name any address.
std::optional<endpoint> server::hairpin_target(transport protocol) const {
  const auto target = addresses_.confirmed(protocol);
  const auto own = net::read_own_addresses();
  const bool is_own = target && std::binary_search(own.begin(), own.end(), target->ip);
  return is_own ? std::nullopt : target;
}

/// What the test over TCP and that over UDP both found is said once.
diagnosis server::without_repetition(diagnosis judged) {
  std::erase_if(judged.findings, [this](const finding& one) {
    return std::find(reported_findings_.begin(), reported_findings_.end(), one.summary) !=
           reported_findings_.end();
  });
  for (const finding& one : judged.findings) reported_findings_.push_back(one.summary);
  return judged;
}

/// Once, as soon as it is known whether there is an external address to test as well.
awaitable<void> server::test_self() {
  if (mappings_) co_await mappings_->attempted_ipv4();
  if (mappings_) co_await mappings_->asked_outside();
  co_await net::unless_cancelled();
  const auto host = net::read_host_network({options_.interface, options_.gateway});
  std::optional<address> lan;
  if (host && host->ipv4) lan = host->ipv4->local;
  for (const transport protocol : options_.protocols) {
    const auto outside = hairpin_target(protocol);
    if (outside) arrivals_->expect_own({outside->ip, mappings_->outside().gateway});
    auto seen = co_await serving::test_self(protocol, options_.port, lan, outside, own_session_);
    arrivals_->expect_no_more();
    const auto& search = redirects_[static_cast<std::size_t>(protocol)];
    seen.led_away = search.found;
    seen.nat_read = search.able;
    co_await net::unless_cancelled();
    report_now(events::self_tested{seen, without_repetition(diagnose(seen))});
  }
}

// --- the whole -----------------------------------------------------------------------------

net::coroutines server::all_works() {
  net::coroutines works;
  for (tcp::acceptor& acceptor : sockets_.acceptors) works.push_back(accept_on(acceptor));
  if (sockets_.datagrams) works.push_back(sockets_.datagrams->run());
  works.push_back(arrivals_->run());
  works.push_back(keep_mappings());
  works.push_back(insist_on_map());
  works.push_back(test_self());
  works.push_back(report_summaries());
  return works;
}

/// Gives what ended it, where that was a fault: the doors have to be closed anyway.
awaitable<std::exception_ptr> server::run_until_end() {
  const auto end = options_.run_for ? std::chrono::steady_clock::now() + *options_.run_for
                                    : net::steady_time::max();
  try {
    co_await net::when_any(end_.wait(), net::wait_until(end), net::when_all(all_works()));
  } catch (...) {
    co_return std::current_exception();
  }
  co_return nullptr;
}

awaitable<void> server::clean_up() {
  sockets_.acceptors.clear();
  if (sockets_.datagrams) sockets_.datagrams->close();
  // First the visitors: their descriptors may be needed to talk to the gateway.
  co_await connections_->close_all();
  if (mappings_) co_await mappings_->close();
}

awaitable<result<events::stopped>> server::run() {
  identity_ = {random_hex(4), std::string(version()), {}, {}, std::make_shared<net::vicinity>()};
  if (auto failed = listen()) co_return *failed;
  begin_accepting();
  if (options_.external_port) {
    mappings_ = std::make_unique<mappings::mapping_manager>(
        executor_, to_be_mapped(options_), [this](const serve_event& event) { report(event); },
        [this] { know_outside(); });
  }
  const std::exception_ptr fault = co_await run_until_end();
  // Whatever ended it, what was opened on the gateway is closed before anything else happens.
  const auto state = co_await net::asio::this_coro::cancellation_state;
  const bool cancelled = state.cancelled() != net::asio::cancellation_type::none;
  co_await net::asio::this_coro::reset_cancellation_state(net::asio::disable_cancellation());
  if (mappings_ && !cancelled) mappings_->conclude();
  const bool insists = mappings_ && !cancelled && !failed_ && options_.require_map;
  if (insists && !mappings_->all_open()) failed_ = no_mapping();
  co_await clean_up();
  co_await net::asio::this_coro::reset_cancellation_state(
      net::asio::enable_terminal_cancellation());
  session_log_.close(std::chrono::steady_clock::now());
  const events::stopped totals{session_log_.greeted(), session_log_.rejected(), net::since(start_),
                               arrivals_->arrived()};
  report_now(totals);
  if (fault && !cancelled) std::rethrow_exception(fault);
  if (failed_) co_return *failed_;
  co_return totals;
}

awaitable<result<events::stopped>> run(serve_options options,
                                       std::function<void(const serve_event&)> observer) {
  if (const auto wrong = calls::check(options)) co_return *wrong;
  const auto executor = co_await net::asio::this_coro::executor;
  server running(executor, std::move(options), std::move(observer));
  co_return co_await running.run();
}

}  // namespace
}  // namespace natcheck::serving

namespace natcheck {

boost::asio::awaitable<result<events::stopped>> serve(
    serve_options options, std::function<void(const serve_event&)> observer) {
  return calls::serially(serving::run(std::move(options), std::move(observer)));
}

}  // namespace natcheck
