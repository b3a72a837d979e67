// The page on the port of the greeting: what browsers, command lines and vandals get.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <natcheck/visit_page.hpp>

#include "support/peers.hpp"
#include "support/running_server.hpp"

namespace natcheck::serving {
namespace http_page_test {

using namespace support;
using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

const std::string browser = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";

std::string get(const std::string& target, const std::string& more = browser) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: x\r\n{}\r\n", target, more);
}

std::string post(const std::string& body, const std::string& more = {}) {
  return fmt::format("POST /echo HTTP/1.1\r\nHost: x\r\n{}Content-Length: {}\r\n\r\n{}", more,
                     body.size(), body);
}

asio::awaitable<std::string> talk(endpoint to, std::string said, bool says_goodbye = true) {
  tcp::socket socket = co_await connect(to);
  co_await write(socket, said);
  boost::system::error_code ignored;
  if (says_goodbye) socket.shutdown(tcp::socket::shutdown_send, ignored);
  co_return co_await read_all(socket);
}

std::string head_of(const std::string& answer) {
  return answer.substr(0, answer.find("\r\n\r\n") + 2);
}
std::string body_of(const std::string& answer) {
  return answer.substr(answer.find("\r\n\r\n") + 4);
}
std::size_t count_of(const std::string& text, std::string_view part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

class HttpPage : public ::testing::Test {
 protected:
  std::string answer_to(const std::string& said) { return loop_.await(talk(at_, said)); }

  loop loop_;
  running_server server_{loop_, {}};
  endpoint at_ = server_.ipv4();
};

TEST_F(HttpPage, ABrowserGetsThePage) {
  const std::string answer = answer_to(get("/"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  const std::string head = head_of(answer), body = body_of(answer);
  for (const std::string& line :
       {std::string("Content-Type: text/html; charset=utf-8"),
        std::string("Cache-Control: no-store"), std::string("X-Content-Type-Options: nosniff"),
        std::string("Referrer-Policy: no-referrer"), fmt::format("Content-Length: {}", body.size()),
        fmt::format("Content-Security-Policy: {}", page_policy())}) {
    EXPECT_THAT(head, HasSubstr("\r\n" + line + "\r\n"));
  }
  EXPECT_THAT(body, AllOf(HasSubstr("<h1>You reached it</h1>"), EndsWith("</html>\n"),
                          HasSubstr("on the same machine as the server")));
  const auto greeted = server_.wait_for<events::greeted>();
  EXPECT_EQ(greeted.spoken, dialect::http);
  EXPECT_EQ(greeted.bytes, 0U);
  EXPECT_THAT(body, HasSubstr(fmt::format("<dd>{}</dd>", to_string(greeted.peer))));
}

TEST_F(HttpPage, ACommandLineGetsText) {
  const struct {
    const char* headers;
    bool html;
  } table[] = {
      {"User-Agent: curl/7.88.1\r\nAccept: */*\r\n", false},
      {"User-Agent: Wget/1.21.3\r\nAccept: */*\r\n", false},
      {"User-Agent: curl/7.88.1\r\nAccept: text/html\r\n", true},
      {"User-Agent: curlew\r\nAccept: */*\r\n", true},
      {"", true},
      {"Accept: text/*\r\n", true},
      {"Accept: text/plain\r\n", false},
      {"Accept: application/json, image/png\r\n", false},
      {"Accept: text/plain, TEXT/HTML ; level=1 ;q=0.5\r\n", true},
      {"Accept: text/html;q=0, text/plain\r\n", false},
      {"Accept: ,;,\r\n", false},
  };
  for (const auto& row : table) {
    const std::string answer = answer_to(get("/", row.headers));
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n")) << row.headers;
    const char* type = row.html ? "Content-Type: text/html;" : "Content-Type: text/plain;";
    EXPECT_THAT(answer, HasSubstr(type)) << row.headers;
    EXPECT_EQ(body_of(answer).starts_with("You reached it.\n"), !row.html) << row.headers;
  }
}

TEST_F(HttpPage, HeadIsTheSameWithoutABody) {
  std::string head = get("/").replace(0, 3, "HEAD");
  const std::string answer = answer_to(head);
  EXPECT_THAT(answer, AllOf(HasSubstr("Content-Type: text/html;"), EndsWith("\r\n\r\n")));
  // The peer's port is in the page, and has five digits here as there.
  EXPECT_EQ(head_of(answer), head_of(answer_to(get("/"))));
  // "H" is how a greeting begins, too.
  const auto in_two = [](endpoint to, std::string said) -> asio::awaitable<std::string> {
    tcp::socket socket = co_await connect(to);
    co_await write_bytewise(socket, said.substr(0, 3), 20ms);
    co_await write(socket, said.substr(3) + "HEAD /x HTTP/1.0\r\n\r\n");
    co_return co_await read_all(socket);
  };
  const std::string both = loop_.await(in_two(at_, head));
  EXPECT_THAT(both, AllOf(StartsWith("HTTP/1.1 200 OK"), HasSubstr("\r\n\r\nHTTP/1.1 404 ")));
  EXPECT_THAT(both, EndsWith("\r\n\r\n"));
}

TEST_F(HttpPage, EchoesWhatItGets) {
  std::string all;
  for (int i = 0; i < 4096; ++i) all += static_cast<char>(i % 256);
  std::size_t count = 0;
  for (const std::size_t size : {0UL, 1UL, 1024UL, 4096UL}) {
    const std::string answer = answer_to(post(all.substr(0, size)));
    EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 200 OK\r\n"),
                              HasSubstr("Content-Type: application/octet-stream\r\n")));
    EXPECT_EQ(body_of(answer), all.substr(0, size));
    EXPECT_EQ(server_.wait_for<events::greeted>(++count).bytes, size);
  }
  const std::string chunked =
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "4;ext=1\r\nping\r\n5\r\n pong\r\n0\r\nTrailer: x\r\n\r\n";
  EXPECT_EQ(body_of(answer_to(chunked)), "ping pong");
}

TEST_F(HttpPage, AsksForABodyThatWaitsToBeAskedFor) {
  const auto visit = [](endpoint to) -> asio::awaitable<std::string> {
    tcp::socket socket = co_await connect(to);
    const std::string whole = post("ping", "Expect: 100-continue\r\n");
    co_await write(socket, whole.substr(0, whole.size() - 4));
    std::string answer = co_await read_until(socket, "\r\n\r\n");
    co_await write(socket, "ping");
    boost::system::error_code ignored;
    socket.shutdown(tcp::socket::shutdown_send, ignored);
    answer += co_await read_all(socket);
    co_return answer;
  };
  const std::string answer = loop_.await(visit(at_));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nping"));
}

TEST_F(HttpPage, NobodyElseIsToldToContinue) {
  const std::string unknown = "POST /echo HTTP/1.1\r\nHost: a\r\nExpect: 200-maybe\r\n";
  const std::string old = "POST /echo HTTP/1.0\r\nExpect: 100-continue\r\n";
  for (const std::string& head : {unknown, old}) {
    const auto answer =
        loop_.await(talk(at_, head + "Connection: close\r\nContent-Length: 4\r\n\r\nping"));
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n")) << head;
  }
}

TEST_F(HttpPage, TheAnswerIsTheSameInWhateverPieces) {
  const auto dripping = [](endpoint to, std::string said) -> asio::awaitable<std::string> {
    tcp::socket socket = co_await connect(to);
    co_await write_bytewise(socket, said);
    boost::system::error_code ignored;
    socket.shutdown(tcp::socket::shutdown_send, ignored);
    co_return co_await read_all(socket);
  };
  EXPECT_THAT(loop_.await(dripping(at_, get("/"))), EndsWith("</html>\n"));
  const std::string twice = post("ping") + post("pong");
  EXPECT_EQ(loop_.await(dripping(at_, twice)), answer_to(twice));
}

TEST_F(HttpPage, StaysForMoreRequests) {
  const std::string several = post("one") + "\r\n" + get("/") + post("three") + get("/missing");
  const std::string answer = answer_to(several);
  EXPECT_EQ(count_of(answer, "HTTP/1.1 200 OK"), 3U);
  EXPECT_EQ(count_of(answer, "HTTP/1.1 404 Not Found"), 1U);
  EXPECT_THAT(answer, AllOf(HasSubstr("\r\n\r\noneHTTP"), HasSubstr("\r\n\r\nthreeHTTP")));
  EXPECT_THAT(answer, Not(HasSubstr("Connection:")));
  const auto greeted = server_.wait_for<events::greeted>();
  EXPECT_EQ(greeted.bytes, 8U) << "one event for the connection";
  EXPECT_THAT(server_.events_of<events::rejected>(), IsEmpty());
}

TEST_F(HttpPage, ClosesWhenItIsAskedTo) {
  // None of these says goodbye: the server has to.
  const struct {
    std::string said;
    const char* words;
  } table[] = {
      {get("/", "Connection: close\r\n"), "\r\nConnection: close\r\n"},
      {"GET / HTTP/1.0\r\n\r\n", "\r\nConnection: close\r\n"},
      {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n",
       "\r\nConnection: keep-alive\r\n"},
  };
  const stopwatch watch;
  for (const auto& row : table) {
    const std::string answer = loop_.await(talk(at_, row.said, false));
    EXPECT_THAT(answer, HasSubstr(row.words));
    EXPECT_THAT(answer, HasSubstr("\r\nConnection: close\r\n"));
  }
  EXPECT_LT(watch.elapsed(), 5s);
}

TEST_F(HttpPage, ServesSoManyRequestsAndThenTheNextVisitor) {
  std::string many;
  for (int i = 0; i < 600; ++i) many += post("x");
  const std::string answer = answer_to(many);
  EXPECT_EQ(count_of(answer, "HTTP/1.1 200 OK"), 500U);
  EXPECT_EQ(count_of(answer, "Connection: close"), 1U);
}

TEST_F(HttpPage, RefusesByTheRules) {
  const std::string long_value(6000, 'a');
  const struct {
    std::string said;
    const char* status;
    const char* header = "";
  } table[] = {
      {get("/x"), "404 Not Found"},
      {get("//"), "404 Not Found"},
      {get("/echo"), "405 Method Not Allowed", "\r\nAllow: POST\r\n"},
      {"DELETE / HTTP/1.1\r\nHost: x\r\n\r\n", "405 Method Not Allowed",
       "\r\nAllow: GET, HEAD\r\n"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab", "405 Method Not Allowed"},
      {"GET / HTTP/1.1\r\n\r\n", "400 Bad Request"},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", "400 Bad Request"},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400 Bad Request"},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", "400 Bad Request"},
      {"GET /\r\n\r\n", "400 Bad Request"},
      {"GET / HTTP/1.1\nHost: a\n\n", "400 Bad Request"},
      {"GET / HTTP/1.1\r\nHost : a\r\n\r\n", "400 Bad Request"},
      {"GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", "400 Bad Request"},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", "400 Bad Request"},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
       "400 Bad Request"},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
       "400 Bad Request"},
      {post(std::string(4097, 'x')), "413 Payload Too Large"},
      {"POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2000\r\n",
       "413 Payload Too Large"},
      {get("/" + std::string(9000, 'a')), "431 Request Header Fields Too Large"},
      {"GET /" + std::string(9000, 'a'), "431 Request Header Fields Too Large"},
      {get("/", "A: " + long_value + "\r\nB: " + long_value + "\r\n"),
       "431 Request Header Fields Too Large"},
  };
  std::size_t count = 0;
  for (const auto& row : table) {
    const std::string answer = answer_to(row.said);
    EXPECT_THAT(answer, StartsWith(fmt::format("HTTP/1.1 {}\r\n", row.status))) << row.said;
    EXPECT_THAT(answer, HasSubstr(row.header)) << row.said;
    EXPECT_EQ(body_of(answer), fmt::format("{}\n", row.status)) << row.said;
    const auto rejected = server_.wait_for<events::rejected>(++count);
    EXPECT_THAT(to_string(rejected.reason), HasSubstr(fmt::format("HTTP {:.3}", row.status)))
        << row.said;
  }
  EXPECT_THAT(server_.events_of<events::greeted>(), IsEmpty());
}

TEST_F(HttpPage, KnowsItsPathInEveryForm) {
  const char* const table[] = {"/?x=1", "http://x/", "http://x:1234", "HTTP://x?y"};
  for (const char* target : table) {
    EXPECT_THAT(answer_to(get(target)), StartsWith("HTTP/1.1 200 OK")) << target;
  }
}

TEST_F(HttpPage, RepeatsNothingOfARequestInAHead) {
  const std::string answer = answer_to(get("/x%0d%0aSet-Cookie:a", "Host2: <b>\r\n"));
  EXPECT_THAT(answer, Not(HasSubstr("Set-Cookie")));
  EXPECT_THAT(answer, Not(HasSubstr("<b>")));
}

TEST_F(HttpPage, EveryTruncatedRequestEndsQuietly) {
  const std::string whole = get("/", "Connection: close\r\n");
  std::vector<asio::awaitable<std::string>> visits;
  for (std::size_t length = 1; length < whole.size(); ++length) {
    visits.push_back(talk(at_, whole.substr(0, length)));
  }
  const std::size_t count = visits.size();
  for (const std::string& answer : loop_.await_all(std::move(visits))) EXPECT_EQ(answer, "");
  EXPECT_THAT(to_string(server_.wait_for<events::rejected>().reason), HasSubstr("closed after \""));
  const auto stopped = server_.stop();
  EXPECT_EQ(stopped.rejected, count);
  EXPECT_EQ(stopped.greeted, 0U);
}

TEST_F(HttpPage, WhatOnlyBeginsLikeHttpIsAStranger) {
  const char* const table[] = {"EHLO x\r\n", "GETX / HTTP/1.1\r\n", "get / HTTP/1.1\r\n",
                               "PRI * HTTP/2.0\r\n\r\n", "\r\nGET / HTTP/1.1\r\n\r\n"};
  std::size_t count = 0;
  for (const char* said : table) {
    EXPECT_EQ(answer_to(said), "") << said;
    EXPECT_THAT(to_string(server_.wait_for<events::rejected>(++count).reason),
                HasSubstr("unknown protocol"));
  }
}

TEST_F(HttpPage, SlowSendersAndIdleVisitorsAreClosedInTime) {
  const auto dripping = [](endpoint to) -> asio::awaitable<std::string> {
    tcp::socket socket = co_await connect(to);
    co_await write_bytewise(socket, "GET / HTTP/1.1\r\nHost: slow", 600ms);
    co_return co_await read_all(socket);
  };
  std::vector<asio::awaitable<std::string>> visits;
  visits.push_back(dripping(at_));
  visits.push_back(talk(at_, "GET / HTTP/1.1\r\nHost: x", false));
  visits.push_back(talk(at_, post("payload").substr(0, post("payload").size() - 1), false));
  visits.push_back(talk(at_, "GE", false));
  visits.push_back(talk(at_, post("payload"), false));
  const stopwatch watch;
  const auto answers = loop_.await_all(std::move(visits));
  EXPECT_GE(watch.elapsed(), 9s);
  EXPECT_LT(watch.elapsed(), 20s);
  for (const std::size_t slow : {0U, 1U, 2U}) {
    EXPECT_THAT(answers.at(slow), StartsWith("HTTP/1.1 408 Request Timeout\r\n")) << slow;
  }
  EXPECT_EQ(answers.at(3), "");
  EXPECT_THAT(answers.at(4), EndsWith("\r\n\r\npayload")) << "nothing follows an answer";
  EXPECT_THAT(server_.wait_for<events::greeted>().spoken, dialect::http);
  server_.wait_for<events::rejected>(4);
}

TEST(HttpPageOnce, APageIsAVisit) {
  loop events_loop;
  serve_options options;
  options.once = true;
  running_server server(events_loop, options);
  events_loop.await(talk(server.ipv4(), get("/", "Connection: close\r\n")));
  EXPECT_EQ(server.wait()->greeted, 1U);
}

}  // namespace http_page_test
}  // namespace natcheck::serving
