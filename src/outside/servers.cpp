#include "outside/servers.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <natcheck/causes.hpp>

#include "core/canonical.hpp"
#include "net/event.hpp"
#include "net/resolver.hpp"
#include "outside/stun_name.hpp"

namespace natcheck::outside {
namespace {

using net::asio::awaitable;
using std::chrono::milliseconds;

/// Other names than the first to be known have as long again as that one took, and at least this.
constexpr milliseconds least_grace{100};

/// Whoever names an address means it; a name is to lead outside.
void take(const std::vector<address>& found, stun_server& server) {
  for (const address& ip : found) {
    const bool diverted = !server.is_literal && cannot_be_outside(ip);
    (diverted ? server.diverted_to : server.addresses).push_back(ip);
  }
  server.why_not = found.empty() ? cause(cause_code::name_without_address) : cause();
}

/// The lookups of all names, and when to stop waiting for the rest of them.
class lookups {
 public:
  lookups(net::asio::any_io_executor executor, std::vector<std::string> names,
          net::steady_time deadline);

  awaitable<std::vector<stun_server>> run();

 private:
  awaitable<void> look_up(std::size_t number);
  awaitable<void> wait();

  net::steady_time start_ = std::chrono::steady_clock::now();
  net::steady_time end_;  ///< when the waiting is over
  net::event one_known_;
  std::vector<server_name> names_;
  std::vector<stun_server> servers_;
};

lookups::lookups(net::asio::any_io_executor executor, std::vector<std::string> names,
                 net::steady_time deadline)
    : end_(deadline), one_known_(executor) {
  for (const std::string& name : names) {
    names_.push_back(read_server_name(name));
    stun_server server;
    server.name = names_.back().text();
    server.port = names_.back().port;
    server.why_not = cause_code::resolved_too_late;
    server.is_literal = parse_endpoint(server.name, server.port).has_value();
    servers_.push_back(std::move(server));
  }
}

awaitable<void> lookups::look_up(std::size_t number) {
  const std::string host = names_[number].host;
  const auto found = co_await net::resolve(host, end_);
  stun_server& server = servers_[number];
  if (!found) {
    server.why_not = found.error().detail;
    spdlog::debug("{}", to_string(found.error()));
    co_return;
  }
  take(*found, server);
  if (server.addresses.empty() || one_known_.is_set()) co_return;
  const auto now = std::chrono::steady_clock::now();
  end_ = std::min(end_, now + std::max<net::steady_time::duration>(now - start_, least_grace));
  one_known_.set();
}

awaitable<void> lookups::wait() {
  co_await net::with_deadline(end_, one_known_.wait());
  co_await net::wait_until(end_);  // it may be sooner now
}

awaitable<std::vector<stun_server>> lookups::run() {
  net::coroutines works;
  for (std::size_t i = 0; i < names_.size(); ++i) works.push_back(look_up(i));
  co_await net::when_any(wait(), net::when_all(std::move(works)));
  co_return std::move(servers_);
}

}  // namespace

bool cannot_be_outside(const address& ip) {
  switch (scope_of(canonical(ip))) {
    case address_scope::unspecified:
    case address_scope::loopback:
    case address_scope::link_local:
    case address_scope::private_use:
    case address_scope::unique_local:
      return true;
    default:
      return false;
  }
}

cause describe_diversion(const address& to) { return {cause_code::resolves_to_own_network, to}; }

std::string server_name::text() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return is_ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

server_name read_server_name(std::string_view text) {
  if (const auto literal = parse_endpoint(text, default_stun_port)) {
    return {literal->ip.to_string(), literal->port};
  }
  server_name name{std::string(text), default_stun_port};
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return name;
  const std::string_view digits = text.substr(colon + 1);
  const auto end = digits.data() + digits.size();
  std::uint16_t port = 0;
  const auto read = std::from_chars(digits.data(), end, port);
  if (read.ec != std::errc() || read.ptr != end || port == 0) return name;
  return {std::string(text.substr(0, colon)), port};
}

awaitable<std::vector<stun_server>> find_servers(std::vector<std::string> names,
                                                 net::steady_time deadline) {
  lookups all(co_await net::asio::this_coro::executor, std::move(names), deadline);
  co_return co_await all.run();
}

}  // namespace natcheck::outside
