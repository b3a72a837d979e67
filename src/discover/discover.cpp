#include <natcheck/discover.hpp>

#include "calls/option_checks.hpp"
#include "calls/serial.hpp"
#include "discover/discovery.hpp"
#include "discover/ipv4_gateway.hpp"
#include "net/host_network.hpp"

namespace natcheck {
namespace {

net::asio::awaitable<result<discover_report>> run(discover_options options) {
  const auto start = std::chrono::steady_clock::now();
  if (const auto wrong = calls::check(options)) co_return *wrong;
  discover_report report;
  report.started_at = std::chrono::system_clock::now();
  auto host = net::read_host_network({options.interface, options.gateway});
  if (!host) co_return host.error();
  report.evidence.host = std::move(*host);
  report.evidence.asked = {options.interface, options.gateway};
  co_await discovering::find_ipv4_gateway(report.evidence.host.ipv4, start + options.timeout / 2);
  co_await net::unless_cancelled();
  discovering::discovery asking(options, report.evidence, start + options.timeout,
                                co_await net::asio::this_coro::executor);
  co_await asking.run();
  report.judged = diagnose(report.evidence);
  report.elapsed = net::since(start);
  co_return report;
}

}  // namespace

// Of different operators, so that one that is down or wrong does not decide. The last two have a
// second address, as RFC 5780 wants it.
std::vector<std::string> default_stun_servers() {
  return {"stun.l.google.com:19302", "stun.cloudflare.com:3478", "stun.nextcloud.com:3478",
          "stun.voipgate.com:3478"};
}

boost::asio::awaitable<result<discover_report>> discover(discover_options options) {
  return calls::serially(run(std::move(options)));
}

}  // namespace natcheck
