// How a STUN server is named: HOST, HOST:PORT, or an address with or without a port. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace natcheck::outside {

inline constexpr std::uint16_t default_stun_port = 3478;  ///< RFC 8489 section 8.1

struct server_name {
  std::string host;  ///< a name, or an address without brackets
  std::uint16_t port = default_stun_port;

  /// "stun.example.org:3478", "[2001:db8::1]:3478"
  std::string text() const;
};

/// What is no port behind the last colon belongs to the name, which then does not resolve.
server_name read_server_name(std::string_view text);

}  // namespace natcheck::outside
