// Does someone else answer in place of a web page? A captive portal does (RFC 8952).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <natcheck/evidence.hpp>
#include <string>
#include <string_view>

#include "net/sockets.hpp"
#include "protocols/parsed.hpp"

namespace natcheck::outside {

/// Where a page is to be fetched.
struct web_url {
  std::string host;  ///< a name or an address, without brackets
  std::uint16_t port = 80;
  std::string target;     ///< path and query, at least "/"
  std::string host_text;  ///< for the Host header: "[2001:db8::1]:8080", without a port 80

  friend bool operator==(const web_url&, const web_url&) = default;
};

/// Accepts http alone, and no user name. Pure.
parsed<web_url> parse_web_url(std::string_view text);

/// Fetches `url` once, follows nothing, and compares: status 204, which has no body (RFC 9110
/// section 15.3.5), is the page's own answer, everything else is someone else's. Bounded in time
/// (1.5 s) and size. What `deadline` cut off is `not_tried`.
boost::asio::awaitable<web_evidence> check_web(std::string url, net::source from,
                                               net::steady_time deadline);

}  // namespace natcheck::outside
