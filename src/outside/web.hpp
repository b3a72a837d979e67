// Does someone else answer in place of a web page? A captive portal does (RFC 8952).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <natcheck/evidence.hpp>
#include <string>

#include "net/sockets.hpp"

namespace natcheck::outside {

/// Whether `check_web` can fetch it.
bool is_web_page(const std::string& url);

/// Fetches `url` once, follows nothing, and compares: status 204, which has no body (RFC 9110
/// section 15.3.5), is the page's own answer, everything else is someone else's. Bounded in time
/// (1.5 s) and size. What `deadline` cut off is `not_tried`.
boost::asio::awaitable<web_evidence> check_web(std::string url, net::source from,
                                               net::steady_time deadline);

}  // namespace natcheck::outside
