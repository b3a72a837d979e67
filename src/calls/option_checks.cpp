#include "calls/option_checks.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <natcheck/causes.hpp>
#include <natcheck/operations.hpp>

#include "core/text.hpp"
#include "net/host_network.hpp"
#include "outside/stun_name.hpp"
#include "outside/web.hpp"

namespace natcheck::calls {
namespace {

using problem = std::optional<failure>;

template <class Value>
problem expect(bool good, const char* option, const Value& value, cause_code expected) {
  if (good) return std::nullopt;
  return failure{outcome::invalid,
                 {operation_code::reading_option, option, value},
                 {cause_code::expected, cause(expected)}};
}

problem first_of_all(std::initializer_list<problem> checks) {
  for (const problem& each : checks) {
    if (each) return each;
  }
  return std::nullopt;
}

problem check_interface(const std::string& name) {
  if (name.empty()) return std::nullopt;
  const auto host = net::read_host_network({name, std::nullopt});
  if (host) return std::nullopt;
  return host.error();
}

problem check_gateway(const std::optional<address>& ip) {
  if (!ip) return std::nullopt;
  return expect(can_be_gateway(*ip), "gateway", *ip, cause_code::expected_router_address);
}

problem check_time(const char* option, std::chrono::milliseconds time) {
  return expect(time.count() > 0 && time <= longest_time, option, fmt::format("{}", time),
                cause_code::expected_time);
}

problem check_lifetime(std::chrono::seconds lifetime) {
  return expect(lifetime.count() > 0 && lifetime.count() <= longest_lifetime, "lifetime",
                lifetime.count(), cause_code::expected_lifetime);
}

problem check_port(const char* option, std::uint16_t port) {
  return expect(port != 0, option, port, cause_code::expected_port);
}

problem check_protocols(const std::vector<transport>& protocols) {
  const bool twice =
      protocols.size() > 1 && std::count(protocols.begin(), protocols.end(), protocols.front()) > 1;
  if (!protocols.empty() && protocols.size() <= 2 && !twice) return std::nullopt;
  return failure{outcome::invalid,
                 operation_code::reading_protocols,
                 {cause_code::expected, cause(cause_code::expected_protocols)}};
}

/// No name has these bytes, and the resolver would stop at a zero byte.
bool is_plain(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) <= ' ' || c == '\x7f' || c == '/';
  });
}

problem check_stun(const std::vector<std::string>& servers) {
  for (const std::string& each : servers) {
    const auto name = outside::read_server_name(each);
    const bool literal = parse_endpoint(each, outside::default_stun_port).has_value();
    const bool good = is_plain(name.host) && (literal || name.host.find(':') == std::string::npos);
    if (auto wrong = expect(good, "stun", escape_bytes(each), cause_code::expected_stun_server))
      return wrong;
  }
  return std::nullopt;
}

problem check_web_page(const std::string& url) {
  if (url.empty()) return std::nullopt;
  return expect(outside::is_web_page(url), "web_check", escape_bytes(url),
                cause_code::expected_web_page);
}

template <class Options>
problem check_network(const Options& options) {
  return first_of_all({check_interface(options.interface), check_gateway(options.gateway)});
}

}  // namespace

bool can_be_gateway(const address& ip) {
  return ip.is_v4() && !ip.is_unspecified() && !ip.is_multicast() &&
         ip.to_v4() != boost::asio::ip::address_v4::broadcast();
}

std::optional<failure> check(const discover_options& options) {
  return first_of_all({check_network(options), check_stun(options.stun_servers),
                       check_web_page(options.web_check), check_time("timeout", options.timeout)});
}

std::optional<failure> check(const serve_options& options) {
  problem port, time;
  if (options.external_port) port = check_port("external port", *options.external_port);
  if (options.run_for) time = check_time("run_for", *options.run_for);
  return first_of_all({check_network(options), check_stun(options.stun_servers),
                       check_protocols(options.protocols), port, check_lifetime(options.lifetime),
                       time});
}

std::optional<failure> check(const probe_options& options) {
  problem total;
  if (options.total) total = check_time("total", *options.total);
  const auto host =
      expect(is_plain(options.host), "host", escape_bytes(options.host), cause_code::expected_host);
  return first_of_all({check_interface(options.interface), host, check_port("port", options.port),
                       expect(options.count > 0 && options.count <= most_handshakes, "count",
                              options.count, cause_code::expected_count),
                       check_time("timeout", options.timeout), total});
}

std::optional<failure> check(const mappings_options& options) {
  return first_of_all({check_network(options), check_time("timeout", options.timeout)});
}

std::optional<failure> check(const add_options& options) {
  return first_of_all({check_network(options), check_port("external port", options.external_port),
                       check_port("internal port", options.internal_port),
                       check_protocols(options.protocols), check_lifetime(options.lifetime),
                       check_time("timeout", options.timeout)});
}

std::optional<failure> check(const remove_options& options) {
  return first_of_all({check_network(options), check_port("external port", options.external_port),
                       check_protocols(options.protocols), check_time("timeout", options.timeout)});
}

}  // namespace natcheck::calls
