// HOST:PORT as people write and paste it.
#pragma once

#include <cstdint>
#include <natcheck/evidence.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace natcheck::cli {

struct probe_target {
  std::string host;  ///< a name or an address, without brackets
  std::uint16_t port;

  friend bool operator==(const probe_target&, const probe_target&) = default;
};

/// "name", "name:port", "192.0.2.1:port", "2001:db8::1", "[2001:db8::1]" or "[2001:db8::1]:port",
/// and nothing else.
std::optional<probe_target> read_host_and_port(std::string_view text, std::uint16_t default_port);

/// The same, and what people paste where host and port are clear: "http://host:port/path",
/// "steam://connect/host:port", "stun:host:port", "host port", each in quotes or angle brackets.
/// Empty also where an IPv6 address may end with a port, or not: readings_of() has both.
std::optional<probe_target> read_target(std::string_view text, std::uint16_t default_port);

/// What such a target says of the protocol: "udp://host:port", "host:port/udp".
std::optional<transport> transport_of(std::string_view text);

struct two_readings {
  probe_target with_port;  ///< the last group is a port
  probe_target whole;      ///< it belongs to the address
};

/// What an IPv6 address without brackets can mean; empty where that is clear.
std::optional<two_readings> readings_of(std::string_view text, std::uint16_t default_port);

/// The target as the library names it: "name:port" or "[address]:port".
std::string to_text(const probe_target& target);

}  // namespace natcheck::cli
