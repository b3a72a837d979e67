#include "portmap/gateway_exchange.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <array>
#include <cmath>
#include <utility>

#include "core/gateway_services.hpp"
#include "net/drive.hpp"
#include "net/route_refusal.hpp"
#include "protocols/lease/transaction.hpp"

namespace natcheck::portmap {
namespace {

using net::udp;
using net::asio::awaitable;

/// The sockets of one request. The one that asks is connected, so the kernel drops what does not
/// come from the gateway and its port, and tells of a closed port.
struct sockets {
  udp::socket asking;
  udp::socket stray;  ///< same port, not connected: gets what others send
};

result<sockets> open_sockets(const net::asio::any_io_executor& executor,
                             const gateway_access& access, const operation& tried) {
  const endpoint server{access.gateway, access.port_control_port};
  auto refused = net::route_refusal(tried, access.from, transport::udp, server);
  if (refused) return *std::move(refused);
  auto opened = net::open_udp(executor, access.from, tried);
  if (!opened) return opened.error();
  sockets both{std::move(*opened), udp::socket(executor)};
  const net::asio::socket_base::reuse_address shared(true);
  net::error_code error;
  const auto local = both.asking.local_endpoint(error);
  both.asking.set_option(shared, error);
  net::error_code ignored;  // without it nothing is lost but a name in a message
  both.stray.open(local.protocol(), ignored);
  both.stray.set_option(shared, ignored);
  both.stray.non_blocking(true, ignored);
  both.stray.bind(local, ignored);
  both.asking.connect({server.ip, server.port}, error);
  if (error) return net::failure_from(tried, error);
  return both;
}

/// Of another than the gateway.
std::optional<endpoint> stray_sender(udp::socket& stray) {
  std::array<char, 64> datagram;
  udp::endpoint from;
  net::error_code error;
  stray.receive_from(net::asio::buffer(datagram), from, 0, error);
  if (error) return std::nullopt;
  return endpoint{from.address(), from.port()};
}

failure failure_of(const lease::fault& fault) {
  const bool other_version = fault.kind == lease::fault_kind::other_version;
  failure why{other_version ? outcome::refused : outcome::malformed, {}, fault.reason};
  // Version 0 is no PCP of another version, but another protocol.
  if (fault.version.value_or(0) != 0) {
    why.code = lease::unsupported_version;
    why.refusal = mapping_refusal::unsupported_version;
  }
  return why;
}

/// Why there is no answer, or no usable one.
failure failure_of(const lease::transaction& ended, udp::socket& stray) {
  if (ended.error()) return net::failure_from({}, ended.error());
  if (ended.fault()) return failure_of(*ended.fault());
  if (ended.cut_short()) {
    const auto waited = ended.waited(std::chrono::steady_clock::now());
    return {outcome::cut_short, {}, {cause_code::no_answer_in, std::lround(waited.count())}};
  }
  const auto whole = lease::schedule.back().count();
  const auto other = stray_sender(stray);
  return {outcome::timed_out,
          {},
          other ? cause(cause_code::no_answer_but_from, ended.attempts(), whole, *other)
                : cause(cause_code::no_answer_to_requests, ended.attempts(), whole)};
}

exchange_end end_of(const lease::transaction& ended, const lease::codec& by, udp::socket& stray) {
  exchange_end finished;
  finished.attempts = ended.attempts();
  if (const auto& answer = ended.answer()) {
    finished.answer = answer;
    finished.version = by.version;
    finished.rtt = ended.rtt();
    const auto meaning = lease::meaning_of(by, answer->result);
    finished.why = {outcome::refused, {}, meaning.why, meaning.result, meaning.refusal};
    return finished;
  }
  finished.why = failure_of(ended, stray);
  if (ended.fault()) finished.version = ended.fault()->version;
  return finished;
}

awaitable<exchange_end> run(const gateway_access& access, const lease::codec& by,
                            const lease::request& request, operation tried,
                            net::steady_time deadline) {
  const auto executor = co_await net::asio::this_coro::executor;
  auto opened = open_sockets(executor, access, tried);
  if (!opened) {
    exchange_end failed;
    failed.why = opened.error();
    // A socket that cannot even send is this machine's own fault, whatever it is called.
    if (failed.why.kind != outcome::denied) failed.why.kind = outcome::unavailable;
    co_return failed;
  }
  lease::transaction machine(by, request, {access.gateway, access.port_control_port},
                             std::chrono::steady_clock::now(), deadline);
  auto sent = [&machine](const endpoint&, const net::error_code& error) {
    machine.handle_sent(error);
  };
  auto end = net::drive_end::event;
  while (end == net::drive_end::event) {
    end = co_await net::drive(opened->asking, machine, net::steady_time::max(), sent);
  }
  auto finished = end_of(machine, by, opened->stray);
  finished.why.operation = std::move(tried);
  co_return finished;
}

}  // namespace

bool succeeded(const exchange_end& finished) {
  return finished.answer && finished.answer->result == 0;
}

bool speaks(const exchange_end& finished) {
  return finished.answer && finished.why.refusal != mapping_refusal::unsupported_version;
}

operation operation_of(const gateway_access& access, const lease::codec& by, operation_code tried) {
  return {tried, endpoint{access.gateway, access.port_control_port}, row_of(by.via).name};
}

awaitable<exchange_end> exchange(const gateway_access& access, const lease::codec& by,
                                 const lease::request& request, operation_code tried,
                                 net::steady_time deadline) {
  auto finished = co_await run(access, by, request, operation_of(access, by, tried), deadline);
  spdlog::debug("{}{}", to_string(finished.why),
                finished.rtt ? fmt::format(" ({:.1f} ms)", finished.rtt->count()) : "");
  co_return finished;
}

}  // namespace natcheck::portmap
