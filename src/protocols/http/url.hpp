// The http URLs that natcheck fetches: a page's, and those that UPnP devices give. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocols/parsed.hpp"

namespace natcheck::http {

inline constexpr std::size_t max_url = 4096;  ///< bytes

struct url {
  std::string host;         ///< a name or an address, as written, without brackets
  std::uint16_t port = 80;  ///< host byte order, never 0
  std::string target;       ///< path and query, at least "/"; no fragment

  friend bool operator==(const url&, const url&) = default;
};

/// Accepts http alone, no user name, no control characters, and no zone. Spaces and what is not
/// ASCII are percent-encoded in the target (RFC 3986 section 2.1); everything else there goes out
/// as it is written, as browsers and miniupnpc send it.
parsed<url> parse_url(std::string_view text);

/// `text` made absolute as miniupnpc does it: what is relative follows the host of `base`, which is
/// absolute, not its path.
std::string absolute_url(std::string_view text, std::string_view base);

/// For the Host header: "[2001:db8::1]:8080", without a port 80 (RFC 9110 section 7.2).
std::string host_header(std::string_view host, std::uint16_t port);

}  // namespace natcheck::http
