// The values of options, read from text. Each function returns nullopt for what it cannot read.
#pragma once

#include <chrono>
#include <cstdint>
#include <natcheck/endpoint.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace natcheck::cli {

/// A decimal number without sign, from `least` to `most`.
std::optional<unsigned> read_number(std::string_view text, unsigned least, unsigned most);

/// 1 to 65535.
std::optional<std::uint16_t> read_port(std::string_view text);

/// Seconds, with a fraction if need be; from 1 ms to a year.
std::optional<std::chrono::milliseconds> read_seconds(std::string_view text);

/// "30", "30s", "5m", "1h", "500ms"; from 1 ms to a year.
std::optional<std::chrono::milliseconds> read_duration(std::string_view text);

/// An IPv4 address that one host can have: neither 0.0.0.0 nor multicast nor broadcast.
std::optional<address> read_gateway(std::string_view text);

struct port_pair {
  std::uint16_t external_port;
  std::uint16_t internal_port;

  friend bool operator==(const port_pair&, const port_pair&) = default;
};

/// "1234" for both, or "EXTERNAL:INTERNAL".
std::optional<port_pair> read_ports(std::string_view text);

/// A URL that can be asked for as it stands: "http://", a host, no white space, nothing outside
/// ASCII. Not https: no one can answer in another's place there, which is what has to be seen.
std::optional<std::string> read_web_page(std::string_view text);

}  // namespace natcheck::cli
