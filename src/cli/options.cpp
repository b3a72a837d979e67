#include "cli/options.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <natcheck/causes.hpp>
#include <optional>

#include "calls/option_checks.hpp"
#include "cli/arguments.hpp"
#include "cli/nearest.hpp"
#include "cli/targets.hpp"
#include "cli/values.hpp"

namespace natcheck::cli {
namespace {

/// Reads the option's value with `read` where it was given; `expected` says what it should be.
template <class Read, class T>
void read_option(const argument_list& given, std::string_view name, Read read,
                 std::string_view expected, T& into) {
  const std::string* text = given.value_of(name);
  if (text == nullptr) return;
  const auto value = read(*text);
  if (!value)
    throw usage_error{fmt::format("--{} {}: expected {}", name, printable(*text), expected)};
  into = *value;
}

template <class T>
struct named_value {
  std::string name;
  T value;
};

/// As read_option, for one of a few words.
template <class T>
void read_word(const argument_list& given, std::string_view name,
               const std::vector<named_value<T>>& known, T& into) {
  const std::string* text = given.value_of(name);
  if (text == nullptr) return;
  const auto found = std::ranges::find(known, *text, &named_value<T>::name);
  if (found != known.end()) {
    into = found->value;
    return;
  }
  std::vector<std::string> words;
  for (const auto& [word, value] : known) words.push_back(word);
  throw usage_error{fmt::format("--{} {}: expected {}{}", name, printable(*text), one_of(words),
                                did_you_mean(*text, words))};
}

common_options read_common(const argument_list& given) {
  common_options common;
  common.json = given.has("json");
  common.quiet = given.has("quiet");
  common.verbosity = given.count("verbose");
  read_word(given, "color",
            {{"auto", color_choice::automatic},
             {"always", color_choice::always},
             {"never", color_choice::never}},
            common.color);
  return common;
}

std::optional<std::string> read_interface(const std::string& text) {
  // IFNAMSIZ is 16 with the terminating zero; the kernel refuses '/' and white space.
  if (text.empty() || text.size() > 15 || text.find_first_of("/ \t\n") != std::string::npos) {
    return std::nullopt;
  }
  return text;
}

/// --interface and --gateway: for whichever of them the command has.
template <class Options>
void read_network(const argument_list& given, Options& options) {
  read_option(given, "interface", read_interface, "the name of a network interface",
              options.interface);
  if constexpr (requires { options.gateway; }) {
    read_option(given, "gateway", read_gateway,
                to_string(cause(cause_code::expected_router_address)), options.gateway);
  }
}

template <class Time>
void read_timeout(const argument_list& given, Time& timeout) {
  read_option(given, "timeout", read_seconds, to_string(cause(cause_code::expected_time)), timeout);
}

/// Where two readings are possible, both are named as they can be told apart.
usage_error unreadable_target(const std::string& what, const std::string& text,
                              std::uint16_t default_port) {
  const auto both = readings_of(text, default_port);
  if (!both)
    return {
        fmt::format("{} expected {}", what, to_string(cause(cause_code::expected_stun_server)))};
  return {fmt::format("{} is {} the port or the end of the address? write {} or {}", what,
                      both->with_port.port, to_text(both->with_port),
                      fmt::format("[{}]", both->whole.host))};
}

/// --stun, as often as it was given; each server is asked once.
void read_stun_servers(const argument_list& given, std::vector<std::string>& servers) {
  constexpr std::uint16_t stun_port = 3478;  // RFC 8489 section 18.6
  if (given.has("stun") || given.has("no-stun")) servers.clear();
  for (const std::string& text : given.values_of("stun")) {
    // A URL of another scheme names another service.
    const bool url = text.find("://") != std::string::npos;
    const auto server = url ? std::nullopt : read_target(text, stun_port);
    if (!server)
      throw unreadable_target(fmt::format("--stun {}:", printable(text)), text, stun_port);
    const std::string name = to_text(*server);
    if (std::ranges::find(servers, name) == servers.end()) servers.push_back(name);
  }
}

void read_web_check(const argument_list& given, std::string& page) {
  const auto read = [](const std::string& text) {
    return text == "none" ? std::optional(std::string()) : read_web_page(text);
  };
  read_option(given, "web-check", read, "a URL starting with http://, or none", page);
}

void refuse_with_no_stun(const argument_list& given, const char* name) {
  if (!given.has(name) || !given.has("no-stun")) return;
  throw usage_error{
      fmt::format("--{} and --no-stun contradict each other: one asks external "
                  "servers, the other does not",
                  name)};
}

/// What cannot be done without someone outside, or would come to nothing.
void check_discover(const argument_list& given, const discover_command& command) {
  for (const char* name : {"stun", "behavior", "binding-lifetime"}) {
    refuse_with_no_stun(given, name);
  }
  if (!command.options.web_check.empty()) refuse_with_no_stun(given, "web-check");
  if (command.redact && command.common.quiet && !command.common.json) {
    throw usage_error{
        "--redact and --quiet contradict each other: the only output would be a "
        "made-up address"};
  }
}

discover_command read_discover(const argument_list& given) {
  discover_command command{read_common(given), {}};
  discover_options& options = command.options;
  read_network(given, options);
  read_stun_servers(given, options.stun_servers);
  read_web_check(given, options.web_check);
  options.behavior = given.has("behavior");
  options.binding_lifetime = given.has("binding-lifetime");
  // A binding may live for ten minutes and more, and has to be waited for.
  if (options.binding_lifetime) options.timeout = std::chrono::minutes(15);
  read_timeout(given, options.timeout);
  command.redact = given.has("redact");
  check_discover(given, command);
  return command;
}

void read_protocols(const argument_list& given, std::vector<transport>& protocols) {
  read_word(given, "protocol",
            {{"tcp", std::vector{transport::tcp}},
             {"udp", std::vector{transport::udp}},
             {"both", std::vector{transport::tcp, transport::udp}}},
            protocols);
}

void read_via(const argument_list& given, mapping_choice& via) {
  read_word(given, "via",
            {{"auto", mapping_choice::automatic},
             {"pcp", mapping_choice::pcp},
             {"nat-pmp", mapping_choice::nat_pmp},
             {"upnp", mapping_choice::upnp}},
            via);
}

void read_lifetime(const argument_list& given, std::chrono::seconds& lifetime) {
  unsigned seconds = static_cast<unsigned>(lifetime.count());
  read_option(
      given, "lifetime",
      [](const std::string& text) { return read_number(text, 1, calls::longest_lifetime); },
      to_string(cause(cause_code::expected_lifetime)), seconds);
  lifetime = std::chrono::seconds(seconds);
}

/// The port after `mappings add` and `mappings remove`.
template <class Read>
auto read_port_operand(const argument_list& given, Read read, std::string_view expected) {
  if (given.operands.size() < 2) {
    throw usage_error{
        fmt::format("mappings {} needs a port; expected {}", given.operands.front(), expected)};
  }
  const auto value = read(given.operands[1]);
  if (value) return *value;
  throw usage_error{
      fmt::format("invalid port {}; expected {}", printable(given.operands[1]), expected)};
}

template <class Command>
Command read_mappings_common(const argument_list& given) {
  Command command{read_common(given), {}};
  read_network(given, command.options);
  read_timeout(given, command.options.timeout);
  return command;
}

parsed_command read_add(const argument_list& given) {
  auto command = read_mappings_common<add_command>(given);
  const auto ports =
      read_port_operand(given, read_ports, "PORT or EXTERNAL:INTERNAL, each from 1 to 65535");
  command.options.external_port = ports.external_port;
  command.options.internal_port = ports.internal_port;
  read_protocols(given, command.options.protocols);
  read_via(given, command.options.via);
  read_lifetime(given, command.options.lifetime);
  command.options.any_port = given.has("any-port");
  return command;
}

parsed_command read_remove(const argument_list& given) {
  auto command = read_mappings_common<remove_command>(given);
  command.options.external_port =
      read_port_operand(given, read_port, to_string(cause(cause_code::expected_port)));
  read_protocols(given, command.options.protocols);
  return command;
}

/// What the words after `mappings` do not share.
void check_mappings_options(const argument_list& given, const std::string& word) {
  for (const char* name : {"via", "lifetime", "any-port", "protocol"}) {
    const bool shared = std::string_view(name) == "protocol";
    if (!given.has(name) || word == "add" || (word == "remove" && shared)) continue;
    throw usage_error{fmt::format("mappings {} has no option --{}; it belongs to mappings add{}",
                                  word, name, shared ? " and mappings remove" : "")};
  }
}

parsed_command read_mappings(const argument_list& given) {
  const std::string word = given.operands.empty() ? "list" : given.operands.front();
  check_mappings_options(given, word);
  if (word == "add") return read_add(given);
  if (word == "remove") return read_remove(given);
  if (word == "clean") return read_mappings_common<clean_command>(given);
  return read_mappings_common<mappings_command>(given);
}

/// An option that only shapes the mapping is a mistake where there is none.
void require_map_for_mapping_options(const argument_list& given) {
  if (given.has("map")) return;
  for (const char* name :
       {"require-map", "any-port", "via", "lifetime", "interface", "gateway", "stun"}) {
    if (given.has(name)) {
      throw usage_error{fmt::format("--{} needs --map PORT; without it, no port is opened", name)};
    }
  }
}

void read_ports_of_serve(const argument_list& given, serve_options& options) {
  const auto read_listening = [](const std::string& text) { return read_number(text, 0, 65535); };
  unsigned listening = options.port;
  read_option(given, "port", read_listening, "a port, 0 to 65535", listening);
  options.port = static_cast<std::uint16_t>(listening);
  std::optional<port_pair> ports;
  read_option(given, "map", read_ports, "PORT or EXTERNAL:INTERNAL, each from 1 to 65535", ports);
  if (!ports) return;
  const bool named_twice =
      given.has("port") && given.value_of("map")->find(':') != std::string::npos;
  if (named_twice && options.port != ports->internal_port) {
    throw usage_error{fmt::format("--map {} and --port {} name different ports to listen on",
                                  *given.value_of("map"), options.port)};
  }
  options.external_port = ports->external_port;
  if (!given.has("port")) options.port = ports->internal_port;
}

serve_command read_serve(const argument_list& given) {
  serve_command command{read_common(given), {}};
  serve_options& options = command.options;
  read_protocols(given, options.protocols);
  require_map_for_mapping_options(given);
  read_ports_of_serve(given, options);
  read_via(given, options.via);
  read_lifetime(given, options.lifetime);
  read_option(given, "for", read_duration, "a time such as 30, 30s, 5m, 1h or 500ms",
              options.run_for);
  std::optional<std::chrono::milliseconds> timeout;
  read_timeout(given, timeout);
  if (timeout) options.run_for = std::min(options.run_for.value_or(*timeout), *timeout);
  read_network(given, options);
  refuse_with_no_stun(given, "stun");
  read_stun_servers(given, options.stun_servers);
  options.require_map = given.has("require-map");
  options.any_port = given.has("any-port");
  options.once = given.has("once");
  command.qr = !given.has("no-qr");
  return command;
}

probe_command read_probe(const argument_list& given) {
  probe_command command{read_common(given), {}};
  probe_options& options = command.options;
  if (given.operands.empty()) {
    throw usage_error{"probe needs a target; expected HOST or HOST:PORT"};
  }
  const std::string operand = fmt::format("{}", fmt::join(given.operands, " "));
  const auto target = read_target(operand, default_port);
  if (!target) {
    throw unreadable_target(fmt::format("invalid target {};", printable(operand)), operand,
                            default_port);
  }
  options.host = target->host;
  options.port = target->port;
  const auto named = transport_of(operand);
  options.protocol = named.value_or(options.protocol);
  read_word(given, "protocol", {{"tcp", transport::tcp}, {"udp", transport::udp}},
            options.protocol);
  if (named && options.protocol != *named) {
    throw usage_error{
        fmt::format("--protocol and the target {} contradict each other", printable(operand))};
  }
  if (options.protocol == transport::udp) options.count = default_udp_count;
  read_option(
      given, "count",
      [](const std::string& text) { return read_number(text, 1, calls::most_handshakes); },
      to_string(cause(cause_code::expected_count)), options.count);
  read_network(given, options);
  read_timeout(given, options.timeout);
  // --timeout bounds the whole command; without it each greeting has its time, however many.
  if (given.has("timeout")) options.total = options.timeout;
  return command;
}

/// Throws usage_error.
parsed_command parse(const std::vector<std::string>& arguments) {
  if (arguments.empty()) return help_request{topic::overview, false};
  const argument_list given = split_arguments(arguments);
  if (given.has("help") || given.help) return help_request{given.command};
  if (given.has("version")) return version_request{};
  check_arguments(given);
  switch (given.command) {
    case topic::discover:
      return read_discover(given);
    case topic::serve:
      return read_serve(given);
    case topic::probe:
      return read_probe(given);
    case topic::mappings:
      return read_mappings(given);
    case topic::overview:
      break;
  }
  throw usage_error{"no command; expected discover, serve, probe or mappings"};
}

}  // namespace

parsed_command parse_command_line(const std::vector<std::string>& arguments) {
  try {
    return parse(arguments);
  } catch (const usage_error& error) {
    return error;
  }
}

}  // namespace natcheck::cli
