// What a browser's request gets: the page, an echo, or a refusal, as bytes for the wire.
#pragma once

#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cstddef>
#include <natcheck/visit_page.hpp>
#include <string>

namespace natcheck::serving {

using http_request = boost::beast::http::request<boost::beast::http::string_body>;

inline constexpr std::size_t http_header_limit = 8192;  ///< bytes of a request without its body
inline constexpr std::size_t http_body_limit = 4096;    ///< bytes of a request's body

struct http_answer {
  unsigned status = 0;
  std::string bytes;       ///< head and body
  std::size_t echoed = 0;  ///< bytes of the body that came from the request
};

/// The answer to a request that could be read. `last`: the server closes after it.
http_answer answer_to(const http_request& request, const page_facts& facts, bool last);

/// The answer to a request that could not be read; the server closes after it.
http_answer refusal(unsigned status);

}  // namespace natcheck::serving
