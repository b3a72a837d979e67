#include "server/http_responses.hpp"

#include <fmt/format.h>

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>
#include <iterator>

#include "core/text.hpp"
#include "core/url.hpp"

namespace natcheck::serving {
namespace {

namespace http = boost::beast::http;
using http::field;
using http::verb;

std::string_view value_of(const http_request& request, field name) {
  const auto found = request.find(name);
  if (found == request.end()) return {};
  return {found->value().data(), found->value().size()};
}

/// Cuts the part before the first `separator` off, and the separator.
std::string_view take_part(std::string_view& text, char separator) {
  const auto end = std::min(text.find(separator), text.size());
  const auto part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return trimmed(part);
}

/// "q=0", "q=0.00": not wanted at all (RFC 9110 section 12.4.2).
bool is_zero_weight(std::string_view parameter) {
  return parameter.size() > 2 && equal_ignoring_case(parameter.substr(0, 2), "q=") &&
         parameter.find_first_not_of("0.", 2) == std::string_view::npos;
}

/// Whether the Accept header (RFC 9110 section 12.5.1) names `range` as wanted.
bool names(std::string_view accept, std::string_view range) {
  while (!accept.empty()) {
    std::string_view one = take_part(accept, ',');
    if (!equal_ignoring_case(take_part(one, ';'), range)) continue;
    while (!one.empty()) {
      if (is_zero_weight(take_part(one, ';'))) return false;
    }
    return true;
  }
  return false;
}

bool is_command_line_tool(std::string_view agent) {
  return equal_ignoring_case(agent.substr(0, 5), "curl/") ||
         equal_ignoring_case(agent.substr(0, 5), "wget/");
}

bool wants_html(const http_request& request) {
  const auto accept = value_of(request, field::accept);
  if (names(accept, "text/html")) return true;
  if (is_command_line_tool(value_of(request, field::user_agent))) return false;
  return accept.empty() || names(accept, "text/*") || names(accept, "*/*");
}

/// The path of a request target, whichever form it has (RFC 9112 section 3.2).
std::string_view path_of(std::string_view target) {
  const auto url = split_url(target);
  const bool is_absolute = url && equal_ignoring_case(url->scheme, "http");
  const auto rest = is_absolute ? url->target : target;
  const auto path = rest.substr(0, rest.find_first_of("?#"));
  return is_absolute && path.empty() ? "/" : path;
}

std::string_view reason_of(unsigned status) {
  const auto words = http::obsolete_reason(static_cast<http::status>(status));
  return {words.data(), words.size()};
}

enum class after { keep_alive, keep_alive_said, close };

/// RFC 9112 section 9.3: HTTP/1.0 has to be told that the connection stays.
after after_answer(const http_request& request, bool last) {
  if (last || !request.keep_alive()) return after::close;
  return request.version() < 11 ? after::keep_alive_said : after::keep_alive;
}

struct content {
  std::string_view type;
  std::string_view body;
  std::string_view more_headers = {};
  bool without_body = false;  ///< HEAD: the length, and nothing of that length
};

std::string message(unsigned status, const content& what, after then) {
  constexpr std::string_view then_words[] = {"", "Connection: keep-alive\r\n",
                                             "Connection: close\r\n"};
  std::string bytes;
  bytes.reserve(what.body.size() + 1024);
  fmt::format_to(
      std::back_inserter(bytes),
      "HTTP/1.1 {} {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n"
      "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n{}{}\r\n",
      status, reason_of(status), what.type, what.body.size(), what.more_headers,
      then_words[static_cast<std::size_t>(then)]);
  if (!what.without_body) bytes += what.body;
  return bytes;
}

http_answer page_for(const http_request& request, const page_facts& facts, after then) {
  const bool head = request.method() == verb::head;
  if (!wants_html(request)) {
    return {200, message(200, {"text/plain; charset=utf-8", to_text(facts), {}, head}, then)};
  }
  static const std::string policy = fmt::format("Content-Security-Policy: {}\r\n", page_policy());
  return {200, message(200, {"text/html; charset=utf-8", to_html(facts), policy, head}, then)};
}

http_answer echo_of(const http_request& request, after then) {
  const std::string& body = request.body();
  return {200, message(200, {"application/octet-stream", body}, then), body.size()};
}

/// A refusal says in one line what was wrong.
http_answer refuse(unsigned status, after then, std::string_view headers = {}, bool head = false) {
  const auto words = fmt::format("{} {}\n", status, reason_of(status));
  return {status, message(status, {"text/plain; charset=utf-8", words, headers, head}, then)};
}

}  // namespace

http_answer answer_to(const http_request& request, const page_facts& facts, bool last) {
  const after then = after_answer(request, last);
  const auto method = request.method();
  const bool head = method == verb::head;
  const auto target = request.target();
  const auto path = path_of({target.data(), target.size()});
  if (path == "/") {
    if (head || method == verb::get) return page_for(request, facts, then);
    return refuse(405, then, "Allow: GET, HEAD\r\n");
  }
  if (path == "/echo") {
    if (method == verb::post) return echo_of(request, then);
    return refuse(405, then, "Allow: POST\r\n", head);
  }
  return refuse(404, then, {}, head);
}

http_answer refusal(unsigned status) { return refuse(status, after::close); }

}  // namespace natcheck::serving
