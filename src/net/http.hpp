// One HTTP exchange with someone who may be slow, broken or hostile.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <natcheck/error.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/sockets.hpp"
#include "protocols/http/response_reader.hpp"

namespace natcheck::net {

struct http_request {
  std::string method = "GET";
  std::string target;  ///< path and query
  std::string host;    ///< the Host header
  std::string user_agent;
  std::vector<std::pair<std::string, std::string>> more_headers;
  std::optional<std::string> body;
};

using http_reply = http::response;

struct http_bounds {
  std::size_t body = 0;  ///< bytes; 0: the reply is complete with its header
  steady_time deadline;  ///< of the whole exchange, however slowly the bytes come
  bool again = false;    ///< ask once more when the connection ends before any byte of an answer
};

/// Connects to `server` from `from`, asks and reads the answer, as leniently as
/// `http::response_reader` does. Follows no redirect and resolves no name. A body without a known
/// end is taken as it is when nothing more comes for 1.5 s.
///
/// Fails with `timed_out` when no connection comes about within 3 s, with `malformed` when the
/// answer is none of HTTP's, too long, or does not end in time.
boost::asio::awaitable<result<http_reply>> http_exchange(endpoint server, source from,
                                                         http_request request, http_bounds bounds,
                                                         natcheck::operation operation);

}  // namespace natcheck::net
