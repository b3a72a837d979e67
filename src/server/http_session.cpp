#include "server/http_session.hpp"

#include <algorithm>
#include <array>
#include <boost/beast/http/parser.hpp>
#include <natcheck/causes.hpp>
#include <optional>

#include "core/text.hpp"
#include "server/http_responses.hpp"

namespace natcheck::serving {
namespace {

namespace http = boost::beast::http;
using net::asio::awaitable;
using parser = http::request_parser<http::string_body>;

/// From the first byte of a request to its last.
constexpr std::chrono::seconds request_limit{10};
/// Between two requests: the page's echoes follow at once, and the visit is told when it ends.
constexpr std::chrono::seconds idle_limit{3};
constexpr unsigned most_requests = 500;
/// After this time a request is answered and the connection closed, so that the end of the visit
/// comes between two requests.
constexpr std::chrono::seconds good_visit{45};
/// What may still come from someone who was refused, before it is hung up on.
constexpr std::size_t longest_part = 64 * 1024;
constexpr std::size_t most_shown = 64;

constexpr unsigned ok = 200;
constexpr unsigned bad_request = 400;
constexpr unsigned request_timeout = 408;
constexpr unsigned content_too_large = 413;
constexpr unsigned header_too_large = 431;

enum class request_state { incomplete, complete, refused };

class http_session {
 public:
  http_session(connection& line, const server_identity& identity, std::string opening,
               std::function<void()> on_greeted)
      : line_(line),
        identity_(identity),
        on_greeted_(std::move(on_greeted)),
        pending_(std::move(opening)),
        facts_(facts_of(line, identity)),
        first_bytes_(pending_.substr(0, most_shown)) {}

  awaitable<session_result> run();

 private:
  awaitable<bool> become_http();
  awaitable<bool> answer_one();
  awaitable<request_state> read_request();
  request_state parse();
  request_state refuse(unsigned status);
  request_state judge_fault(const net::error_code& error);
  request_state judge_request();
  void skip_empty_lines();
  http_answer answer();
  void note(const http_answer& given);
  awaitable<void> encourage();
  bool is_last() const;
  session_result end() const;
  cause why_rejected() const;

  connection& line_;
  const server_identity& identity_;
  std::function<void()> on_greeted_;
  std::string pending_;  ///< received, and not parsed
  page_facts facts_;
  std::string first_bytes_;  ///< what a rejected visitor said
  std::optional<parser> parser_;
  std::size_t header_bytes_ = 0;  ///< of the request being read
  unsigned refused_with_ = 0;     ///< of the request being read
  unsigned first_refusal_ = 0;
  unsigned requests_ = 0;
  bool last_ = false;        ///< the connection closes after this request
  bool encouraged_ = false;  ///< told to go on with its body
  bool greeted_ = false;
  bool marked_ = false;  ///< the first page has been sent
  std::uint64_t echoed_ = 0;
  net::steady_time answered_;  ///< the latest request
};

/// Waits until the first word is known. False when it is no method, or never comes.
awaitable<bool> http_session::become_http() {
  const auto until = from_now(request_limit);
  while (pending_.find(' ') == std::string::npos) {
    const bool received = co_await line_.receive(until);
    if (!received) co_return false;
    pending_ += line_.received();
    first_bytes_ = pending_.substr(0, most_shown);
    if (!may_be_http(pending_)) co_return false;
  }
  co_return true;
}

request_state http_session::refuse(unsigned status) {
  refused_with_ = status;
  return request_state::refused;
}

request_state http_session::judge_fault(const net::error_code& error) {
  if (error == http::error::header_limit) return refuse(header_too_large);
  if (error == http::error::body_limit) return refuse(content_too_large);
  return refuse(bad_request);
}

/// RFC 9112 section 3.2: one Host field, and not two. RFC 9112 section 6.3: a body whose end is
/// known.
request_state http_session::judge_request() {
  const auto& request = parser_->get();
  const auto hosts = request.count(http::field::host);
  const bool right = hosts == 1 || (hosts == 0 && request.version() < 11);
  const bool other_coding =
      request.count(http::field::transfer_encoding) > 0 && !parser_->chunked();
  return right && !other_coding ? request_state::complete : refuse(bad_request);
}

/// RFC 9112 section 2.2: some clients send an empty line after a body.
void http_session::skip_empty_lines() {
  const auto first = std::min(pending_.find_first_not_of("\r\n"), pending_.size());
  pending_.erase(0, first);
}

/// Parses what is pending. Beast's limit is for each half of the header; ours is for all of it.
request_state http_session::parse() {
  if (!parser_) skip_empty_lines();
  if (pending_.empty()) return request_state::incomplete;
  if (!parser_) {
    parser_.emplace();
    parser_->eager(true);
    parser_->header_limit(http_header_limit);
    parser_->body_limit(http_body_limit);
  }
  const bool in_header = !parser_->is_header_done();
  net::error_code error;
  const auto used = parser_->put(net::asio::buffer(pending_), error);
  if (in_header) header_bytes_ += used - parser_->get().body().size();
  pending_.erase(0, used);
  if (error && error != http::error::need_more) return judge_fault(error);
  const auto header = header_bytes_ + (parser_->is_header_done() ? 0 : pending_.size());
  if (header > http_header_limit) return refuse(header_too_large);
  if (pending_.size() > http_header_limit && !parser_->is_done()) return refuse(bad_request);
  return parser_->is_done() ? judge_request() : request_state::incomplete;
}

/// RFC 9110 section 10.1.1: before a long body some ask whether it is wanted.
awaitable<void> http_session::encourage() {
  const bool asked = parser_ && parser_->is_header_done() && !encouraged_ &&
                     parser_->get().version() >= 11 &&
                     boost::beast::iequals(parser_->get()[http::field::expect], "100-continue");
  if (!asked) co_return;
  encouraged_ = true;
  co_await line_.send("HTTP/1.1 100 Continue\r\n\r\n");
}

/// Incomplete when the visitor is gone, or was idle for long enough between two requests.
awaitable<request_state> http_session::read_request() {
  parser_.reset();
  header_bytes_ = 0;
  encouraged_ = false;
  request_state state = parse();
  auto until = from_now(requests_ > 0 && !parser_ ? idle_limit : request_limit);
  while (state == request_state::incomplete) {
    co_await encourage();
    const bool begun = parser_.has_value();
    const bool received = co_await line_.receive(until);
    if (!received) {
      const bool slow = begun && !line_.ended() && !line_.hung_up();
      co_return slow ? refuse(request_timeout) : request_state::incomplete;
    }
    if (!begun) until = from_now(request_limit);
    pending_ += line_.received();
    state = parse();
  }
  co_return state;
}

bool http_session::is_last() const {
  return requests_ >= most_requests || net::since(line_.opened()) > good_visit;
}

http_answer http_session::answer() {
  if (refused_with_ != 0) return refusal(refused_with_);
  facts_ = facts_of(line_, identity_);
  return answer_to(parser_->get(), facts_, last_);
}

void http_session::note(const http_answer& given) {
  echoed_ += given.echoed;
  if (given.status != ok && first_refusal_ == 0) first_refusal_ = given.status;
  if (given.status != ok || greeted_) return;
  greeted_ = true;
  on_greeted_();
}

/// False when it was the last one.
awaitable<bool> http_session::answer_one() {
  const request_state state = co_await read_request();
  if (state == request_state::incomplete) co_return false;
  ++requests_;
  last_ = is_last() || refused_with_ != 0 || !parser_->keep_alive();
  const http_answer given = answer();
  note(given);
  const bool sent = co_await line_.send(given.bytes);
  if (given.status == ok && !marked_) line_.mark();
  marked_ = marked_ || given.status == ok;
  answered_ = std::chrono::steady_clock::now();
  last_ = last_ || !sent;
  co_return !last_;
}

cause http_session::why_rejected() const {
  const std::string said = escape_bytes(first_bytes_.substr(0, first_bytes_.find_first_of("\r\n")));
  if (first_refusal_ == request_timeout) {
    return {cause_code::http_incomplete_after, request_limit.count(), said};
  }
  if (first_refusal_ != 0) return {cause_code::http_rejected, first_refusal_, said};
  if (!may_be_http(first_bytes_)) return {cause_code::unknown_protocol, said};
  if (line_.hung_up()) return cause_code::evicted;
  if (!line_.ended()) return {cause_code::sent_nothing_more_for, request_limit.count()};
  return {cause_code::closed_after, said};
}

session_result http_session::end() const {
  if (!greeted_) return events::rejected{transport::tcp, line_.peer(), why_rejected()};
  return events::greeted{
      transport::tcp, line_.peer(), dialect::http, {}, echoed_, answered_ - line_.opened(),
      facts_.location};
}

awaitable<session_result> http_session::run() {
  bool more = co_await become_http();
  while (more) more = co_await answer_one();
  const session_result how = end();
  if (requests_ > 0) co_await line_.part(longest_part);
  if (!greeted_) co_return how;
  const bool acknowledged = co_await line_.acknowledged();
  if (!acknowledged) co_return never_acknowledged(line_);
  co_return how;
}

}  // namespace

bool may_be_http(std::string_view bytes) {
  constexpr std::array<std::string_view, 9> methods{
      "GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "CONNECT ", "OPTIONS ", "TRACE ", "PATCH "};
  return std::any_of(methods.begin(), methods.end(), [&](std::string_view method) {
    const auto length = std::min(bytes.size(), method.size());
    return bytes.substr(0, length) == method.substr(0, length);
  });
}

awaitable<session_result> attend_http(connection& line, const server_identity& identity,
                                      std::string opening, std::function<void()> on_greeted) {
  http_session visiting(line, identity, std::move(opening), std::move(on_greeted));
  co_return co_await visiting.run();
}

}  // namespace natcheck::serving
